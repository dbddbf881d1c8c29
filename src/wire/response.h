#pragma once
// Responses of the native protocol (docs/protocol/native.md §3 and §7.1).

#include <optional>
#include <string>
#include <string_view>

#include "wire/encode.h"

namespace pelorus::wire {

inline constexpr size_t kErrorBytesMax = 65535;

/// Header and error line. Line feeds, carriage returns and NULs in `text` become blanks; it is cut at kErrorBytesMax
/// (between characters); an empty text or "OK" gets words, as neither can stand for an error.
std::string error_response(uint64_t session, std::string_view text);
/// What print() shows: a frame before the response. The text ends at its first NUL.
std::string message_frame(std::string_view text);

struct ResultOptions {
  uint64_t session = 0;
  int64_t fetch_size = 0;  // rows per block of a table; 0: no blocks
  int64_t rows_max = 0;  // only the first of a longer table or vector; the header then has a fourth word: all its rows
  bool no_decimals = false;  // the client wants doubles in their place
};

/// One successful response, produced piece by piece so that a large table is never held encoded as a whole.
class ResultEncoder {
 public:
  /// Nothing: a statement without value.
  ResultEncoder(std::optional<data::Value> result, ResultOptions options);

  /// Appends until `out` holds about `bytes_wanted` or the response ends. True when it is complete.
  /// Errors: nothing was appended by the first call; from the second on the response can only be broken off.
  Result<bool> next(Chain& out, size_t bytes_wanted);

 private:
  Result<bool> begin(Chain& out);
  Status next_column(Chain& out, size_t bytes_wanted);
  size_t rows_of_block() const;
  bool exceeds(size_t rows) const { return options_.rows_max > 0 && rows > static_cast<size_t>(options_.rows_max); }

  ResultOptions options_;
  std::optional<data::Value> result_;
  bool begun_ = false;
  data::Table table_;
  size_t block_ = 0;
  size_t blocks_ = 1;
  bool block_header_written_ = false;
  size_t column_ = 0;
  ColumnPosition position_;
};

}  // namespace pelorus::wire
