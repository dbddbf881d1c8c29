#pragma once
// A delimited text file as tables, piece by piece, so that a file may be larger than memory.

#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/buffer.h"
#include "functions/arguments.h"
#include "functions/call_context.h"
#include "functions/delimited/delimited_text.h"

namespace pelorus::functions {

/// The columns a schema table asks for (name, type, optionally format and col), or, when `schema` is void, those of the
/// file itself. ScriptError naming `function`.
std::vector<TextColumn> columns_of(std::string_view function, const Value& schema, const data::Schema& guessed);

/// Bytes of a file: [from, to).
struct TextRange {
  uint64_t from = 0, to = 0;
};

/// Cuts a file into ranges of `bytes` at least, all but the last, that end between records. Reads the whole file, as
/// line feeds may stand in quotes. An empty file gives one empty range. ScriptError when it can't be read.
std::vector<TextRange> cut_text(const std::string& path, uint64_t bytes);

/// Used by one thread; parses with as many as the machine has. ScriptErrors name the path.
class TextSource {
 public:
  /// Opens the file and looks at its beginning. `schema` as in columns_of.
  TextSource(std::string_view function, std::string path, TextLayout layout, const Value& schema);
  /// Whole records of a file whose columns are known.
  TextSource(std::string path, TextLayout layout, std::vector<TextColumn> columns, TextRange range);

  const std::vector<TextColumn>& columns() const { return columns_; }
  uint64_t file_bytes() const { return file_bytes_; }
  /// The next rows, of about 32 MiB of text; nothing after the last. A file without records gives one empty table.
  std::optional<data::Table> next();

 private:
  /// Whole records of the file's next piece; valid until the next call.
  std::string_view next_text();

  const std::string path_;
  TextLayout layout_;
  std::ifstream file_;
  uint64_t file_bytes_ = 0;
  uint64_t unread_ = UINT64_MAX;  // bytes of the range that were not read yet
  data::Buffer<char> text_;       // the last piece and what is read beyond it; kept, as the system zeroes what it gives
  size_t piece_bytes_ = 0;        // of text_: handed out
  std::vector<TextColumn> columns_;
  bool first_ = true;
  bool quotes_ = false;  // in the last piece
};

/// The delimiter an argument names; ScriptError unless it is one character.
char delimiter_of(const Arguments& arguments, size_t i);

/// Whole files: all pieces together.
data::Table read_all(TextSource& source);

}  // namespace pelorus::functions
