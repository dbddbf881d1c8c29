#include "tests/scripts/canonical.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "types/format_value.h"

namespace pelorus::tests {
namespace {

using data::Scalar;
using data::Type;
using data::Value;
using data::Vector;

std::string json_text(const std::string& text) {
  std::string result = "\"";
  char buffer[8];
  for (const char c : text) {
    switch (c) {
      case '"': result += "\\\""; break;
      case '\\': result += "\\\\"; break;
      case '\n': result += "\\n"; break;
      case '\r': result += "\\r"; break;
      case '\t': result += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          std::snprintf(buffer, sizeof buffer, "\\u%04x", c);
          result += buffer;
        } else {
          result += c;
        }
    }
  }
  return result + '"';
}

std::string scalar_text(const Scalar& scalar) {
  if (scalar.is_text() && scalar.type() != Type::kBlob) return json_text(scalar.text());
  if (scalar.is_null()) return "null";
  if (types::is_floating(scalar.type())) {
    const double value = scalar.as_double();
    if (value == 0) return "0";
    char buffer[40];
    std::snprintf(buffer, sizeof buffer, "%.10g", value);
    return buffer;
  }
  if (scalar.type() == Type::kBlob) return json_text(scalar.text());
  if (scalar.type() == Type::kChar) return std::to_string(scalar.as_int64());
  return types::format_value(scalar);
}

std::string joined(const std::vector<std::string>& parts, char open, char close) {
  std::string text(1, open);
  for (size_t i = 0; i < parts.size(); ++i) text += (i > 0 ? "," : "") + parts[i];
  return text + close;
}

std::string vector_text(const Vector& vector, char open = '[', char close = ']') {
  std::vector<std::string> parts;
  for (size_t i = 0; i < vector.size(); ++i) parts.push_back(canonical(vector.at(i)));
  return joined(parts, open, close);
}

std::string matrix_text(const data::Matrix& matrix) {
  std::vector<std::string> columns;
  for (size_t c = 0; c < matrix.columns; ++c) columns.push_back(vector_text(matrix.column(c)));
  std::string text = "matrix" + joined(columns, '[', ']');
  if (matrix.row_labels) text += "rows" + vector_text(**matrix.row_labels);
  if (matrix.column_labels) text += "cols" + vector_text(**matrix.column_labels);
  return text;
}

std::string dictionary_text(const data::Dictionary& dictionary) {
  std::vector<std::string> entries;
  for (size_t i = 0; i < dictionary.size(); ++i) {
    entries.push_back(canonical(dictionary.keys().at(i)) + "->" + canonical(dictionary.values().at(i)));
  }
  if (!dictionary.ordered()) std::sort(entries.begin(), entries.end());
  return (dictionary.ordered() ? "odict" : "dict") + joined(entries, '{', '}');
}

std::string table_text(const data::Table& table) {
  std::vector<std::string> columns;
  for (size_t c = 0; c < table.columns(); ++c) columns.push_back(table.names()[c] + ":" + vector_text(table.column(c)));
  return "table" + joined(columns, '{', '}');
}

/// Numbers apart from everything around them.
std::vector<std::string> tokens_of(const std::string& text) {
  std::vector<std::string> tokens;
  for (size_t i = 0; i < text.size();) {
    const bool sign =
        text[i] == '-' && i + 1 < text.size() && std::isdigit(static_cast<unsigned char>(text[i + 1])) != 0;
    const char before = i > 0 ? text[i - 1] : ' ';
    const bool after_word = std::isalnum(static_cast<unsigned char>(before)) != 0 || before == '.' || before == ':';
    const bool digit = std::isdigit(static_cast<unsigned char>(text[i])) != 0;
    if ((sign || digit) && !after_word) {
      char* end = nullptr;
      std::strtod(text.c_str() + i, &end);
      const auto length = static_cast<size_t>(end - (text.c_str() + i));
      tokens.push_back(text.substr(i, length));
      i += length;
      continue;
    }
    if (text[i] == '"') {
      size_t end = i + 1;
      while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
      tokens.push_back(text.substr(i, end + 1 - i));
      i = end + 1;
      continue;
    }
    tokens.emplace_back(1, text[i]);
    ++i;
  }
  return tokens;
}

bool same_number(const std::string& a, const std::string& b) {
  char* end_a = nullptr;
  char* end_b = nullptr;
  const double x = std::strtod(a.c_str(), &end_a);
  const double y = std::strtod(b.c_str(), &end_b);
  if (*end_a != '\0' || *end_b != '\0' || a.empty() || b.empty()) return false;
  return std::fabs(x - y) <= std::max(1e-9, 1e-6 * std::fabs(x));
}

bool same_tokens(const std::string& expected, const std::string& actual) {
  const auto a = tokens_of(expected);
  const auto b = tokens_of(actual);
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && !same_number(a[i], b[i])) return false;
  }
  return true;
}

std::string without_labels(std::string text) {
  for (const std::string label : {"]rows[", "]cols["}) {
    const size_t at = text.find(label);
    if (at != std::string::npos) text.resize(at + 1);
  }
  return text;
}

/// A tuple counts as a vector where the expectation shows one.
std::string brackets_like(const std::string& expected, std::string actual) {
  if (expected.size() != actual.size()) return actual;
  for (size_t i = 0; i < actual.size(); ++i) {
    if (expected[i] == '[' && actual[i] == '(') actual[i] = '[';
    if (expected[i] == ']' && actual[i] == ')') actual[i] = ']';
  }
  return actual;
}

}  // namespace

std::string canonical(const Value& value) {
  if (value.is_missing()) return "null";
  if (value.is_scalar()) return scalar_text(value.scalar());
  if (value.is_vector()) {
    return value.is_tuple() ? vector_text(value.vector(), '(', ')') : vector_text(value.vector());
  }
  if (value.is_pair()) return canonical(value.pair().elements.at(0)) + ":" + canonical(value.pair().elements.at(1));
  if (value.is_matrix()) return matrix_text(value.matrix());
  if (value.is_dictionary()) return dictionary_text(value.dictionary());
  if (value.is_plain_table()) return table_text(value.table());
  if (value.is_set()) {
    std::vector<std::string> parts;
    for (size_t i = 0; i < value.set().size(); ++i) parts.push_back(canonical(value.set().elements().at(i)));
    std::sort(parts.begin(), parts.end());
    return "set" + joined(parts, '{', '}');
  }
  if (value.is_table_object()) {
    const auto rows = value.table_object()->snapshot();
    return rows.ok() ? table_text(*rows) : "unreadable table: " + rows.error().message;
  }
  if (value.is_function()) return value.function()->print();
  if (value.is_code()) return value.code()->print();
  return value.handle()->describe();
}

bool matches(const std::string& expected, const std::string& actual) {
  const bool has_labels = expected.find("]rows[") != std::string::npos || expected.find("]cols[") != std::string::npos;
  const std::string shown = has_labels ? actual : without_labels(actual);
  if (expected == shown || same_tokens(expected, shown)) return true;
  for (const std::string prefix : {"\"FAST ", "\"HUGE "}) {
    if (actual.starts_with(prefix) && expected == "\"" + actual.substr(prefix.size())) return true;
  }
  return same_tokens(expected, brackets_like(expected, shown));
}

}  // namespace pelorus::tests
