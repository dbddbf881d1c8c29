#include "stream/ha/group_machine.h"

#include "base/script_error.h"
#include "stream/engines/engine_snapshot.h"
#include "wire/decode.h"
#include "wire/encode.h"

namespace pelorus::stream {

using data::Table;
using data::Value;

namespace {

constexpr int64_t kMarkMs = 60'000;
constexpr int64_t kFormat = 1;

}  // namespace

Bytes GroupMachine::apply(uint64_t index, std::string_view bytes) {
  const auto command = decode_command(bytes);
  if (!command.ok()) return encode_outcome(command.error());
  return encode_outcome(carry_out(*command, static_cast<int64_t>(index), static_cast<int64_t>(bytes.size())));
}

Result<int64_t> GroupMachine::carry_out(const GroupCommand& command, int64_t index, int64_t bytes) {
  switch (command.kind) {
    case GroupCommand::Kind::kCreate: return create(command, index);
    case GroupCommand::Kind::kAppend: return append(command, bytes);
    case GroupCommand::Kind::kDrop: break;
  }
  const auto found = tables_.find(command.table);
  if (found == tables_.end())
    return Error{ErrorCode::kNotFound, "There is no highly available stream table " + command.table + "."};
  for (const auto& mark : found->second.marks) bytes_ -= mark.bytes;
  {
    const std::lock_guard lock(mutex_);
    tables_.erase(found);
  }
  changed_(command.table, nullptr);
  return 0;
}

Result<int64_t> GroupMachine::create(const GroupCommand& command, int64_t index) {
  if (tables_.contains(command.table))
    return Error{ErrorCode::kAlreadyExists,
                 "The highly available stream table " + command.table + " exists already; see dropStreamTable."};
  Kept kept{.table = std::make_shared<StreamTable>(Table(command.rows.schema()), command.keys),
            .keys = command.keys,
            .retention_minutes = command.retention_minutes,
            .made_by = index,
            .marks = {}};
  const auto table = kept.table;
  {
    const std::lock_guard lock(mutex_);
    tables_.emplace(command.table, std::move(kept));
  }
  changed_(command.table, table);
  return 0;
}

Result<int64_t> GroupMachine::append(const GroupCommand& command, int64_t bytes) {
  if (const auto known = requests_.find(command.request); known != requests_.end()) return known->second;
  const auto found = tables_.find(command.table);
  if (found == tables_.end())
    return Error{ErrorCode::kNotFound, "There is no highly available stream table " + command.table + "."};
  Kept& kept = found->second;
  drop_expired(kept, command.time_ms);
  if (bytes_ + bytes > kBytesMax)
    return Error{ErrorCode::kLimit, "The stream group holds " + std::to_string(kBytesMax >> 20) +
                                        " MiB of rows, which is all it may: give its tables a shorter "
                                        "retentionMinutes, or drop some."};
  const int64_t first_row = kept.table->rows();
  TRY(const int64_t added, kept.table->append(command.rows));
  if (added > 0) {
    if (kept.marks.empty() || command.time_ms >= kept.marks.back().time_ms + kMarkMs)
      kept.marks.push_back({.first_row = first_row, .time_ms = command.time_ms, .bytes = 0});
    kept.marks.back().bytes += bytes;
    bytes_ += bytes;
  }
  remember(command.request, added);
  return added;
}

void GroupMachine::drop_expired(Kept& kept, int64_t now_ms) {
  const int64_t oldest = now_ms - kept.retention_minutes * kMarkMs;
  // Rows of a mark came until the next one began.
  size_t expired = 0;
  while (expired + 1 < kept.marks.size() && kept.marks[expired + 1].time_ms < oldest) ++expired;
  if (expired == 0) return;
  for (size_t i = 0; i < expired; ++i) bytes_ -= kept.marks[i].bytes;
  kept.marks.erase(kept.marks.begin(), kept.marks.begin() + static_cast<std::ptrdiff_t>(expired));
  kept.table->drop_before(kept.marks.front().first_row);
}

void GroupMachine::remember(const std::string& request, int64_t rows) {
  requests_.insert_or_assign(request, rows);
  requests_in_order_.push_back(request);
  if (requests_in_order_.size() <= kRequestsKept) return;
  requests_.erase(requests_in_order_.front());
  requests_in_order_.pop_front();
}

Bytes GroupMachine::snapshot() {
  StateWriter state;
  state.add(kFormat);
  state.add_bytes({requests_in_order_.begin(), requests_in_order_.end()});
  std::vector<int64_t> counts;
  for (const auto& request : requests_in_order_) counts.push_back(requests_.at(request));
  state.add(counts);
  state.add_bytes(names());
  for (const auto& [name, kept] : tables_) {
    std::vector<int64_t> marks;
    for (const auto& mark : kept.marks) marks.insert(marks.end(), {mark.first_row, mark.time_ms, mark.bytes});
    state.add_bytes(kept.keys);
    state.add(std::vector<int64_t>{kept.retention_minutes, kept.table->first_row(), kept.made_by});
    state.add(marks);
    state.add(kept.table->read(0, INT64_MAX));
  }
  wire::Chain chain;
  const auto done = wire::encode(state.take(), chain);
  // Rows that came through the log as commands go out again; there are fewer than a vector may have.
  return done.ok() ? Bytes(chain.flatten()) : Bytes();
}

Status GroupMachine::restore(std::string_view snapshot) {
  TRY(const Value state, wire::decode(snapshot));
  try {
    return restore_state(state);
  } catch (const ScriptError& error) {
    return Error{ErrorCode::kCorrupt, "the snapshot of a stream group: " + error.message()};
  }
}

Status GroupMachine::take_over(const std::string& name, const Table& rows, int64_t first_row, Tables* before,
                               Kept* kept) {
  const auto known = before->find(name);
  const bool is_same = known != before->end() && known->second.made_by == kept->made_by;
  const int64_t end = first_row + static_cast<int64_t>(rows.rows());
  const int64_t here = is_same ? known->second.table->rows() : 0;
  if (!is_same || here < first_row || here > end) {
    kept->table = std::make_shared<StreamTable>(rows, kept->keys, first_row);
    return {};
  }
  kept->table = known->second.table;
  before->erase(known);
  kept->table->drop_before(first_row);
  TRY_DONE(kept->table->append(rows.slice(static_cast<size_t>(here - first_row), static_cast<size_t>(end - here))));
  return {};
}

Status GroupMachine::restore_state(const Value& value) {
  const Error damaged{ErrorCode::kCorrupt, "the snapshot of a stream group makes no sense"};
  StateReader state(value);
  if (state.number() != kFormat)
    return Error{ErrorCode::kInvalid, "the snapshot of the stream group is of a newer program"};
  Tables before;
  {
    const std::lock_guard lock(mutex_);
    before.swap(tables_);
  }
  requests_.clear();
  requests_in_order_.clear();
  bytes_ = 0;
  const auto requests = state.bytes();
  const auto counts = state.numbers();
  if (requests.size() != counts.size()) return damaged;
  for (size_t i = 0; i < requests.size(); ++i) remember(requests[i], counts[i]);
  for (const auto& name : state.bytes()) {
    Kept kept;
    kept.keys = state.bytes();
    const auto numbers = state.numbers();
    const auto marks = state.numbers();
    const Table rows = state.table();
    constexpr size_t kNumbers = 3, kNumbersOfMark = 3;
    if (numbers.size() != kNumbers || marks.size() % kNumbersOfMark != 0 || rows.columns() == 0) return damaged;
    kept.retention_minutes = numbers[0];
    kept.made_by = numbers[2];
    for (size_t i = 0; i < marks.size(); i += kNumbersOfMark) {
      kept.marks.push_back({.first_row = marks[i], .time_ms = marks[i + 1], .bytes = marks[i + 2]});
      bytes_ += marks[i + 2];
    }
    TRY_DONE(take_over(name, rows, numbers[1], &before, &kept));
    const auto table = kept.table;
    {
      const std::lock_guard lock(mutex_);
      tables_.emplace(name, std::move(kept));
    }
    changed_(name, table);
  }
  for (const auto& [name, kept] : before) {
    if (!tables_.contains(name)) changed_(name, nullptr);
  }
  return {};
}

void GroupMachine::leadership_changed(bool leads, uint64_t) {
  if (leadership_changed_) leadership_changed_(leads);
}

std::shared_ptr<StreamTable> GroupMachine::find(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = tables_.find(name);
  return found == tables_.end() ? nullptr : found->second.table;
}

std::vector<std::string> GroupMachine::names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, kept] : tables_) names.push_back(name);
  return names;
}

}  // namespace pelorus::stream
