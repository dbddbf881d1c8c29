#pragma once
// Labelled values brought together before they are computed with.

#include <utility>

#include "functions/call_context.h"

namespace pelorus::functions {

bool is_indexed(const data::Value& value);
/// Where both are indexed series or matrices, both over the labels of either, with nulls where one has none; else as
/// they are.
std::pair<data::Value, data::Value> over_same_labels(CallContext& context, const data::Value& x, const data::Value& y);

}  // namespace pelorus::functions
