#include "exec/parts/part_groups.h"

#include <utility>

#include "exec/operators/key_columns.h"
#include "exec/operators/take_rows.h"
#include "kernels/ranked_set.h"
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
/// After so many rows it shows when nearly each is a group of its own, as it does not where groups come back soon.
constexpr size_t kRowsTried = 1 << 16;
bool is_alike(const Vector& values, const Vector& like) {
  return values.type() == like.type() && values.scale() == like.scale() && !values.is_array() &&
         (like.type() != Type::kSymbol || values.symbols_shared() == like.symbols_shared());
}

constexpr bool are_all_alone(size_t groups, size_t rows) { return rows >= kRowsTried && groups > rows - rows / 128; }

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
  if (!is_alike(*values, *term.like)) throw OtherType();
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

RankedValues rank_values(const std::vector<int64_t>& met, const Vector& like) {
  const Shared<Vector> column(kernels::visit_whole(
      like.repr(), [&]<class T>() { return column_like(like, data::Buffer<T>(met.begin(), met.end())); }));
  auto groups = group_by_columns({column}, met.size(), "group by", nullptr);
  return {Shared<Vector>(column->take(groups.first_row)), std::move(groups.of_row)};
}

bool PartGroups::take(const std::vector<SelectItem>& keys) {
  for (const auto& key : keys) {
    auto term = key.names.size() == 1 ? part_term(parts_, *key.expr) : std::nullopt;
    if (!term || types::is_floating(term->like->type())) return false;
    keys_.push_back(std::move(*term));
  }
  return true;
}

void PartGroups::prepare(size_t stretches) {
  numbers_.assign(stretches, kernels::GroupNumbers(std::max<size_t>(keys_.size(), 1)));
  rows_.assign(stretches, 0);
  for (const auto& key : keys_) {
    auto ascending = parts_.ascending(*key.expr);
    if (ascending && !is_alike(*ascending->least, *key.like)) ascending.reset();
    ascending_.push_back(std::move(ascending));
  }
}

/// What is known by runs is not read.
kernels::RowKey PartGroups::key_values(size_t key, RowParts::Part& part, HeldKeys& held) const {
  const auto& term = keys_[key];
  const auto repr = term.like->repr();
  auto runs = part.runs(*term.expr, ascending_[key] ? &*ascending_[key] : nullptr);
  if (!runs) return {{repr, values_of(term, part, held.values)}};
  if (!is_alike(*runs->values, *term.like)) throw OtherType();
  held.values.push_back(runs->values);
  held.ends.push_back(std::move(runs->ends));
  return {{repr, data_of(*held.values.back())}, held.ends.back()};
}

void PartGroups::number(size_t stretch, RowParts::Part& part, uint32_t* numbers) {
  HeldKeys held;
  std::vector<kernels::RowKey> keys;
  for (size_t k = 0; k < keys_.size(); ++k) keys.push_back(key_values(k, part, held));
  numbers_[stretch].number(keys, part.rows(), numbers);
  auto& rows = rows_[stretch];
  rows += part.rows();
  const size_t groups = met(stretch);
  if ((groups > kGroupsAlways && groups > rows / 2) || are_all_alone(groups, rows)) throw OtherType();
}

namespace {

/// Rows by the ranks of their keys, numbered ascending.
struct NumberedRanks {
  size_t count = 0;
  std::vector<uint32_t> of_row;
  std::vector<RowNumbers> ranks;  // by key and number
};

/// How many combinations of ranks there are, while a bit for each of them is little beside the rows.
std::optional<uint64_t> few_combinations(const std::vector<uint64_t>& counts, size_t rows) {
  const uint64_t most = std::max<uint64_t>(1 << 16, 64 * static_cast<uint64_t>(rows));
  uint64_t product = 1;
  for (const auto count : counts) {
    if (count > 0 && product > most / count) return std::nullopt;
    product *= std::max<uint64_t>(count, 1);
  }
  return product;
}

/// A bit for each combination there might be.
NumberedRanks number_by_bits(const std::vector<RowNumbers>& ranks, const std::vector<uint64_t>& counts,
                             uint64_t combinations, WorkerPool* workers) {
  const size_t rows = ranks[0].size();
  const size_t shares = workers ? workers->threads() : 1;
  const auto share_of = [&](size_t share) { return std::pair(rows * share / shares, rows * (share + 1) / shares); };
  Buffer<uint64_t> all(rows);
  run_parts(workers, shares, [&](size_t, size_t share) {
    const auto [from, to] = share_of(share);
    for (size_t i = from; i < to; ++i) all[i] = static_cast<uint64_t>(ranks[0][i]);
    for (size_t k = 1; k < ranks.size(); ++k) {
      for (size_t i = from; i < to; ++i) all[i] = all[i] * counts[k] + static_cast<uint64_t>(ranks[k][i]);
    }
  });
  kernels::RankedSet set(combinations);
  for (const auto one : all) set.add(one);
  set.rank();
  NumberedRanks out;
  out.count = set.count();
  out.of_row.resize(rows);
  run_parts(workers, shares, [&](size_t, size_t share) {
    const auto [from, to] = share_of(share);
    set.ranks_of(std::span(all).subspan(from, to - from), out.of_row.data() + from);
  });
  out.ranks.resize(ranks.size());
  for (auto& own : out.ranks) own.resize(out.count);
  run_parts(workers, shares, [&](size_t, size_t share) {
    std::vector<uint64_t> own(ranks.size());  // of the member before
    uint64_t before = 0;
    set.each(share, shares, [&](uint64_t one, uint32_t number) {
      own.back() += one - std::exchange(before, one);
      // Most members differ from the one before in the last rank only.
      for (size_t k = own.size() - 1; k > 0 && own[k] >= counts[k]; --k) {
        own[k - 1] += own[k] / counts[k];
        own[k] %= counts[k];
      }
      for (size_t k = 0; k < own.size(); ++k) out.ranks[k][number] = static_cast<int64_t>(own[k]);
    });
  });
  return out;
}

NumberedRanks number_ranks(std::vector<RowNumbers> ranks, const std::vector<uint64_t>& counts, WorkerPool* workers) {
  const size_t rows = ranks[0].size();
  if (const auto combinations = few_combinations(counts, rows))
    return number_by_bits(ranks, counts, *combinations, workers);
  std::vector<Shared<Vector>> columns;
  for (auto& own : ranks) columns.emplace_back(Vector::adopt<int64_t>(Type::kLong, std::move(own)));
  auto groups = group_by_columns(columns, rows, "group by", nullptr);
  NumberedRanks out{groups.count(), std::move(groups.of_row), {}};
  for (const auto& column : columns) {
    const auto first = column->take(groups.first_row);
    const auto values = first.values<int64_t>();
    out.ranks.emplace_back(values.begin(), values.end());
  }
  return out;
}

}  // namespace

/// A key's different values in their order, and the place of each code of each stretch among them.
struct PartGroups::RankedKey {
  Shared<Vector> values;
  std::vector<std::vector<uint32_t>> ranks;  // by stretch and code
};

PartGroups::RankedKey PartGroups::ranked(size_t k) const {
  std::vector<int64_t> met;
  for (const auto& numbers : numbers_) met.insert(met.end(), numbers.values(k).begin(), numbers.values(k).end());
  const auto ranked = rank_values(met, *keys_[k].like);
  RankedKey out{ranked.values, {}};
  auto from = ranked.ranks.begin();
  for (const auto& numbers : numbers_) {
    const auto end = from + static_cast<std::ptrdiff_t>(numbers.values(k).size());
    out.ranks.emplace_back(from, end);
    from = end;
  }
  return out;
}

PartGroups::Joined PartGroups::join(WorkerPool* workers) const {
  std::vector<RankedKey> keys;
  for (size_t k = 0; k < keys_.size(); ++k) keys.push_back(ranked(k));
  std::vector<size_t> starts{0};  // of the stretches' groups, one stretch after the other
  for (const auto& numbers : numbers_) starts.push_back(starts.back() + numbers.count());
  std::vector<RowNumbers> ranks(keys.size());  // by key and group
  for (auto& own : ranks) own.resize(starts.back());
  run_parts(workers, numbers_.size() * keys.size(), [&](size_t, size_t part) {
    const size_t stretch = part / keys.size(), k = part % keys.size();
    const auto codes = numbers_[stretch].codes(k);
    for (size_t g = 0; g < codes.size(); ++g) ranks[k][starts[stretch] + g] = keys[k].ranks[stretch][codes[g]];
  });
  Joined out;
  std::vector<uint64_t> counts;
  for (const auto& key : keys) counts.push_back(key.values->size());
  const auto numbered = number_ranks(std::move(ranks), counts, workers);
  out.groups = numbered.count;
  for (size_t s = 0; s < numbers_.size(); ++s) {
    const auto from = numbered.of_row.begin();
    out.as.emplace_back(from + static_cast<std::ptrdiff_t>(starts[s]),
                        from + static_cast<std::ptrdiff_t>(starts[s + 1]));
  }
  out.key_values.resize(keys.size(), keys[0].values);
  for (size_t k = 0; k < keys.size(); ++k)
    out.key_values[k] = Shared<Vector>(take_rows(*keys[k].values, numbered.ranks[k], workers));
  return out;
}

}  // namespace pelorus::exec
