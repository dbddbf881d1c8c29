#include "functions/delimited/text_source.h"

#include <algorithm>
#include <filesystem>

#include "functions/append.h"
#include "functions/cast.h"
#include "functions/file_access.h"
#include "functions/type_argument.h"

namespace pelorus::functions {
namespace {

using data::Table;

constexpr size_t kPieceBytes = 32u << 20;
constexpr size_t kSampleBytes = 1u << 20;

bool has_quotes(std::string_view text) { return text.find('"') != std::string_view::npos; }

/// Bytes of the whole records `text` begins with: up to the last line feed outside quotes.
size_t whole_records(std::string_view text, bool quotes) {
  const auto last = text.rfind('\n');
  if (last == std::string_view::npos) return 0;
  if (!quotes) return last + 1;
  size_t end = 0;
  bool quoted = false;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') quoted = !quoted;
    if (text[at] == '\n' && !quoted) end = at + 1;
  }
  return end;
}

std::string_view view(const data::Buffer<char>& text) { return {text.data(), text.size()}; }

}  // namespace

std::vector<TextColumn> columns_of(std::string_view function, const Value& wanted, const data::Schema& guessed) {
  std::vector<TextColumn> columns;
  if (wanted.is_void()) {
    for (size_t c = 0; c < guessed.size(); ++c) columns.push_back({guessed[c], c, {}});
    return columns;
  }
  const auto schema = table_argument(function, wanted);
  const int name = schema.find("name"), type = std::max(schema.find("type"), schema.find("typeString"));
  const int format = schema.find("format"), from = schema.find("col");
  if (type < 0) usage_error(function, "schema needs a column named type.");
  for (size_t r = 0; r < schema.rows(); ++r) {
    TextColumn column;
    const auto declared = type_argument(function, schema.column(static_cast<size_t>(type)).at(r));
    if (declared.array) usage_error(function, "schema asks for an array vector, which text files do not give.");
    column.definition = {.name = name >= 0            ? cast_text(schema.column(static_cast<size_t>(name)).scalar_at(r))
                                 : r < guessed.size() ? guessed[r].name
                                                      : "col" + std::to_string(r),
                         .type = declared.type,
                         .scale = declared.scale};
    column.from = from >= 0 ? static_cast<size_t>(std::max<int64_t>(
                                  0, schema.column(static_cast<size_t>(from)).scalar_at(r).as_int64()))
                            : r;
    if (format >= 0) column.format = cast_text(schema.column(static_cast<size_t>(format)).scalar_at(r));
    columns.push_back(std::move(column));
  }
  return columns;
}

char delimiter_of(const Arguments& a, size_t i) {
  const auto text = a.text_or(i, "delimiter", ",");
  if (text == "\\t") return '\t';
  if (text.size() != 1) a.refuse("delimiter", "must be one character.");
  return text[0];
}

TextSource::TextSource(std::string_view function, std::string path, TextLayout layout, const Value& schema)
    : path_(std::move(path)), layout_(layout), file_(path_, std::ios::binary) {
  std::error_code error;
  file_bytes_ = std::filesystem::file_size(path_, error);
  if (error) throw ScriptError("Can't read the file " + path_ + ": " + error.message() + ".");
  if (!file_) throw ScriptError("Can't read the file " + path_ + ".");
  text_.resize(std::min<uint64_t>(file_bytes_, kSampleBytes));
  if (!file_.read(text_.data(), static_cast<std::streamsize>(text_.size())))
    throw ScriptError("Can't read the file " + path_ + ".");
  const auto text = view(text_);
  const size_t whole = text.size() < file_bytes_ ? whole_records(text, has_quotes(text)) : text.size();
  columns_ = columns_of(function, schema, guess_schema(whole == 0 ? text : text.substr(0, whole), layout_));
}

TextSource::TextSource(std::string path, TextLayout layout, std::vector<TextColumn> columns, TextRange range)
    : path_(std::move(path)),
      layout_(layout),
      file_(path_, std::ios::binary),
      file_bytes_(range.to - range.from),
      unread_(file_bytes_),
      columns_(std::move(columns)) {
  if (!file_ || !file_.seekg(static_cast<std::streamoff>(range.from)))
    throw ScriptError("Can't read the file " + path_ + ".");
}

std::vector<TextRange> cut_text(const std::string& path, uint64_t bytes) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw ScriptError("Can't read the file " + path + ".");
  std::vector<TextRange> ranges;
  std::string block(kSampleBytes, '\0');
  uint64_t begins = 0, at = 0;
  bool quoted = false;
  while (true) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    if (file.bad()) throw ScriptError("Can't read the file " + path + ".");
    const auto got = static_cast<size_t>(file.gcount());
    if (got == 0) break;
    for (size_t i = 0; i < got; ++i) {
      if (block[i] == '"') quoted = !quoted;
      if (block[i] != '\n' || quoted || at + i + 1 - begins < bytes) continue;
      ranges.push_back({begins, at + i + 1});
      begins = at + i + 1;
    }
    at += got;
  }
  if (begins < at || ranges.empty()) ranges.push_back({begins, at});
  return ranges;
}

std::string_view TextSource::next_text() {
  text_.erase(text_.begin(), text_.begin() + static_cast<ptrdiff_t>(piece_bytes_));
  for (piece_bytes_ = 0; piece_bytes_ == 0;) {
    const size_t before = text_.size();
    const size_t wanted = std::min<uint64_t>(kPieceBytes, unread_);
    text_.resize(before + wanted);
    file_.read(text_.data() + before, static_cast<std::streamsize>(wanted));
    if (file_.bad()) throw ScriptError("Can't read the file " + path_ + ".");
    const auto got = static_cast<size_t>(file_.gcount());
    text_.resize(before + got);
    if (unread_ != UINT64_MAX) unread_ -= got;
    quotes_ = has_quotes(view(text_));
    if (got == 0) {  // the last record may have no line feed
      piece_bytes_ = text_.size();
      break;
    }
    piece_bytes_ = whole_records(view(text_), quotes_);  // 0: a record longer than a piece
  }
  return view(text_).substr(0, piece_bytes_);
}

std::optional<Table> TextSource::next() {
  const auto text = next_text();
  if (text.empty() && !first_) return std::nullopt;
  auto rows = read_table(text, quotes_, layout_, columns_);
  // What stands before the first record does so only once.
  first_ = false;
  layout_.skip_rows = 0;
  layout_.header = 0;
  return rows;
}

/// Columns that grew piece by piece have room for up to as many rows again, which nobody will add.
Table read_all(TextSource& source) {
  auto all = source.next();
  while (auto more = source.next()) {
    if (const auto added = all->append(*more); !added.ok()) throw ScriptError(added.error().message);
  }
  const auto names = all->names();
  for (size_t c = 0; c < names.size(); ++c) all->set_column(names[c], all->column(c).slice(0, all->rows()));
  return std::move(*all);
}

}  // namespace pelorus::functions
