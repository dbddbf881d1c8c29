#include "meta/chunk_locks.h"

namespace pelorus::meta {
namespace {

/// Errors cross nodes as a code and a text: the number by which users know this one tells it from other conflicts.
constexpr std::string_view kWriteConflict = " RefId: S00002";

}  // namespace

Error lock_conflict(const State& state, const Chunk& chunk) {
  std::string text = "<ChunkInTransaction>The chunk " + chunk_path(state, chunk) + " is in transaction " +
                     std::to_string(chunk.locked_by.value);
  const auto* holder = state.find_transaction(chunk.locked_by);
  if (holder != nullptr && holder->type == TransactionType::kRecover) {
    text += ", which brings a replica up to date; that ends by itself.";
  } else {
    text += " of another writer; write again when that has ended.";
    text += kWriteConflict;
  }
  return {ErrorCode::kConflict, std::move(text)};
}

bool is_write_conflict(const Error& error) {
  return error.code == ErrorCode::kConflict && error.message.find(kWriteConflict) != std::string::npos;
}

}  // namespace pelorus::meta
