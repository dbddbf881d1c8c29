#pragma once
// The SYMBOL dictionaries of one generation of a chunk: one a column, codes dense, only ever growing.

#include <memory>
#include <mutex>
#include <vector>

#include "data/table.h"
#include "data/symbol_base.h"
#include "storage/chunk/segment.h"

namespace pelorus::storage {

/// Thread-safe. Writers add codes; readers take a frozen copy that is made again only when texts were added since.
class ChunkDictionaries {
 public:
  /// Of a chunk whose texts so far lie in `segments`, in order; they are read by load().
  ChunkDictionaries(const data::Schema& schema, std::vector<std::shared_ptr<const Segment>> segments);

  /// Reads the segments' texts unless done. Everything else needs it before. kCorrupt when they do not fit together.
  Status load();
  /// kLimit when the texts of `base` would not fit into the column's dictionary.
  Status check_room(size_t column, const data::SymbolBase& base) const;
  /// The codes of this dictionary for codes of `base`; texts not known yet are added.
  data::Buffer<int32_t> recode(size_t column, const data::SymbolBase& base, std::span<const int32_t> codes);
  /// Holds every code given out so far. Never changes.
  Result<std::shared_ptr<data::SymbolBase>> frozen(size_t column);

  /// Forgets the frozen copies nobody holds.
  void let_go();

  /// Number of texts of each column (1 for columns that are no SYMBOL).
  std::vector<uint32_t> sizes() const;
  /// How many of them are in segments of the manifest, so that the next segment needs to hold only the rest.
  std::vector<uint32_t> stored_sizes() const;
  void set_stored_sizes(std::vector<uint32_t> sizes);
  /// Texts of codes [from, to).
  std::vector<std::string> texts(size_t column, uint32_t from, uint32_t to) const;

 private:
  struct Column {
    bool symbol = false;
    std::shared_ptr<data::SymbolBase> all;     // null until it is needed: nearly a kilobyte
    std::shared_ptr<data::SymbolBase> frozen;  // null or a copy with as many texts as some reader needed
    std::weak_ptr<data::SymbolBase> let_go;    // a copy that readers may hold still
    uint32_t stored = 1;
    data::SymbolBase& texts();
    uint32_t size() const { return all ? static_cast<uint32_t>(all->size()) : 1; }
  };
  mutable std::mutex mutex_;
  std::vector<Column> columns_;                           // guarded by mutex_
  std::vector<std::shared_ptr<const Segment>> unloaded_;  // guarded by mutex_; empty once loaded
};

}  // namespace pelorus::storage
