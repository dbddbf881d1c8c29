#pragma once
// Where the cells of many records lie in a text, found before any of them is read.

#include <cstdint>
#include <string_view>

#include "data/buffer.h"

namespace pelorus::functions {

/// The cells of one column of consecutive records.
class ColumnCells {
 public:
  /// `ends[r * stride]`, `ends[r * stride + 1]`: where the cell before record r's ends and where its own does; -1
  /// stands for the text's beginning.
  ColumnCells(std::string_view text, const uint32_t* ends, size_t stride, size_t records, bool ends_lines)
      : text_(text), ends_(ends), stride_(stride), records_(records), ends_lines_(ends_lines) {}

  size_t size() const { return records_; }
  std::string_view operator[](size_t record) const {
    const uint32_t from = ends_[record * stride_] + 1;
    uint32_t to = ends_[record * stride_ + 1];
    if (ends_lines_ && to > from && text_[to - 1] == '\r') --to;
    return {text_.data() + from, to - from};
  }
  /// Behind the last byte that may be read.
  const char* limit() const { return text_.data() + text_.size(); }

 private:
  const std::string_view text_;
  const uint32_t* const ends_;
  const size_t stride_;
  const size_t records_;
  const bool ends_lines_;
};

/// Used again for one stretch of text after the other.
class RecordIndex {
 public:
  /// Finds the records that `text` begins with as long as they have exactly `cells` cells, no quotes, no carriage
  /// return but at their end, and end with a line feed; a few thousand at most. Returns the bytes they take.
  size_t find(std::string_view text, char delimiter, size_t cells);

  size_t records() const { return records_; }
  /// Valid until the next find(), as long as its text.
  ColumnCells column(size_t c) const { return {text_, ends_.data() + c, cells_, records_, c + 1 == cells_}; }

 private:
  /// Of the first `places` ends that find() has found, among them `lines` line feeds or more.
  size_t count_records(size_t places, size_t lines) const;

  std::string_view text_;
  size_t cells_ = 0;
  size_t records_ = 0;
  data::Buffer<uint32_t> ends_;
};

}  // namespace pelorus::functions
