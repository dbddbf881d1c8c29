#include "exec/operators/order_result.h"

#include <algorithm>

#include "base/script_error.h"
#include "data/convert.h"
#include "exec/operators/key_columns.h"
#include "syntax/print.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Value;
using data::Vector;
using syntax::as;

int64_t integer_of(const Value& value, std::string_view what) {
  if (!value.is_scalar() || !types::is_integral(value.type()) || value.is_null()) {
    throw ScriptError("integer constant expected after keyword " + std::string(what));
  }
  return value.scalar().as_int64();
}

/// Result columns over source columns.
class ResultScope final : public Scope {
 public:
  ResultScope(const data::Table& result, RowScope* source, Scope* outer)
      : Scope(outer), result_(result), source_(source) {}
  std::optional<Value> find(std::string_view name) override {
    const int c = result_.find(name);
    if (c >= 0) return Value(result_.column_shared(static_cast<size_t>(c)));
    return source_ ? source_->find(name) : std::nullopt;
  }
  std::optional<Value> find_qualified(std::string_view qualifier, std::string_view name) override {
    if (source_) return source_->find_qualified(qualifier, name);
    return find(name);
  }
  std::optional<Value> find_computed(const syntax::Expr& node) override {
    return source_ ? source_->find_computed(node) : std::nullopt;
  }

 private:
  const data::Table& result_;
  RowScope* source_;
};

}  // namespace

bool is_nulls_last(const syntax::OrderKey& key) { return key.nulls_first ? !*key.nulls_first : key.descending; }

std::pair<size_t, size_t> RowLimit::range(size_t rows) const {
  const auto size = static_cast<int64_t>(rows);
  if (count < 0) {
    const int64_t last = std::min(-count, size);
    return {static_cast<size_t>(size - last), static_cast<size_t>(last)};
  }
  const int64_t begin = std::clamp<int64_t>(from, 0, size);
  return {static_cast<size_t>(begin), static_cast<size_t>(std::min(count, size - begin))};
}

RowLimit limit_of(const syntax::Query& query, Evaluator& evaluator, Scope* constants) {
  RowLimit limit;
  if (query.limit) {
    limit.count = integer_of(evaluator.evaluate(*query.limit, constants), "limit");
    if (query.offset) limit.from = integer_of(evaluator.evaluate(*query.offset, constants), "limit");
  }
  if (!query.top) return limit;
  if (const auto* pair = as<syntax::PairLiteral>(query.top)) {
    limit.from = integer_of(evaluator.evaluate(*pair->from, constants), "top");
    limit.count = std::max<int64_t>(integer_of(evaluator.evaluate(*pair->to, constants), "top") - limit.from, 0);
  } else {
    limit.count = integer_of(evaluator.evaluate(*query.top, constants), "top");
  }
  return limit;
}

data::Table order_and_limit(data::Table result, const std::vector<syntax::OrderKey>& keys, const RowLimit& limit,
                            const std::vector<std::pair<std::string, std::string>>& item_texts, RowScope* source,
                            Evaluator& evaluator, Scope* outer) {
  const size_t rows = result.rows();
  if (keys.empty()) {
    if (limit.is_all()) return result;
    const auto [from, count] = limit.range(rows);
    return result.slice(from, count);
  }
  ResultScope scope(result, source && source->rows() == rows ? source : nullptr, outer);
  std::vector<OrderColumn> columns;
  for (const auto& key : keys) {
    const std::string text = syntax::print(*key.key);
    const auto item =
        std::find_if(item_texts.begin(), item_texts.end(), [&](const auto& i) { return i.first == text; });
    const Value value = item != item_texts.end() && scope.find(item->second) ? *scope.find(item->second)
                                                                             : evaluator.evaluate(*key.key, &scope);
    if (value.is_scalar()) continue;  // orders nothing
    if (!value.is_vector() || value.vector().size() != rows) {
      throw ScriptError("The order by key [" + text + "] must have as many elements as the result has rows.");
    }
    columns.push_back({value.vector_shared(), key.descending, is_nulls_last(key)});
  }
  const auto [from, count] = limit.range(rows);
  const bool first_only = limit.count >= 0 && from + count < rows;
  auto order = order_rows(columns, rows, first_only ? from + count : SIZE_MAX);
  order.erase(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(from));
  order.resize(std::min(order.size(), count));
  return result.take(order);
}

data::Table distinct_rows(const data::Table& table) {
  std::vector<Shared<Vector>> columns;
  for (size_t c = 0; c < table.columns(); ++c) columns.push_back(table.column_shared(c));
  auto first = group_by_columns(columns, table.rows(), "distinct", nullptr).first_row;
  std::sort(first.begin(), first.end());
  return table.take(first);
}

}  // namespace pelorus::exec
