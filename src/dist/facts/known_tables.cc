#include "dist/facts/known_tables.h"

#include <algorithm>

namespace pelorus::dist {
namespace {

using meta::TableFacts;

void apply(const TableFacts& change, TableFacts& facts) {
  for (const auto id : change.gone) {
    const auto chunk = facts.chunks.find(id);
    if (chunk == facts.chunks.end()) continue;
    const auto named = facts.table.chunks.find(chunk->second.key);
    if (named != facts.table.chunks.end() && named->second == id) facts.table.chunks.erase(named);
    facts.chunks.erase(chunk);
  }
  for (const auto& [id, chunk] : change.chunks) {
    facts.table.chunks.insert_or_assign(chunk.key, id);
    facts.chunks.insert_or_assign(id, chunk);
  }
  facts.catalogue_revision = change.catalogue_revision;
  facts.number = change.number;
}

}  // namespace

FactsRef KnownTables::lend(const std::shared_ptr<Lent>& lent) {
  lent->readers.fetch_add(1, std::memory_order_relaxed);
  return {&lent->facts, [lent](const TableFacts*) { lent->readers.fetch_sub(1, std::memory_order_release); }};
}

Result<FactsRef> KnownTables::get(const std::string& database, const std::string& table) {
  const Name name(database, table);
  meta::TableFactsRequest request{.database = database, .table = table};
  FactsRef before;
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = known_.find(name); known != known_.end()) {
      before = lend(known->second.lent);
      request.source = before->source;
      request.since = known->second.number;
    }
  }
  auto heard = ask_(request);
  if (!heard.ok()) {
    const std::lock_guard lock(mutex_);
    if (heard.error().code == ErrorCode::kNotFound) known_.erase(name);
    return heard.error();
  }
  if (!heard->is_change) return keep(name, std::move(heard).value());
  if (before == nullptr || heard->source != before->source)
    return Error{ErrorCode::kCorrupt, "the controllers told a change of facts that were not named"};
  return changed(name, std::move(before), request.since, *heard);
}

FactsRef KnownTables::changed(const Name& name, FactsRef before, uint64_t since, const TableFacts& change) {
  const bool is_same = change.chunks.empty() && change.gone.empty();
  {
    const std::lock_guard lock(mutex_);
    const auto found = known_.find(name);
    if (found != known_.end() && &found->second.lent->facts == before.get() && found->second.number == since) {
      auto& known = found->second;
      known.used = ++uses_;
      if (is_same) {
        known.number = change.number;
        return before;
      }
      before.reset();
      if (known.lent->readers.load(std::memory_order_acquire) == 0) {  // nor is it given to anybody before the unlock
        apply(change, known.lent->facts);
        known.number = change.number;
        return lend(known.lent);
      }
      before = lend(known.lent);
    }
  }
  if (is_same) return before;
  TableFacts facts(*before);
  apply(change, facts);
  return keep(name, std::move(facts));
}

FactsRef KnownTables::keep(const Name& name, TableFacts facts) {
  auto lent = std::make_shared<Lent>();
  lent->facts = std::move(facts);
  const auto& heard = lent->facts;
  if (heard.source.is_nil()) return lend(lent);
  const std::lock_guard lock(mutex_);
  auto& known = known_[name];
  // Another thread may have heard of later changes meanwhile.
  const bool is_later = !known.lent || known.lent->facts.source != heard.source || known.number < heard.number;
  known.used = ++uses_;
  if (is_later) {
    known.number = heard.number;
    known.lent = lent;
  }
  forget_unused();
  return lend(lent);
}

void KnownTables::let_go() {
  std::map<Name, Known> forgotten;  // freed once the mutex is no longer held
  const std::lock_guard lock(mutex_);
  forgotten.swap(known_);
}

void KnownTables::forget_unused() {
  size_t chunks = 0;
  for (const auto& [name, known] : known_) chunks += known.lent->facts.chunks.size();
  while (chunks > chunks_max_ && known_.size() > 1) {
    const auto oldest = std::min_element(known_.begin(), known_.end(),
                                         [](const auto& a, const auto& b) { return a.second.used < b.second.used; });
    chunks -= oldest->second.lent->facts.chunks.size();
    known_.erase(oldest);
  }
}

}  // namespace pelorus::dist
