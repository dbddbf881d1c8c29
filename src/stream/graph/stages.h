#pragma once
// Places that the rows of a running graph go through between its tables and engines. What is appended to a stage goes
// on at once, on the caller's thread; rows are taken by position.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "exec/worker_session.h"
#include "data/table.h"

namespace pelorus::stream {

/// Open once the graph's engines have seen what they had seen before a restart: until then nothing leaves the graph.
using Gate = std::shared_ptr<const std::atomic<bool>>;

/// To nowhere.
data::TableRef discarding_stage(data::Schema schema);
/// To all of them, in order; the first error ends it.
data::TableRef forking_stage(data::Schema schema, std::vector<data::TableRef> outputs);
/// To `output` while the gate is open, else nowhere.
data::TableRef gated_stage(Gate gate, data::TableRef output);
/// Each row to the lane that the hash of its column says, the lanes at the same time; rows whose column is null
/// nowhere.
data::TableRef splitting_stage(data::Schema schema, size_t column, std::vector<data::TableRef> lanes);
/// The rows a function of one argument makes of the rows: a table or a dictionary of columns; nothing goes on where it
/// gives nothing. `what` names it in errors.
data::TableRef mapping_stage(std::string what, data::Schema schema, data::Value function,
                             std::unique_ptr<exec::WorkerSession> session, data::TableRef output);
/// Calls a function with the rows.
data::TableRef calling_stage(std::string what, data::Schema schema, data::Value function,
                             std::unique_ptr<exec::WorkerSession> session);

}  // namespace pelorus::stream
