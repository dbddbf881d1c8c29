#pragma once
// Metrics without calls of script functions.

#include "exec/evaluator.h"
#include "stream/engines/metrics.h"

namespace pelorus::stream {

/// Nodes of one metric after its functions were written out.
inline constexpr size_t kMetricNodesMax = 200'000;

/// The metric as one expression: locals its code carries become values, method calls plain calls, and a call of a
/// script function whose body is assignments and a return becomes what that computes. Other functions stay calls.
/// ScriptError when it grows too long.
syntax::ExprRef inlined(const Metric& metric, exec::Evaluator& evaluator);

}  // namespace pelorus::stream
