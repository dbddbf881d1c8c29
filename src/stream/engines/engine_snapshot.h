#pragma once
// An engine's state in a file, for the engine of the same name that comes after it (docs/formats/engine_snapshot.md).

#include <optional>
#include <string>
#include <vector>

#include "data/table.h"
#include "data/value.h"
#include "io/file_system.h"

namespace pelorus::stream {

/// Where an engine keeps its snapshots and how often it makes one.
struct SnapshotTerms {
  io::FileSystem* files = nullptr;  // null: none are made
  std::string folder;               // exists; several engines may share it
  int64_t interval = 0;             // rows taken in between two snapshots
};

struct EngineSnapshot {
  std::string made_by;      // what the state only fits: kind, columns, keys, metrics
  int64_t message_id = -1;  // of the last row it covers
  int64_t rows_in = 0;
  int64_t rows_out = 0;
  data::Value state;
};

/// Replaces the engine's snapshot; a power cut leaves the old or the new one.
Status write_snapshot(const SnapshotTerms& terms, const std::string& engine, const EngineSnapshot& snapshot);
/// Nothing when there is none. kCorrupt naming the file when it is damaged.
Result<std::optional<EngineSnapshot>> read_snapshot(const SnapshotTerms& terms, const std::string& engine);

/// The parts of a state in a row, to be read back in the same order.
class StateWriter {
 public:
  void add(int64_t number) { parts_.push_back(data::Value::of_long(number)); }
  /// Any bytes.
  void add_bytes(const std::vector<std::string>& texts);
  void add(const std::vector<int64_t>& numbers);
  /// One without columns is remembered as such.
  void add(const data::Table& table);
  void add(const data::Vector& column);
  data::Value take() { return data::Vector::tuple(std::move(parts_)); }

 private:
  std::vector<data::Value> parts_;
};

/// ScriptError where the parts are not what was asked for.
class StateReader {
 public:
  explicit StateReader(const data::Value& state);
  int64_t number();
  std::vector<std::string> bytes();
  std::vector<int64_t> numbers();
  data::Table table();
  data::Vector column();

 private:
  const data::Value& next();

  data::Value state_;
  size_t at_ = 0;
};

}  // namespace pelorus::stream
