#include "cli/demo/flights.h"

#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>

namespace pelorus::cli {
namespace {

namespace fs = std::filesystem;
using data::Buffer;
using data::Shared;
using data::SymbolBase;
using data::Table;
using data::Vector;
using types::Type;

constexpr uint32_t kBlockRowsMax = 4 << 20;
constexpr uint32_t kNamesMax = 100'000;
constexpr size_t kNameBytesMax = 64;
constexpr auto kInstallLimit = std::chrono::seconds(60);

Error cut_off() { return {ErrorCode::kCorrupt, "The stream of flights ended in the middle of a block."}; }

/// False at the end of the stream before the first byte. Errors: kCorrupt at an end in the middle.
Result<bool> read_fully(int file, void* into, size_t bytes) {
  size_t have = 0;
  while (have < bytes) {
    const ssize_t count = read(file, static_cast<char*>(into) + have, bytes - have);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error{ErrorCode::kIo, std::string("The stream of flights broke: ") + std::strerror(errno)};
    if (count == 0 && have == 0) return false;
    if (count == 0) return cut_off();
    have += static_cast<size_t>(count);
  }
  return true;
}

template <class T>
Result<Buffer<T>> read_column(int file, uint32_t rows) {
  Buffer<T> values(rows);
  TRY(const bool there, read_fully(file, values.data(), rows * sizeof(T)));
  if (!there && rows > 0) return cut_off();
  return values;
}

Result<Vector> read_symbols(int file, uint32_t rows) {
  uint32_t names = 0;
  TRY(const bool there, read_fully(file, &names, sizeof names));
  if (!there) return cut_off();
  if (names > kNamesMax) return Error{ErrorCode::kCorrupt, "The stream of flights names too many airports."};
  auto base = std::make_shared<SymbolBase>();
  std::vector<int32_t> codes;
  for (uint32_t i = 0; i < names; ++i) {
    std::string name;
    for (char letter = 1; letter != '\0';) {
      TRY(const bool more, read_fully(file, &letter, 1));
      if (!more || name.size() > kNameBytesMax) return cut_off();
      if (letter != '\0') name.push_back(letter);
    }
    codes.push_back(base->code_of(name));
  }
  TRY(auto column, read_column<int32_t>(file, rows));
  for (auto& code : column) {
    if (code < 0 || static_cast<uint32_t>(code) >= names) {
      return Error{ErrorCode::kCorrupt, "The stream of flights holds a code without a name."};
    }
    code = codes[static_cast<size_t>(code)];
  }
  return Vector::of_symbols(std::move(base), std::move(column));
}

Table table_of(Buffer<int64_t> dates, Buffer<int32_t> delays, Buffer<int32_t> distances, Vector origins,
               Vector destinations) {
  std::vector<Shared<Vector>> columns;
  columns.emplace_back(Vector::adopt(Type::kTimestamp, std::move(dates)));
  columns.emplace_back(Vector::adopt(Type::kInt, std::move(delays)));
  columns.emplace_back(Vector::adopt(Type::kInt, std::move(distances)));
  columns.emplace_back(std::move(origins));
  columns.emplace_back(std::move(destinations));
  return Table({"date", "delay", "distance", "origin", "destination"}, std::move(columns));
}

constexpr const char* kAirports[] = {"ATL", "BOS", "BWI", "CLT", "DEN", "DFW", "DTW", "EWR", "IAH", "JFK",
                                     "LAS", "LAX", "LGA", "MCO", "MDW", "MIA", "MSP", "OAK", "ORD", "PDX",
                                     "PHL", "PHX", "SAN", "SEA", "SFO", "SJC", "SLC", "STL", "TPA"};
constexpr size_t kAirportCount = std::size(kAirports);

}  // namespace

Result<std::optional<Table>> StreamedFlights::next() {
  uint32_t rows = 0;
  TRY(const bool there, read_fully(file_, &rows, sizeof rows));
  if (!there) {
    if (!reader_) return std::optional<Table>();
    TRY(const int status, reader_->wait(std::chrono::seconds(10), nullptr));
    if (status != 0) return Error{ErrorCode::kIo, "The reader of flights ended with status " + std::to_string(status)};
    return std::optional<Table>();
  }
  if (rows > kBlockRowsMax) return Error{ErrorCode::kCorrupt, "The stream of flights holds too large a block."};
  TRY(auto dates, read_column<int64_t>(file_, rows));
  TRY(auto delays, read_column<int32_t>(file_, rows));
  TRY(auto distances, read_column<int32_t>(file_, rows));
  TRY(auto origins, read_symbols(file_, rows));
  TRY(auto destinations, read_symbols(file_, rows));
  return std::optional(
      table_of(std::move(dates), std::move(delays), std::move(distances), std::move(origins), std::move(destinations)));
}

Result<std::optional<Table>> GeneratedFlights::next() {
  constexpr int64_t kBlockRows = 250'000;
  constexpr int64_t kFirst = 978'307'200'000;          // 2001.01.01, ms
  constexpr int64_t kSpan = 181LL * 24 * 3600 * 1000;  // to 2001.07.01
  const int64_t count = std::min(kBlockRows, rows_ - done_);
  if (count <= 0) return std::optional<Table>();
  std::mt19937_64 random(static_cast<uint64_t>(done_) + 1);
  auto base = std::make_shared<SymbolBase>();
  for (const auto* airport : kAirports) base->code_of(airport);
  Buffer<int64_t> dates;
  Buffer<int32_t> delays, distances, origins, destinations;
  for (int64_t i = 0; i < count; ++i) {
    dates.push_back(kFirst + (done_ + i) * kSpan / rows_ / 60'000 * 60'000);
    const auto from = random() % kAirportCount;
    const auto to = (from + 1 + random() % (kAirportCount - 1)) % kAirportCount;
    // Most are a little early, few are very late: a falling exponential.
    const double lot = static_cast<double>(random() % 1'000'000 + 1) / 1'000'001;
    delays.push_back(static_cast<int32_t>(-15 - 22 * std::log(lot)));
    distances.push_back(static_cast<int32_t>(150 + (std::max(from, to) * 677 + std::min(from, to) * 131) % 2500));
    origins.push_back(static_cast<int32_t>(from) + 1);
    destinations.push_back(static_cast<int32_t>(to) + 1);
  }
  done_ += count;
  return std::optional(table_of(std::move(dates), std::move(delays), std::move(distances),
                                Vector::of_symbols(base, std::move(origins)),
                                Vector::of_symbols(base, std::move(destinations))));
}

fs::path flight_cache() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return fs::path(cache) / "pelorus/flights";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home == '/') return fs::path(home) / ".cache/pelorus/flights";
  return "/tmp/pelorus-flights-" + std::to_string(getuid());
}

Result<std::unique_ptr<FlightSource>> open_real_flights(const fs::path& script, const fs::path& cache,
                                                        Interrupt& interrupt) {
  std::error_code failure;
  fs::create_directories(cache, failure);
  // Imports are found from where the script lies.
  fs::copy_file(script, cache / "read_flights.mjs", fs::copy_options::overwrite_existing, failure);
  if (failure) return Error{ErrorCode::kUnavailable, script.string() + ": " + failure.message()};
  const auto log = cache / "npm.log";
  if (!fs::exists(cache / "node_modules/vega-datasets/data/flights-3m.parquet") ||
      !fs::exists(cache / "node_modules/hyparquet-compressors/package.json")) {
    TRY_DONE(run_program({{"npm", "install", "--prefix", ".", "--no-audit", "--no-fund", "--ignore-scripts",
                           "vega-datasets@3", "hyparquet@1", "hyparquet-compressors@1"},
                          log,
                          cache},
                         kInstallLimit, &interrupt));
  }
  TRY(auto reader, ChildProcess::start({{"node", "read_flights.mjs"}, log, cache}, true));
  return std::unique_ptr<FlightSource>(std::make_unique<StreamedFlights>(std::move(reader)));
}

}  // namespace pelorus::cli
