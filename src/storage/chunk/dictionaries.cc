#include "storage/chunk/dictionaries.h"

namespace pelorus::storage {

ChunkDictionaries::ChunkDictionaries(const data::Schema& schema, std::vector<std::shared_ptr<const Segment>> segments)
    : columns_(schema.size()) {
  bool any = false;
  for (size_t c = 0; c < schema.size(); ++c) {
    columns_[c].symbol = schema[c].type == types::Type::kSymbol;
    any = any || columns_[c].symbol;
  }
  if (any) unloaded_ = std::move(segments);
}

data::SymbolBase& ChunkDictionaries::Column::texts() {
  if (!all) all = std::make_shared<data::SymbolBase>();
  return *all;
}

Status ChunkDictionaries::load() {
  std::vector<std::shared_ptr<const Segment>> segments;
  std::vector<size_t> wanted;
  {
    const std::lock_guard lock(mutex_);
    if (unloaded_.empty()) return {};
    segments = unloaded_;
    for (size_t c = 0; c < columns_.size(); ++c) {
      if (columns_[c].symbol) wanted.push_back(c);
    }
  }
  std::vector<std::shared_ptr<data::SymbolBase>> loaded;
  for (const size_t c : wanted) {
    auto base = std::make_shared<data::SymbolBase>();
    for (const auto& segment : segments) {
      TRY(const auto index, segment->index());
      TRY(const auto texts, segment->read_dictionary(c));
      const auto first = index->columns[c].dictionary.first_code;
      bool fits = texts.empty() || first == static_cast<uint32_t>(base->size());
      for (size_t i = 0; i < texts.size() && fits; ++i) {
        fits = base->code_of(texts[i]) == static_cast<int32_t>(first + i);
      }
      if (!fits) {
        return Error{ErrorCode::kCorrupt,
                     "dictionary of column " + std::to_string(c) + " does not continue in " + segment->path()};
      }
    }
    loaded.push_back(std::move(base));
  }
  const std::lock_guard lock(mutex_);
  if (unloaded_.empty()) return {};  // another thread was faster
  for (size_t i = 0; i < wanted.size(); ++i) {
    auto& column = columns_[wanted[i]];
    column.stored = static_cast<uint32_t>(loaded[i]->size());
    column.all = std::move(loaded[i]);
  }
  unloaded_.clear();
  return {};
}

Status ChunkDictionaries::check_room(size_t column, const data::SymbolBase& base) const {
  static const data::SymbolBase kNoTexts;
  const std::lock_guard lock(mutex_);
  const auto& all = columns_[column].all ? *columns_[column].all : kNoTexts;
  if (all.size() + base.size() <= data::SymbolBase::kSymbolsMax) return {};
  int64_t size = all.size();
  for (int32_t code = 0; code < base.size(); ++code) size += all.find(base.text(code)) < 0 ? 1 : 0;
  if (size <= data::SymbolBase::kSymbolsMax) return {};
  return Error{ErrorCode::kLimit, "a SYMBOL column of a partition holds at most " +
                                      std::to_string(data::SymbolBase::kSymbolsMax) +
                                      " different texts; use STRING for column " + std::to_string(column)};
}

data::Buffer<int32_t> ChunkDictionaries::recode(size_t column, const data::SymbolBase& base,
                                                std::span<const int32_t> codes) {
  std::vector<int32_t> to(static_cast<size_t>(base.size()));
  {
    const std::lock_guard lock(mutex_);
    auto& all = columns_[column].texts();
    for (int32_t code = 0; code < base.size(); ++code) to[static_cast<size_t>(code)] = all.code_of(base.text(code));
  }
  data::Buffer<int32_t> recoded;
  recoded.resize(codes.size());
  for (size_t i = 0; i < codes.size(); ++i) recoded[i] = to[static_cast<size_t>(codes[i])];
  return recoded;
}

Result<std::shared_ptr<data::SymbolBase>> ChunkDictionaries::frozen(size_t column) {
  TRY_DONE(load());
  const std::lock_guard lock(mutex_);
  auto& facts = columns_[column];
  const auto& texts = facts.texts();
  // Vectors of one snapshot share one base.
  if (!facts.frozen) facts.frozen = facts.let_go.lock();
  if (!facts.frozen || facts.frozen->size() < texts.size()) {
    facts.frozen = std::make_shared<data::SymbolBase>(texts);
  }
  return facts.frozen;
}

void ChunkDictionaries::let_go() {
  const std::lock_guard lock(mutex_);
  for (auto& column : columns_) {
    if (column.frozen) column.let_go = column.frozen;
    column.frozen.reset();
  }
}

std::vector<uint32_t> ChunkDictionaries::sizes() const {
  const std::lock_guard lock(mutex_);
  std::vector<uint32_t> sizes;
  for (const auto& column : columns_) sizes.push_back(column.size());
  return sizes;
}

std::vector<uint32_t> ChunkDictionaries::stored_sizes() const {
  const std::lock_guard lock(mutex_);
  std::vector<uint32_t> sizes;
  for (const auto& column : columns_) sizes.push_back(column.stored);
  return sizes;
}

void ChunkDictionaries::set_stored_sizes(std::vector<uint32_t> sizes) {
  const std::lock_guard lock(mutex_);
  for (size_t c = 0; c < columns_.size(); ++c) columns_[c].stored = sizes[c];
}

std::vector<std::string> ChunkDictionaries::texts(size_t column, uint32_t from, uint32_t to) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> texts;
  if (from >= to) return texts;
  const auto& all = *columns_[column].all;
  for (uint32_t code = from; code < to; ++code) texts.push_back(all.text(static_cast<int32_t>(code)));
  return texts;
}

}  // namespace pelorus::storage
