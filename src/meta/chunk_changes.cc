#include "meta/chunk_changes.h"

namespace pelorus::meta {
namespace {

/// Commands that leave databases, tables and chunks as they are.
template <class T>
constexpr bool touches_no_chunk() {
  return std::is_same_v<T, CompleteTransactions> || std::is_same_v<T, CreateUser> || std::is_same_v<T, DeleteUser> ||
         std::is_same_v<T, SetPassword> || std::is_same_v<T, LockUser> || std::is_same_v<T, CreateGroup> ||
         std::is_same_v<T, DeleteGroup> || std::is_same_v<T, ChangeMembership> || std::is_same_v<T, ChangeGrants> ||
         std::is_same_v<T, PutFunctionView> || std::is_same_v<T, DropFunctionView> || std::is_same_v<T, PutRecord> ||
         std::is_same_v<T, PutConfiguration> || std::is_same_v<T, NoteImport>;
}

}  // namespace

ChunkChanges::Expected::Expected(const State& state, const Command& command)
    : catalogue_revision_(state.catalogue_revision) {
  const auto touch = [&](ChunkId id) {
    if (const auto* chunk = state.find_chunk(id)) chunks_.emplace_back(chunk->table, id);
  };
  std::visit(
      [&]<class T>(const T& one) {
        if constexpr (std::is_same_v<T, BeginTransaction>) {
          touch(one.recover);
          for (const auto& request : one.chunks) keys_.emplace_back(request.table, request.key);
        } else if constexpr (std::is_same_v<T, Decide>) {
          const auto* transaction = state.find_transaction(one.transaction);
          if (transaction == nullptr || transaction->is_decided()) return;
          for (const auto& part : transaction->chunks) touch(part.chunk);
        } else if constexpr (std::is_same_v<T, ChangeReplicas>) {
          for (const auto& change : one.changes) touch(change.chunk);
        } else if constexpr (std::is_same_v<T, ForceVersion>) {
          touch(one.chunk);
        } else {
          all_ = !touches_no_chunk<T>();
        }
      },
      command);
}

void ChunkChanges::note(const State& state, const Expected& expected) {
  // A commit adds values to a scheme: every table of the database has another one then.
  if (expected.all_ || state.catalogue_revision != expected.catalogue_revision_) return note_all();
  for (const auto& [table, chunk] : expected.chunks_) add(table, chunk);
  for (const auto& [id, key] : expected.keys_) {
    const auto* table = state.find_table(id);
    if (table == nullptr) continue;
    if (const auto chunk = table->chunks.find(key); chunk != table->chunks.end()) add(id, chunk->second);
  }
}

void ChunkChanges::note_all() {
  first_ = number() + 1;
  kept_.clear();
}

void ChunkChanges::add(TableId table, ChunkId chunk) {
  kept_.emplace_back(table, chunk);
  if (kept_.size() <= kKept) return;
  kept_.pop_front();
  ++first_;
}

std::optional<std::set<ChunkId>> ChunkChanges::since(TableId table, uint64_t number) const {
  if (number < first_ || number > this->number()) return std::nullopt;
  std::set<ChunkId> touched;
  for (size_t i = number - first_; i < kept_.size(); ++i) {
    if (kept_[i].first == table) touched.insert(kept_[i].second);
  }
  return touched;
}

}  // namespace pelorus::meta
