#include "functions/delimited/delimited_text.h"

#include <algorithm>
#include <cctype>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <set>
#include <thread>
#include <utility>

#include "functions/append.h"
#include "functions/delimited/cell_columns.h"
#include "functions/delimited/cell_texts.h"
#include "types/parse_value.h"

namespace pelorus::functions {
namespace {

using data::Schema;
using data::Table;

constexpr size_t kSampledRecords = 1000;

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

bool is_whole(std::string_view cell) {
  size_t at = cell[0] == '-' || cell[0] == '+' ? 1 : 0;
  return at < cell.size() && cell.size() - at <= 18 &&
         std::all_of(cell.begin() + static_cast<ptrdiff_t>(at), cell.end(), is_digit);
}
/// [sign] digits [. digits] [e [sign] digits]; the digits of one side of the point may be missing.
bool is_number(std::string_view cell) {
  size_t at = 0;
  const auto skip_sign = [&] { at += at < cell.size() && (cell[at] == '-' || cell[at] == '+') ? 1 : 0; };
  const auto skip_digits = [&] {
    const size_t before = at;
    while (at < cell.size() && is_digit(cell[at])) ++at;
    return at - before;
  };
  skip_sign();
  size_t digits = skip_digits();
  if (at < cell.size() && cell[at] == '.') {
    ++at;
    digits += skip_digits();
  }
  if (digits == 0) return false;
  if (at < cell.size() && (cell[at] == 'e' || cell[at] == 'E')) {
    ++at;
    skip_sign();
    if (skip_digits() == 0) return false;
  }
  return at == cell.size();
}
/// Whether the cell has the shape of a pattern: 9 stands for a digit, anything else for itself or, for '.', a mark
/// between the parts of a date.
bool has_shape(std::string_view cell, std::string_view shape) {
  if (cell.size() != shape.size()) return false;
  for (size_t i = 0; i < cell.size(); ++i) {
    if (shape[i] == '9'   ? !is_digit(cell[i])
        : shape[i] == '.' ? std::string_view(".-/").find(cell[i]) == std::string_view::npos
        : shape[i] == 'T' ? cell[i] != 'T' && cell[i] != ' '
                          : cell[i] != shape[i])
      return false;
  }
  return true;
}

struct Shape {
  std::string_view text;
  Type type;
};
constexpr Shape kShapes[] = {
    {"9999.99.99", Type::kDate},
    {"9999.99.99T99:99:99", Type::kDatetime},
    {"9999.99.99T99:99:99#999", Type::kTimestamp},
    {"9999.99.99T99:99:99#999999999", Type::kNanotimestamp},
    {"99:99:99", Type::kSecond},
    {"99:99:99#999", Type::kTime},
    {"99:99:99#999999999", Type::kNanotime},
    {"99:99", Type::kMinute},
    {"99:99m", Type::kMinute},
    {"9999.99M", Type::kMonth},
};

Type cell_type(const std::string& cell) {
  if (cell.empty()) return Type::kVoid;
  if (cell == "true" || cell == "false") return Type::kBool;
  if (is_whole(cell)) return types::parse_value(cell, Type::kInt).is_null() ? Type::kLong : Type::kInt;
  if (is_number(cell)) return Type::kDouble;
  for (const auto& shape : kShapes) {
    // '#' in a shape is the decimal point of seconds.
    std::string expected(shape.text), given = cell;
    if (const auto point = expected.find('#'); point != std::string::npos) {
      if (point >= given.size() || given[point] != '.') continue;
      given[point] = '#';
    }
    if (has_shape(given, expected) && !types::parse_value(cell, shape.type).is_null()) return shape.type;
  }
  return Type::kString;
}

std::string column_name(std::string cell, size_t c) {
  std::string name;
  for (const char ch : cell) {
    const bool letter =
        std::isalnum(static_cast<unsigned char>(ch)) != 0 || static_cast<unsigned char>(ch) >= 0x80 || ch == '_';
    if (letter && !(name.empty() && (is_digit(ch) || ch == '_'))) name += ch;
  }
  return name.empty() ? "col" + std::to_string(c) : name;
}

void skip_records(std::string_view text, size_t* at, const TextLayout& layout) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") *at = 3;
  for (size_t i = 0; i < layout.skip_rows && *at < text.size(); ++i) read_record(text, at, layout.delimiter);
}

bool is_header(const std::vector<std::string>& cells, const TextLayout& layout) {
  if (layout.header >= 0) return layout.header == 1;
  return std::none_of(cells.begin(), cells.end(),
                      [](const std::string& cell) { return !cell.empty() && is_digit(cell[0]); });
}

/// Guess for one column from its cells.
Type column_type(const std::vector<std::string>& cells) {
  Type type = Type::kVoid;
  std::set<std::string> distinct;
  for (const auto& cell : cells) {
    distinct.insert(cell);
    const Type seen = cell_type(cell);
    if (seen == Type::kVoid || type == Type::kString) continue;
    const Type common = type == Type::kVoid ? seen : data::common_type(type, seen);
    type = common == Type::kAny ||
                   (types::is_numeric(common) && (type == Type::kBool) != (seen == Type::kBool) && type != Type::kVoid)
               ? Type::kString
               : common;
  }
  if (type != Type::kString && type != Type::kVoid) return type;
  return distinct.size() * 2 <= cells.size() ? Type::kSymbol : Type::kString;
}

/// Rows of records that begin in [from, to) of a text, column by column.
class RecordsReader {
 public:
  RecordsReader(const TextLayout& layout, const std::vector<TextColumn>& columns)
      : delimiter_(layout.delimiter), columns_(columns) {
    size_t last = 0;
    for (const auto& column : columns) {
      cells_.push_back(make_cell_column(column));
      last = std::max(last, column.from + 1);
    }
    of_file_column_.resize(last);
    for (size_t c = 0; c < columns.size(); ++c) of_file_column_[columns[c].from].push_back(c);
  }

  void read(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
      at += add_many(text.substr(at));
      if (at < text.size()) add_record(read_record(text, &at, delimiter_));
    }
  }

  std::vector<Vector> finish() {
    std::vector<Vector> columns;
    for (auto& cells : cells_) columns.push_back(cells->finish());
    return columns;
  }

 private:
  /// The records `text` begins with that are shaped like its first; returns their bytes.
  size_t add_many(std::string_view text) {
    const auto line = text.substr(0, text.find('\n'));
    const auto cells = 1 + static_cast<size_t>(std::count(line.begin(), line.end(), delimiter_));
    const bool blank = (line.empty() || line == "\r") && columns_.size() > 1;
    if (cells < of_file_column_.size() || blank) return 0;
    size_t bytes = 0;
    while (const size_t more = index_.find(text.substr(bytes), delimiter_, cells)) {
      if (bytes == 0) expect(index_.records() * (text.size() / more) + index_.records());
      bytes += more;
      for (size_t from = 0; from < of_file_column_.size(); ++from) {
        for (const auto c : of_file_column_[from]) cells_[c]->add_all(index_.column(from));
      }
    }
    return bytes;
  }
  void expect(size_t records) {
    if (!std::exchange(expected_, true)) {
      for (auto& cells : cells_) cells->expect(records);
    }
  }

  void add_record(const std::vector<std::string>& cells) {
    if (cells.size() == 1 && cells[0].empty() && columns_.size() > 1) return;
    for (size_t from = 0; from < of_file_column_.size(); ++from) {
      for (const auto c : of_file_column_[from]) cells_[c]->add(from < cells.size() ? cells[from] : std::string_view());
    }
  }

  const char delimiter_;
  const std::vector<TextColumn>& columns_;
  std::vector<std::unique_ptr<CellColumn>> cells_;
  std::vector<std::vector<size_t>> of_file_column_;  // which columns a cell goes to
  RecordIndex index_;
  bool expected_ = false;
};

constexpr size_t kBytesAThread = 1u << 20;

/// The text in about `count` parts that begin with a record.
std::vector<std::string_view> parts_of(std::string_view text, size_t count) {
  count = std::min(count, text.size() / kBytesAThread + 1);
  std::vector<std::string_view> parts;
  for (size_t i = 1; i <= count && !text.empty(); ++i) {
    const size_t about = text.size() / (count - i + 1);
    const size_t line = i == count ? std::string_view::npos : text.find('\n', about);
    const size_t end = line == std::string_view::npos ? text.size() : line + 1;
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return parts;
}

constexpr size_t kRowsAThread = 32768;

std::string write_rows(const Table& table, size_t from, size_t to, char delimiter) {
  std::vector<std::unique_ptr<CellTexts>> columns;
  for (size_t c = 0; c < table.columns(); ++c) columns.push_back(make_cell_texts(table.column(c), delimiter));
  std::string out;
  for (size_t r = from; r < to; ++r) {
    for (size_t c = 0; c < columns.size(); ++c) {
      if (c > 0) out += delimiter;
      columns[c]->append(r, out);
    }
    out += '\n';
  }
  return out;
}

}  // namespace

std::vector<std::string> read_record(std::string_view text, size_t* at, char delimiter) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (; *at < text.size(); ++*at) {
    const char c = text[*at];
    if (quoted) {
      if (c != '"')
        cells.back() += c;
      else if (*at + 1 < text.size() && text[*at + 1] == '"')
        cells.back() += text[++*at];
      else
        quoted = false;
    } else if (c == '"' && cells.back().empty()) {
      quoted = true;
    } else if (c == delimiter) {
      cells.emplace_back();
    } else if (c == '\n') {
      ++*at;
      break;
    } else if (c != '\r') {
      cells.back() += c;
    }
  }
  return cells;
}

Schema guess_schema(std::string_view text, const TextLayout& layout) {
  size_t at = 0;
  skip_records(text, &at, layout);
  const size_t start = at;
  if (start >= text.size()) return {};
  const auto first = read_record(text, &at, layout.delimiter);
  const bool header = is_header(first, layout);
  if (!header) at = start;
  std::vector<std::vector<std::string>> columns(first.size());
  for (size_t r = 0; r < kSampledRecords && at < text.size(); ++r) {
    const auto cells = read_record(text, &at, layout.delimiter);
    for (size_t c = 0; c < columns.size() && c < cells.size(); ++c) columns[c].push_back(cells[c]);
  }
  Schema schema;
  for (size_t c = 0; c < columns.size(); ++c) {
    auto name = header ? column_name(first[c], c) : "col" + std::to_string(c);
    while (std::any_of(schema.begin(), schema.end(), [&](const auto& other) { return other.name == name; }))
      name += "_1";
    schema.push_back({.name = std::move(name), .type = column_type(columns[c])});
  }
  return schema;
}

Table read_table(std::string_view text, bool quotes, const TextLayout& layout, const std::vector<TextColumn>& columns) {
  size_t at = 0;
  skip_records(text, &at, layout);
  const size_t start = at;
  if (at < text.size() && !is_header(read_record(text, &at, layout.delimiter), layout)) at = start;
  const auto parts = parts_of(text.substr(at), quotes ? 1 : std::max(1u, std::thread::hardware_concurrency()));
  std::vector<std::future<std::vector<Vector>>> others;
  const auto read = [&](std::string_view part) {
    RecordsReader reader(layout, columns);
    reader.read(part);
    return reader.finish();
  };
  for (size_t i = 1; i < parts.size(); ++i) others.push_back(std::async(std::launch::async, read, parts[i]));
  auto all = read(parts.empty() ? std::string_view() : parts[0]);
  for (auto& other : others) {
    const auto more = other.get();
    for (size_t c = 0; c < all.size(); ++c) all[c].append(more[c]);
  }
  std::vector<std::string> names;
  std::vector<Shared<Vector>> shared;
  for (size_t c = 0; c < columns.size(); ++c) {
    names.push_back(columns[c].definition.name);
    shared.emplace_back(std::move(all[c]));
  }
  return Table(std::move(names), std::move(shared));
}

void write_table(const Table& table, char delimiter, const std::function<void(std::string_view)>& take) {
  const size_t threads = std::max(1u, std::thread::hardware_concurrency());
  std::deque<std::future<std::string>> coming;
  size_t next = 0;
  const auto begin = [&] {
    const size_t from = next;
    next = std::min(table.rows(), from + kRowsAThread);
    // A short table, or the rest of one, needs no thread.
    const auto where = table.rows() <= kRowsAThread ? std::launch::deferred : std::launch::async;
    coming.push_back(std::async(where, write_rows, std::cref(table), from, next, delimiter));
  };
  while (next < table.rows() || !coming.empty()) {
    while (coming.size() < threads && next < table.rows()) begin();
    const auto text = coming.front().get();
    coming.pop_front();
    if (next < table.rows()) begin();  // the others go on while this piece is stored
    take(text);
  }
}

}  // namespace pelorus::functions
