#include "raft/internal/replay.h"

namespace pelorus::raft {

namespace {

Status continues(const Entry& entry, const Uuid& group, LogPlace place) {
  const auto corrupt = [](std::string message) { return Error{ErrorCode::kCorrupt, std::move(message)}; };
  if (entry.group != group) {
    return corrupt("log entry belongs to another group: " + entry.group.to_string() + ", not " + group.to_string());
  }
  if (entry.before.command_count != place.command_count) {
    return corrupt("log has a gap: command " + std::to_string(place.command_count + 1) + " was expected, " +
                   std::to_string(entry.before.command_count + 1) + " found; rejoin as a new member");
  }
  if (entry.before.link != place.link) {
    return corrupt("log differs from the leader's before command " + std::to_string(place.command_count + 1) +
                   "; rejoin as a new member");
  }
  return {};
}

}  // namespace

Status Replay::apply(const Entry& entry, std::vector<Bytes>* results) {
  TRY_DONE(continues(entry, group_, place_));
  auto index = place_.command_count;
  for (const auto command : entry.commands) {
    auto result = machine_.apply(++index, command);
    if (results != nullptr) results->push_back(std::move(result));
  }
  place_ = entry.after;
  return {};
}

Bytes Replay::snapshot() const { return encode_snapshot(group_, place_, machine_.snapshot()); }

Status Replay::restore(std::string_view snapshot) {
  TRY(const auto content, decode_snapshot(snapshot));
  if (content.group != group_)
    return Error{ErrorCode::kCorrupt, "snapshot belongs to another group: " + content.group.to_string()};
  TRY_DONE(machine_.restore(content.state));
  place_ = content.at;
  return {};
}

Status LoadCheck::snapshot(uint64_t index, std::string_view bytes) {
  snapshot_index_ = index;
  if (index == 0) {
    place_ = LogPlace{};
    return {};
  }
  TRY(const auto content, decode_snapshot(bytes));
  if (content.group != group_)
    return Error{ErrorCode::kCorrupt, "snapshot belongs to another group: " + content.group.to_string()};
  snapshot_place_ = content.at;
  return {};
}

Status LoadCheck::command(uint64_t index, std::string_view bytes) {
  TRY(const auto entry, decode_entry(bytes));
  // Entries at and before the snapshot are kept for members a little late; the first behind it must continue it.
  const bool is_first_behind = snapshot_index_ != 0 && index > snapshot_index_ &&
                               (!place_ || place_->command_count <= snapshot_place_.command_count);
  const auto expected = is_first_behind ? snapshot_place_ : place_.value_or(entry.before);
  TRY_DONE(continues(entry, group_, expected));
  place_ = entry.after;
  return {};
}

}  // namespace pelorus::raft
