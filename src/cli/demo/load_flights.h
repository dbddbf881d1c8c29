#pragma once
// The demo's table: made, filled and asked.

#include "cli/demo/flights.h"
#include "cli/terminal.h"
#include "client/failover.h"

namespace pelorus::cli {

/// dfs://flights with one partition a month, and the table flights in it.
Status make_flight_table(client::FailoverConnection& nodes);

/// Inserts all blocks, at most `rows_max` rows, showing rows and rows/s on `terminal`; returns the rows the server
/// took. Errors: of the source and of the insert; kCancelled.
Result<int64_t> load_flights(FlightSource& source, int64_t rows_max, client::FailoverConnection& nodes,
                             Interrupt& interrupt, Terminal& terminal);

/// Five queries with their answers and times. Errors: the first that fails.
Status ask_flights(client::FailoverConnection& nodes, Terminal& terminal);

inline constexpr const char* kCountFlights = "exec count(*) from loadTable(\"dfs://flights\", \"flights\")";

}  // namespace pelorus::cli
