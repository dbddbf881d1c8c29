#include "stream/row_filter.h"

#include "base/script_error.h"
#include "functions/series.h"

namespace pelorus::stream {
namespace {

using data::Shared;
using data::Table;
using data::Value;
using data::Vector;

[[noreturn]] void refuse(std::string_view function) {
  throw ScriptError(
      std::string(function) +
      ": filter must be values of the filter column, a pair of them, a tuple of a number of buckets and a "
      "bucket, or a function.");
}

Table where(const Table& rows, const Vector& holds) {
  std::vector<int64_t> kept;
  for (size_t r = 0; r < rows.rows(); ++r) {
    if (!holds.is_null_at(r) && holds.scalar_at(r).as_int64() != 0) kept.push_back(static_cast<int64_t>(r));
  }
  return kept.size() == rows.rows() ? rows : rows.take(kept);
}

Value call(exec::WorkerSession& session, std::string_view function, const Value& a, const Value& b) {
  const auto found = session.interpreter().find_function(function);
  return session.interpreter().call(*found, {a, b});
}

/// Rows whose value is at least the pair's first and below its second.
Table within(exec::WorkerSession& session, const Table& rows, const Value& column, const Vector& bounds) {
  const Value low(bounds.scalar_at(0)), high(bounds.scalar_at(1));
  const Value holds = call(session, "and", call(session, "ge", column, low), call(session, "lt", column, high));
  return where(rows, holds.vector());
}

}  // namespace

std::unique_ptr<RowFilter> RowFilter::make(std::string_view function, const StreamTable& table, const Value& wanted,
                                           functions::CallContext& creator) {
  Value rule = wanted;
  if (rule.is_scalar() && rule.is_text()) rule = creator.run_script(rule.scalar().text());
  if (rule.is_function()) {
    return std::unique_ptr<RowFilter>(
        new RowFilter(creator, [rule, name = std::string(function)](exec::WorkerSession& session, const Table& rows) {
          return functions::table_argument(name, session.interpreter().call(rule, {Value(rows)}));
        }));
  }
  const auto schema = table.schema();
  const auto column_name = table.filter_column();
  const int found = Table(schema).find(column_name);
  if (column_name.empty() || found < 0)
    throw ScriptError(std::string(function) + ": the table has no filter column; see setStreamTableFilterColumn.");
  const auto at = static_cast<size_t>(found);
  if (rule.is_pair()) {
    const Vector bounds = rule.pair().elements;
    return std::unique_ptr<RowFilter>(
        new RowFilter(creator, [bounds, at](exec::WorkerSession& session, const Table& rows) {
          return within(session, rows, Value(rows.column_shared(at)), bounds);
        }));
  }
  if (rule.is_tuple()) {
    const auto parts = rule.vector().values_any();
    constexpr size_t kParts = 2;
    if (parts.size() != kParts || !parts[0].is_scalar() || !(parts[1].is_scalar() || parts[1].is_pair()))
      refuse(function);
    const Value buckets = parts[0], bucket = parts[1];
    return std::unique_ptr<RowFilter>(
        new RowFilter(creator, [buckets, bucket, at](exec::WorkerSession& session, const Table& rows) {
          const Value found_in = call(session, "hashBucket", Value(rows.column_shared(at)), buckets);
          if (bucket.is_pair()) return within(session, rows, found_in, bucket.pair().elements);
          return where(rows, call(session, "eq", found_in, bucket).vector());
        }));
  }
  const auto values = functions::elements_of(rule);
  if (!values) refuse(function);
  const auto finder = std::make_shared<const functions::Finder>("subscribeTable", **values);
  return std::unique_ptr<RowFilter>(new RowFilter(creator, [finder, at](exec::WorkerSession&, const Table& rows) {
    const auto positions = finder->find(rows.column_shared(at));
    std::vector<int64_t> kept;
    for (size_t r = 0; r < positions.size(); ++r) {
      if (positions[r] >= 0) kept.push_back(static_cast<int64_t>(r));
    }
    return kept.size() == rows.rows() ? rows : rows.take(kept);
  }));
}

std::unique_ptr<RowFilter> RowFilter::of_condition(const std::string& condition, functions::CallContext& creator) {
  const Value function = creator.run_script("def(rows) { return select * from rows where " + condition + " }");
  if (!function.is_function()) throw ScriptError("publishTable: the filter " + condition + " is no condition.");
  return std::unique_ptr<RowFilter>(new RowFilter(creator, [function](exec::WorkerSession& session, const Table& rows) {
    return functions::table_argument("publishTable", session.interpreter().call(function, {Value(rows)}));
  }));
}

}  // namespace pelorus::stream
