#pragma once
// The demo's table: made, filled and asked.

#include "cli/demo/flights.h"
#include "cli/terminal.h"
#include "client/failover.h"

namespace pelorus::cli {

/// dfs://flights with one partition a month, and the table flights in it.
Status make_flight_table(client::FailoverConnection& nodes);

/// Inserts all blocks, at most `rows_max` rows, showing rows and rows/s on `terminal`; `loaded` is what the nodes took,
/// also after an error. Errors: of the source and of the insert; kCancelled.
Status load_flights(FlightSource& source, int64_t rows_max, client::FailoverConnection& nodes, Interrupt& interrupt,
                    Terminal& terminal, int64_t& loaded);

/// Five queries with their answers and times; a failed one is shown and the rest are asked. Errors: kScript when any
/// failed.
Status ask_flights(client::FailoverConnection& nodes, Terminal& terminal);

inline constexpr const char* kCountFlights = "exec count(*) from loadTable(\"dfs://flights\", \"flights\")";

}  // namespace pelorus::cli
