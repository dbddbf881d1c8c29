#include "functions/print_value.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "functions/append.h"
#include "functions/arguments.h"

namespace pelorus::functions {
namespace {

class Printer {
 public:
  explicit Printer(const PrintLimits& limits) : limits_(limits) {}

  std::string print(const Value& value, size_t depth) const {
    if (depth > limits_.depth) return "...";
    if (value.is_missing()) return {};
    if (value.is_scalar()) return scalar(value.scalar());
    if (value.is_vector())
      return elements(value.vector(), value.is_tuple() ? '(' : '[', value.is_tuple() ? ')' : ']', depth);
    if (value.is_pair())
      return print(value.pair().elements.at(0), depth) + " : " + print(value.pair().elements.at(1), depth);
    if (value.is_set()) return "set(" + elements(value.set().elements(), '[', ']', depth) + ")";
    if (value.is_dictionary()) return dictionary(value.dictionary(), depth);
    if (value.is_matrix()) return matrix(value.matrix(), depth);
    if (value.is_table()) return table(value, depth);
    if (value.is_function()) return value.function()->print();
    if (value.is_code()) return value.code()->print();
    return value.handle()->describe();
  }

 private:
  static std::string scalar(const Scalar& value) {
    const bool is_floating = !value.is_null() && types::is_floating(value.type());
    if (is_floating && std::isinf(value.as_double())) return value.as_double() > 0 ? "∞" : "-∞";
    return cast_text(value);
  }
  std::string elements(const Vector& vector, char open, char close, size_t depth) const {
    std::string out(1, open);
    const size_t shown = std::min(vector.size(), limits_.elements);
    for (size_t i = 0; i < shown; ++i) out += (i > 0 ? "," : "") + print(vector.at(i), depth + 1);
    if (shown < vector.size()) out += "...";
    return out + close;
  }
  std::string dictionary(const data::Dictionary& d, size_t depth) const {
    std::string out;
    const size_t shown = std::min(d.size(), limits_.rows);
    for (size_t i = 0; i < shown; ++i) {
      out += (i > 0 ? "\n" : "") + print(d.keys().at(i), depth + 1) + "->" + print(d.values().at(i), depth + 1);
    }
    return shown < d.size() ? out + "\n..." : out;
  }
  /// Cells by column, headers first, padded to the widest.
  static std::string grid(const std::vector<std::vector<std::string>>& columns) {
    std::string out;
    const size_t lines = columns.empty() ? 0 : columns[0].size();
    std::vector<size_t> widths;
    for (const auto& column : columns) {
      size_t width = 0;
      for (const auto& cell : column) width = std::max(width, cell.size());
      widths.push_back(width);
    }
    for (size_t line = 0; line < lines; ++line) {
      std::string text;
      for (size_t c = 0; c < columns.size(); ++c)
        text += columns[c][line] + std::string(widths[c] - columns[c][line].size() + 1, ' ');
      while (!text.empty() && text.back() == ' ') text.pop_back();
      out += (line > 0 ? "\n" : "") + text;
      if (line > 0) continue;
      out += "\n";
      for (size_t c = 0; c < columns.size(); ++c) out += (c > 0 ? " " : "") + std::string(widths[c], '-');
    }
    return out;
  }
  std::vector<std::string> column(std::string head, const Vector& values, size_t shown, size_t depth) const {
    std::vector<std::string> cells{std::move(head)};
    for (size_t i = 0; i < shown; ++i) cells.push_back(print(values.at(i), depth + 1));
    return cells;
  }
  std::string matrix(const data::Matrix& m, size_t depth) const {
    std::vector<std::vector<std::string>> columns;
    const size_t shown = std::min(m.rows, limits_.rows);
    if (m.row_labels) columns.push_back(column("label", **m.row_labels, shown, depth));
    for (size_t c = 0; c < m.columns; ++c) {
      const auto head = m.column_labels ? print((*m.column_labels)->at(c), depth) : "#" + std::to_string(c);
      columns.push_back(column(head, m.column(c), shown, depth));
    }
    return grid(columns) + (shown < m.rows ? "\n..." : "");
  }
  std::string table(const Value& value, size_t depth) const {
    if (value.is_table_object() && value.table_object()->is_stored()) return value.table_object()->type_text();
    const auto rows = table_argument("print", value);
    std::vector<std::vector<std::string>> columns;
    const size_t shown = std::min(rows.rows(), limits_.rows);
    for (size_t c = 0; c < rows.columns(); ++c)
      columns.push_back(column(rows.names()[c], rows.column(c), shown, depth));
    return grid(columns) + (shown < rows.rows() ? "\n..." : "");
  }

  const PrintLimits& limits_;
};

}  // namespace

std::string print_value(const data::Value& value, const PrintLimits& limits) { return Printer(limits).print(value, 0); }

}  // namespace pelorus::functions
