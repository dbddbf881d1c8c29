#include "exec/operators/part_groups.h"

#include "exec/operators/key_columns.h"
#include "kernels/visit_number.h"
#include "syntax/print.h"

namespace pelorus::exec {

using data::Shared;
using data::Type;
using data::Vector;
using types::Repr;

namespace {

/// So many groups are numbered in any case; of more, each has to have two rows at least on average.
constexpr size_t kGroupsAlways = 1 << 18;

}  // namespace

std::optional<PartTerm> part_term(RowParts& parts, const syntax::Expr& expr) {
  if (!parts.take(expr)) return std::nullopt;
  const auto like = parts.over_nothing(expr);
  if (!like || (*like)->type() == Type::kVoid) return std::nullopt;
  switch ((*like)->repr()) {
    case Repr::kI8:
    case Repr::kI16:
    case Repr::kI32:
    case Repr::kI64:
    case Repr::kF32:
    case Repr::kF64: return PartTerm{&expr, syntax::print(expr), *like};
    default: return std::nullopt;
  }
}

Shared<Vector> values_like(const PartTerm& term, RowParts::Part& part) {
  auto values = part.values(*term.expr);
  const auto& like = *term.like;
  const bool is_alike = values->type() == like.type() && values->scale() == like.scale() && !values->is_array() &&
                        (like.type() != Type::kSymbol || values->symbols_shared() == like.symbols_shared());
  if (!is_alike) throw OtherType();
  return values;
}

const void* data_of(const Vector& column, size_t from) {
  return kernels::visit_number(column.repr(),
                               [&]<class T>() -> const void* { return column.values<T>().data() + from; });
}

const void* values_of(const PartTerm& term, RowParts::Part& part, std::vector<Shared<Vector>>& held) {
  if (const auto* column = part.column(*term.expr)) return data_of(*column, part.first());
  held.push_back(values_like(term, part));
  return data_of(*held.back());
}

bool PartGroups::take(const std::vector<SelectItem>& keys) {
  for (const auto& key : keys) {
    auto term = key.names.size() == 1 ? part_term(parts_, *key.expr) : std::nullopt;
    if (!term || types::is_floating(term->like->type())) return false;
    keys_.push_back(std::move(*term));
  }
  return true;
}

void PartGroups::number(size_t stretch, RowParts::Part& part, uint32_t* numbers) {
  std::vector<Shared<Vector>> held;
  held.reserve(keys_.size());
  std::vector<kernels::WholeKey> keys;
  for (const auto& key : keys_) keys.push_back({key.like->repr(), values_of(key, part, held)});
  numbers_[stretch].number(keys, part.rows(), numbers);
  auto& rows = rows_[stretch];
  rows += part.rows();
  if (met(stretch) > kGroupsAlways && met(stretch) > rows / 2) throw OtherType();
}

PartGroups::Joined PartGroups::join() const {
  std::vector<Shared<Vector>> columns;
  size_t met = 0;
  for (const auto& numbers : numbers_) met += numbers.count();
  for (size_t k = 0; k < keys_.size(); ++k) {
    std::vector<int64_t> values;
    values.reserve(met);
    for (const auto& numbers : numbers_) {
      const auto own = numbers.count() == 0 ? std::vector<int64_t>() : numbers.values(k);
      values.insert(values.end(), own.begin(), own.end());
    }
    const auto& like = *keys_[k].like;
    if (like.type() == Type::kSymbol) {
      columns.emplace_back(
          Vector::of_symbols(like.symbols_shared(), data::Buffer<int32_t>(values.begin(), values.end())));
      continue;
    }
    columns.emplace_back(kernels::visit_whole(like.repr(), [&]<class T>() {
      return Vector::adopt<T>(like.type(), data::Buffer<T>(values.begin(), values.end()), like.scale());
    }));
  }
  const auto groups = group_by_columns(columns, met, "group by");
  Joined out;
  out.groups = groups.count();
  auto from = groups.of_row.begin();
  for (const auto& numbers : numbers_) {
    const auto end = from + static_cast<std::ptrdiff_t>(numbers.count());
    out.as.emplace_back(from, end);
    from = end;
  }
  for (const auto& column : columns) out.key_values.emplace_back(column->take(groups.first_row));
  return out;
}

}  // namespace pelorus::exec
