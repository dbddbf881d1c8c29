#pragma once
// Arguments that functions which make engines have in common.

#include "functions/arguments.h"
#include "stream/engines/cross_sectional_engine.h"
#include "stream/engines/time_series_engine.h"
#include "stream/functions.h"

namespace pelorus::stream {

/// Neither left out nor null.
inline bool is_given(const functions::Arguments& a, size_t i) { return a.has(i) && !a[i].is_void(); }
/// metrics: one CODE or a tuple of them.
std::vector<data::Value> metric_codes(const data::Value& metrics);
/// Refuses what an option asks for beyond its default.
void refuse_option(const functions::Arguments& a, size_t i, std::string_view parameter);
/// 'none', 'null', 'ffill' or values for the metrics. VOID: none.
void set_fill(const functions::Arguments& a, const data::Value& fill, WindowTerms* windows);
/// triggeringPattern and triggeringInterval.
CrossSectionTerms cross_section_terms(const functions::Arguments& a, size_t pattern_at, size_t interval_at);
/// snapshotDir and snapshotIntervalInMsgCount: both or none. The directory must exist; guests have none.
SnapshotTerms snapshot_terms(const functions::Arguments& a, functions::CallContext& context,
                             const StreamServices& services, size_t folder_at);
/// Puts an engine on the board, with the state its snapshot holds.
data::Value added(StreamServices& services, std::shared_ptr<Engine> engine);
/// Columns of a table value. ScriptError when it is none.
data::Schema schema_argument(const functions::Arguments& a, size_t i, std::string_view parameter);

}  // namespace pelorus::stream
