#include "stream/messages/stream_filter.h"

#include <algorithm>

#include "base/script_error.h"
#include "functions/arguments.h"
#include "stream/messages/message_rows.h"

namespace pelorus::stream {
namespace {

using data::Table;
using data::Value;

constexpr size_t kKindColumn = 1, kBodyColumn = 2;

/// Times as the range's own type: a range of a day's hours holds for every date.
void cut_by_time(const FilterRule& rule, const data::Shared<data::Vector>& times, std::vector<bool>& kept) {
  if (rule.times.empty()) return;
  const auto alike = functions::converted("streamFilter", times, rule.times[0].first.type());
  for (size_t r = 0; r < kept.size(); ++r) {
    const auto time = alike->scalar_at(r);
    const bool is_in = std::any_of(rule.times.begin(), rule.times.end(), [&](const auto& range) {
      return types::compare(range.first, time) <= 0 && types::compare(time, range.second) <= 0;
    });
    if (!is_in || time.is_null()) kept[r] = false;
  }
}

void cut_by_value(const FilterRule& rule, const data::Vector& values, std::vector<bool>& kept) {
  if (rule.values.empty()) return;
  for (size_t r = 0; r < kept.size(); ++r) {
    if (std::find(rule.values.begin(), rule.values.end(), values.text_at(r)) == rule.values.end()) kept[r] = false;
  }
}

Table rows_where(const Table& rows, const std::vector<bool>& kept) {
  std::vector<int64_t> places;
  for (size_t r = 0; r < kept.size(); ++r) {
    if (kept[r]) places.push_back(static_cast<int64_t>(r));
  }
  return places.size() == rows.rows() ? rows : rows.take(places);
}

}  // namespace

StreamFilter::StreamFilter(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, FilterTerms filter)
    : Engine(std::move(terms), std::move(session)), filter_(std::move(filter)) {
  const auto& input = this->terms().input;
  if (!filter_.schemas.empty()) {
    const bool fits = input.size() > kBodyColumn && types::is_literal(input[kKindColumn].type) &&
                      input[kBodyColumn].type == data::Type::kBlob;
    if (!fits)
      throw ScriptError(
          "streamFilter: with msgSchema dummyTable must begin with a time, a STRING or SYMBOL, and a BLOB.");
    return;
  }
  if (!this->terms().time_column.empty()) time_column_ = input_column(this->terms().time_column);
  if (!filter_.condition_column.empty()) {
    condition_column_ = input_column(filter_.condition_column);
    if (!types::is_literal(input[*condition_column_].type))
      throw ScriptError("streamFilter: conditionColumn must be STRING or SYMBOL.");
  }
}

void StreamFilter::hand_on(const FilterRule& rule, Table rows) {
  if (rows.rows() == 0) return;
  if (rule.handler.is_function()) {
    interpreter().call(rule.handler, {Value(std::move(rows))});
  } else if (const auto added = rule.handler.table_object()->append(rows); !added.ok()) {
    throw ScriptError(added.error().message);
  }
}

std::vector<bool> StreamFilter::met_by(const FilterRule& rule, const Table& rows) {
  std::vector<bool> kept(rows.rows(), true);
  cut_by_time(rule, rows.column_shared(time_column_), kept);
  if (condition_column_) cut_by_value(rule, rows.column(*condition_column_), kept);
  exec::RowScope scope(exec::Relation::of(rows, ""), nullptr);
  for (const auto& expression : rule.expressions) {
    const auto flags =
        functions::converted("condition", evaluate_column(expression, scope, interpreter()), data::Type::kBool);
    for (size_t r = 0; r < kept.size(); ++r) {
      if (flags->values<int8_t>()[r] != 1) kept[r] = false;
    }
  }
  return kept;
}

Table StreamFilter::process(const Table& rows) {
  if (!filter_.schemas.empty()) {
    process_messages(rows);
  } else if (rows.rows() > 0) {
    for (const auto& rule : filter_.rules) hand_on(rule, rows_where(rows, met_by(rule, rows)));
  }
  return {};
}

void StreamFilter::process_messages(const Table& rows) {
  const auto& kinds = rows.column(kKindColumn);
  const auto& bodies = rows.column(kBodyColumn);
  for (size_t from = 0, to = 0; from < rows.rows(); from = to) {
    const auto kind = kinds.text_at(from);
    while (to < rows.rows() && kinds.text_at(to) == kind) ++to;
    const auto schema = filter_.schemas.find(kind);
    if (schema == filter_.schemas.end()) continue;
    std::vector<std::string> messages;
    for (size_t r = from; r < to; ++r) messages.push_back(bodies.text_at(r));
    const Table unpacked = unpacked_rows(schema->second, messages);
    const auto times = rows.slice(from, to - from).column_shared(0);
    for (const auto& rule : filter_.rules) {
      const bool is_wanted =
          rule.values.empty() || std::find(rule.values.begin(), rule.values.end(), kind) != rule.values.end();
      if (!is_wanted) continue;
      std::vector<bool> kept(to - from, true);
      cut_by_time(rule, times, kept);
      hand_on(rule, rows_where(unpacked, kept));
    }
  }
}

}  // namespace pelorus::stream
