#include "controller/metadata_machine.h"

#include "base/log.h"

namespace pelorus::controller {

Bytes MetadataMachine::apply(uint64_t, std::string_view bytes) {
  const auto command = meta::decode_command(bytes);
  // Skipping it would make this member differ from those that know it.
  CHECK_WITH(command.ok(), "the metadata log holds a command this build does not know; upgrade this controller: " +
                               (command.ok() ? "" : command.error().message));
  applied_.fetch_add(1, std::memory_order_relaxed);
  const std::unique_lock lock(mutex_);
  const meta::ChunkChanges::Expected expected(state_, *command);
  auto outcome = meta::apply(state_, *command);
  if (outcome.ok()) changes_.note(state_, expected);
  if (const auto able = check_runs_at(build_, state_.level); !able.ok()) {
    log_error(able.error().message);
    CHECK_WITH(false, able.error().message);
  }
  return encode(outcome);
}

Bytes MetadataMachine::snapshot() {
  const std::shared_lock lock(mutex_);
  return meta::write_snapshot(state_);
}

Status MetadataMachine::restore(std::string_view snapshot) {
  TRY(auto state, meta::read_snapshot(snapshot));
  TRY_DONE(check_runs_at(build_, state.level));
  const std::unique_lock lock(mutex_);
  state_ = std::move(state);
  changes_.note_all();
  return {};
}

void MetadataMachine::clear() {
  const std::unique_lock lock(mutex_);
  state_ = {};
  changes_.note_all();
}

void MetadataMachine::leadership_changed(bool leads, uint64_t term) {
  term_.store(term, std::memory_order_release);
  leads_.store(leads, std::memory_order_release);
}

}  // namespace pelorus::controller
