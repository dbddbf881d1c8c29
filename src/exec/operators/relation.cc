#include "exec/operators/relation.h"

#include <strings.h>

#include "base/script_error.h"
#include "exec/operators/take_rows.h"
#include "kernels/pick_rows.h"
#include "plan/walk.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Value;
using data::Vector;

bool same_without_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

Relation Relation::of(const data::Table& table, const std::string& qualifier) {
  Relation out;
  out.rows = table.rows();
  for (size_t c = 0; c < table.columns(); ++c) {
    out.columns.push_back({.name = table.names()[c],
                           .qualifier = qualifier,
                           .own_name = table.names()[c],
                           .values = table.column_shared(c)});
  }
  return out;
}

Relation Relation::of(std::shared_ptr<ColumnSource> source, const std::string& qualifier) {
  Relation out;
  out.rows = static_cast<size_t>(value_or_throw(source->rows()));
  const auto& schema = source->schema();
  for (size_t c = 0; c < schema.size(); ++c) {
    out.columns.push_back({.name = schema[c].name,
                           .qualifier = qualifier,
                           .own_name = schema[c].name,
                           .source = source,
                           .source_column = c});
  }
  return out;
}

int Relation::find(std::string_view name) const {
  for (size_t c = 0; c < columns.size(); ++c) {
    if (!columns[c].hidden && columns[c].name == name) return static_cast<int>(c);
  }
  for (size_t c = 0; c < columns.size(); ++c) {
    if (!columns[c].hidden && same_without_case(columns[c].name, name)) return static_cast<int>(c);
  }
  return -1;
}

int Relation::find_qualified(std::string_view qualifier, std::string_view name) const {
  int loose = -1;
  for (size_t c = 0; c < columns.size(); ++c) {
    if (columns[c].qualifier != qualifier) continue;
    if (columns[c].own_name == name) return static_cast<int>(c);
    if (loose < 0 && same_without_case(columns[c].own_name, name)) loose = static_cast<int>(c);
  }
  return loose;
}

Shared<Vector> Relation::gather(size_t c, const RowNumbers* wanted, WorkerPool* workers) {
  auto& column = columns[c];
  if (column.source) {
    column.values = value_or_throw(column.source->read(column.source_column));
    column.source = nullptr;
  }
  if (column.map < 0) return wanted ? Shared<Vector>(take_rows(*column.values, *wanted, workers)) : column.values;
  const auto& map = *maps[static_cast<size_t>(column.map)];
  if (!wanted) return take_rows(*column.values, map, workers);
  RowNumbers through(wanted->size());
  for (size_t i = 0; i < through.size(); ++i) through[i] = map[static_cast<size_t>((*wanted)[i])];
  return take_rows(*column.values, through, workers);
}

data::Table Relation::table(const RowNumbers* wanted) {
  std::vector<std::string> names;
  std::vector<Shared<Vector>> values;
  for (size_t c = 0; c < columns.size(); ++c) {
    if (columns[c].hidden || !columns[c].starred) continue;
    names.push_back(columns[c].name);
    values.push_back(gather(c, wanted));
  }
  return data::Table(std::move(names), std::move(values));
}

int RowScope::find_column(const syntax::Expr& expr) const {
  if (const auto* name = syntax::as<syntax::Name>(expr)) return find_column(name->name);
  const auto* member = syntax::as<syntax::Member>(expr);
  const auto* object = member ? syntax::as<syntax::Name>(member->object) : nullptr;
  return object ? find_column(object->name, member->name) : -1;
}

std::optional<Value> RowScope::find(std::string_view name) {
  const int c = find_column(name);
  if (c < 0) return std::nullopt;
  return Value(column(static_cast<size_t>(c)));
}

std::optional<Value> RowScope::find_qualified(std::string_view qualifier, std::string_view name) {
  const int c = find_column(qualifier, name);
  if (c < 0) return std::nullopt;
  return Value(column(static_cast<size_t>(c)));
}

std::optional<Value> RowScope::find_computed(const syntax::Expr& node) {
  if (const auto found = computed_.find(&node); found != computed_.end()) return found->second;
  if (!plan::is_count_of_rows(node)) return std::nullopt;
  return Value::of_int(static_cast<int32_t>(rows()));
}

Shared<Vector> RowScope::column(size_t c) {
  if (const auto found = gathered_.find(c); found != gathered_.end()) return found->second;
  if (placement_ && relation_.columns[c].map < 0) {
    const auto values = relation_.gather(c, nullptr);
    if (RowPlacement::places(*values)) {
      const auto* shown = selection_ ? &*selection_ : nullptr;
      return gathered_.emplace(c, Shared<Vector>(placement_->place(*values, shown, workers_))).first->second;
    }
  }
  return gathered_.emplace(c, relation_.gather(c, selection(), workers_)).first->second;
}

const RowNumbers* RowScope::selection() {
  if (placement_) {
    auto order = placement_->order(workers_);
    if (selection_) renumber(order);
    selection_ = std::move(order);
    placement_ = nullptr;
  }
  return selection_ ? &*selection_ : nullptr;
}

void RowScope::place(std::shared_ptr<const RowPlacement> placement) {
  (void)selection();
  placement_ = std::move(placement);
  gathered_.clear();
}

/// Numbers among the selected rows become numbers of the relation's.
void RowScope::renumber(RowNumbers& numbers) const {
  share_range(workers_, numbers.size(), [&](size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) numbers[i] = (*selection_)[static_cast<size_t>(numbers[i])];
  });
}

void RowScope::filter(std::span<const int8_t> keep) {
  size_t count = 0;
  for (const auto flag : keep) count += flag == 1;
  if (count == keep.size()) return;
  RowNumbers kept(count + kernels::kPickSpare);
  if (const auto* numbers = selection())
    kernels::pick_rows(keep, numbers->data(), kept.data());
  else
    kernels::pick_rows(keep, int64_t{0}, kept.data());
  kept.resize(count);
  selection_ = std::move(kept);
  gathered_.clear();
}

void RowScope::pick(RowNumbers numbers) {
  if (selection()) renumber(numbers);
  selection_ = std::move(numbers);
  gathered_.clear();
}

}  // namespace pelorus::exec
