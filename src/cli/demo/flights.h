#pragma once
// Rows for the demo's table: date TIMESTAMP, delay INT (minutes), distance INT (miles), origin SYMBOL, destination
// SYMBOL.

#include <memory>
#include <optional>

#include "cli/process/child_process.h"
#include "data/table.h"

namespace pelorus::cli {

/// Blocks of flights, in order of time.
class FlightSource {
 public:
  virtual ~FlightSource() = default;
  /// Nothing at the end. Errors: kCorrupt, kIo.
  virtual Result<std::optional<data::Table>> next() = 0;
};

/// What packaging/demo/read_flights.mjs writes, from a descriptor; the process is ended with the source.
/// Per block, little-endian: u32 rows; rows × i64 ms since 1970, i32 delay, i32 distance; then twice (origin,
/// destination) u32 names, that many zero-ended texts, rows × i32 codes.
class StreamedFlights final : public FlightSource {
 public:
  explicit StreamedFlights(ChildProcess reader) : reader_(std::move(reader)), file_(reader_->output()) {}
  /// For tests: the descriptor stays the caller's.
  explicit StreamedFlights(int file) : file_(file) {}
  Result<std::optional<data::Table>> next() override;

 private:
  std::optional<ChildProcess> reader_;
  const int file_;
};

/// Invented flights of the same shape, the same ones each time.
class GeneratedFlights final : public FlightSource {
 public:
  explicit GeneratedFlights(int64_t rows) : rows_(rows) {}
  Result<std::optional<data::Table>> next() override;

 private:
  const int64_t rows_;
  int64_t done_ = 0;
};

/// Where the reader's packages are kept between demos: $XDG_CACHE_HOME/pelorus/flights, ~/.cache/… or /tmp/….
std::filesystem::path flight_cache();
/// Installs the data set and its reader from the npm registry unless they are in `cache`, and starts reading.
/// Errors: kUnavailable, kTimeout (60 s), kCancelled: take GeneratedFlights.
Result<std::unique_ptr<FlightSource>> open_real_flights(const std::filesystem::path& script,
                                                        const std::filesystem::path& cache, Interrupt& interrupt);

}  // namespace pelorus::cli
