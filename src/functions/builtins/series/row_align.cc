// Rows of two array vectors of prices set side by side: rowAlign.

#include "functions/arguments.h"
#include "functions/builtins/series/register_series.h"
#include "functions/declare.h"
#include "functions/lift.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "rows";

using data::Buffer;
using types::kNull;

/// bid: prices fall; ask: they rise. Without `all`, prices beyond the shorter side's last one are left out.
struct AlignRule {
  bool rising;
  bool all;
};

AlignRule rule_of(const Arguments& a) {
  auto how = a.text(2, "how");
  for (auto& c : how) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (how == "bid" || how == "allbid") return {.rising = false, .all = how == "allbid"};
  if (how == "ask" || how == "allask") return {.rising = true, .all = how == "allask"};
  a.refuse("how", "must be bid, allBid, ask or allAsk.");
}

/// The positions of two rows by price, -1 where a side lacks one.
void align_row(std::span<const double> left, std::span<const double> right, const AlignRule& rule,
               Buffer<int32_t>* left_out, Buffer<int32_t>* right_out) {
  const auto before = [&](double a, double b) { return rule.rising ? a < b : a > b; };
  const bool bounded = !rule.all && !left.empty() && !right.empty();
  const double bound = !bounded ? 0 : before(left.back(), right.back()) ? left.back() : right.back();
  size_t l = 0, r = 0;
  while (l < left.size() || r < right.size()) {
    const bool takes_left = l < left.size() && (r == right.size() || !before(right[r], left[l]));
    const bool takes_right = r < right.size() && (l == left.size() || !before(left[l], right[r]));
    if (bounded && before(bound, takes_left ? left[l] : right[r])) return;
    left_out->push_back(takes_left ? static_cast<int32_t>(l) : -1);
    right_out->push_back(takes_right ? static_cast<int32_t>(r) : -1);
    l += takes_left;
    r += takes_right;
  }
}

Value row_align(CallContext&, std::span<Value> args) {
  Arguments a("rowAlign", args);
  const auto rule = rule_of(a);
  for (size_t side = 0; side < 2; ++side) {
    const bool has_rows = args[side].is_vector() && (args[side].vector().is_array() || args[side].is_tuple());
    if (!has_rows) a.refuse(side == 0 ? "left" : "right", "must be an array vector or a tuple of rows.");
  }
  const auto &left = args[0].vector(), &right = args[1].vector();
  if (left.size() != right.size()) a.refuse("right", "must have as many rows as left.");
  Buffer<int32_t> positions[2];
  Buffer<int64_t> ends;
  std::vector<Value> rows[2];
  for (size_t row = 0; row < left.size(); ++row) {
    const size_t begin = positions[0].size();
    const auto l = as_doubles("rowAlign", elements_for("rowAlign", left.at(row))),
               r = as_doubles("rowAlign", elements_for("rowAlign", right.at(row)));
    align_row(l->values<double>(), r->values<double>(), rule, &positions[0], &positions[1]);
    ends.push_back(static_cast<int64_t>(positions[0].size()));
    for (size_t side = 0; left.is_tuple() && side < 2; ++side)
      rows[side].emplace_back(Vector::adopt(
          Type::kInt,
          Buffer<int32_t>(positions[side].begin() + static_cast<std::ptrdiff_t>(begin), positions[side].end())));
  }
  if (left.is_tuple()) return Vector::tuple({Vector::tuple(std::move(rows[0])), Vector::tuple(std::move(rows[1]))});
  return Vector::tuple({Vector::array(Vector::adopt(Type::kInt, std::move(positions[0])), ends),
                        Vector::array(Vector::adopt(Type::kInt, std::move(positions[1])), ends)});
}

}  // namespace

void register_row_align(Registry& registry) {
  declare(registry, kFamily, Nature::kWhole,
          {"rowAlign", "left, right, how", row_align,
           "Positions that set the prices of two rows side by side, -1 where one side lacks a price.",
           "rowAlign([[3.0, 2, 1]], [[4.0, 3, 2]], \"bid\")", "(([-1,0,1]),([0,1,2]))"});
}

}  // namespace pelorus::functions
