#include "tests/scripts/printed.h"

#include <boost/json.hpp>

#include <istream>
#include <ostream>

#include "functions/arguments.h"
#include "functions/print_value.h"

namespace pelorus::tests {
namespace {

namespace json = boost::json;

constexpr functions::PrintLimits kLimits{.rows = 20'000, .elements = 20'000, .depth = 8};

std::string cell(const data::Value& value) { return functions::print_value(value, kLimits); }

json::array cells(const data::Vector& vector) {
  json::array out;
  for (size_t i = 0; i < vector.size() && i < kLimits.elements; ++i) out.emplace_back(cell(vector.at(i)));
  return out;
}

json::array column(const std::string& head, const data::Vector& values) {
  json::array out{json::value(head)};
  for (auto& each : cells(values)) out.push_back(std::move(each));
  return out;
}

void add_matrix(const data::Matrix& matrix, json::object* answer) {
  json::array columns;
  for (size_t c = 0; c < matrix.columns; ++c) {
    const auto head = matrix.column_labels ? cell((*matrix.column_labels)->at(c)) : "";
    columns.push_back(column(head, matrix.column(c)));
  }
  answer->emplace("columns", std::move(columns));
  if (matrix.row_labels) answer->emplace("labels", cells(**matrix.row_labels));
}

void add_table(const data::Value& value, json::object* answer) {
  if (value.is_table_object() && value.table_object()->is_stored()) return;
  const auto table = functions::table_argument("print", value);
  json::array columns;
  for (size_t c = 0; c < table.columns(); ++c) columns.push_back(column(table.names()[c], table.column(c)));
  answer->emplace("columns", std::move(columns));
}

void add_dictionary(const data::Dictionary& dictionary, json::object* answer) {
  json::array entries;
  for (size_t i = 0; i < dictionary.size(); ++i) {
    json::array entry;
    entry.emplace_back(cell(dictionary.keys().at(i)));
    entry.emplace_back(cell(dictionary.values().at(i)));
    entries.push_back(std::move(entry));
  }
  answer->emplace("entries", std::move(entries));
}

std::string form_name(const data::Value& value) {
  if (value.is_void()) return "void";
  if (value.is_scalar()) return "scalar";
  if (value.is_vector()) return value.is_tuple() ? "tuple" : "vector";
  if (value.is_pair()) return "pair";
  if (value.is_set()) return "set";
  if (value.is_dictionary()) return "dictionary";
  if (value.is_matrix()) return "matrix";
  return value.is_table() ? "table" : "other";
}

json::object answer_of(const Ran& ran) {
  json::object answer;
  answer["printed"] = ran.printed;
  if (!ran.error.empty()) {
    answer["error"] = ran.error;
    return answer;
  }
  try {
    answer["form"] = form_name(ran.value);
    answer["text"] = cell(ran.value);
    if (ran.value.is_matrix()) add_matrix(ran.value.matrix(), &answer);
    if (ran.value.is_table()) add_table(ran.value, &answer);
    if (ran.value.is_dictionary()) add_dictionary(ran.value.dictionary(), &answer);
    if (ran.value.is_vector()) answer["elements"] = cells(ran.value.vector());
    if (ran.value.is_set()) answer["elements"] = cells(ran.value.set().elements());
  } catch (const ScriptError& error) {
    answer["error"] = error.message();
  }
  return answer;
}

}  // namespace

void answer_printed(std::istream& in, std::ostream& out, const std::function<Ran(const std::string&)>& run) {
  std::string line;
  while (std::getline(in, line)) {
    const std::string script(json::parse(line).as_string());
    out << json::serialize(answer_of(run(script))) << std::endl;
  }
}

}  // namespace pelorus::tests
