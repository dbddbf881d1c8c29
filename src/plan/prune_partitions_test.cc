#include "plan/prune_partitions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

#include "data/convert.h"
#include "plan/constraint.h"
#include "syntax/parse_script.h"

namespace pelorus::plan {
namespace {

using meta::PartitionKey;
using meta::PartitionLevel;
using meta::PartitionScheme;
using meta::PartitionType;
using types::Scalar;
using types::Type;

Scalar date(int32_t days) { return Scalar::of<int32_t>(Type::kDate, days); }

const data::Schema kSchema{{.name = "id", .type = Type::kInt},
                           {.name = "ts", .type = Type::kTimestamp},
                           {.name = "sym", .type = Type::kSymbol},
                           {.name = "px", .type = Type::kDouble}};

/// Literals, vectors of literals, pairs of them; nothing that names anything.
std::optional<data::Value> constant(const syntax::Expr& expr) {
  if (const auto* literal = syntax::as<syntax::Literal>(expr)) return data::Value(literal->value);
  if (const auto* vector = syntax::as<syntax::ConstantVector>(expr)) {
    data::Vector out(vector->values[0].type());
    for (const auto& value : vector->values) out.push_back(data::Value(value));
    return data::Value(std::move(out));
  }
  return std::nullopt;
}

Constraint read(const std::string& where) {
  const auto query = syntax::parse_expression("select * from t where " + where, syntax::AnyName());
  return constraint_of(syntax::as<syntax::Query>(query)->where, kSchema, constant);
}

PartitionLevel values(std::vector<Scalar> list, Type type) {
  PartitionLevel level{.type = PartitionType::kValue, .value_type = type};
  level.values = std::move(list);
  return level;
}
PartitionLevel ranges(std::vector<int32_t> bounds) {
  PartitionLevel level{.type = PartitionType::kRange, .value_type = Type::kInt};
  for (const auto bound : bounds) level.values.push_back(Scalar::of_int(bound));
  return level;
}
PartitionLevel hash(Type type, int32_t buckets) {
  return {.type = PartitionType::kHash, .value_type = type, .buckets = buckets};
}

/// How many of the scheme's partitions a condition leaves.
size_t left(const PartitionScheme& scheme, const std::vector<std::string>& columns, const std::string& where) {
  std::vector<PartitionKey> keys{{}};
  for (const auto& level : scheme.levels) {
    std::vector<PartitionKey> next;
    for (const auto& key : keys) {
      for (const auto& part : parts_of(level)) {
        next.push_back(key);
        next.back().parts.push_back(part);
      }
    }
    keys = std::move(next);
  }
  const auto constraint = read(where);
  return static_cast<size_t>(std::count_if(keys.begin(), keys.end(), [&](const auto& key) {
    return may_match(constraint, {scheme, columns}, key);
  }));
}

std::vector<Scalar> days(int count) {
  std::vector<Scalar> out;
  for (int d = 0; d < count; ++d) out.push_back(date(18628 + d));  // from 2021.01.01
  return out;
}

TEST(PrunePartitions, a_finer_column_is_compared_with_a_scheme_of_days) {
  const PartitionScheme scheme{{values(days(10), Type::kDate)}};
  const std::vector<std::string> by{"ts"};
  EXPECT_EQ(left(scheme, by, "ts >= 2021.01.03T00:00:00.000, ts < 2021.01.05T00:00:00.000"), 2u);
  EXPECT_EQ(left(scheme, by, "ts <= 2021.01.05T00:00:00.000"), 5u);
  EXPECT_EQ(left(scheme, by, "ts > 2021.01.09"), 2u) << "the 9th after midnight still matches";
  EXPECT_EQ(left(scheme, by, "date(ts) = 2021.01.03"), 1u);
  EXPECT_EQ(left(scheme, by, "date(ts) between 2021.01.03 : 2021.01.05"), 3u);
  EXPECT_EQ(left(scheme, by, "ts between 2021.01.03T12:00:00 and 2021.01.04T12:00:00"), 2u);
  EXPECT_EQ(left(scheme, by, "month(ts) = 2021.01M"), 10u) << "not what the scheme is made of";
}

TEST(PrunePartitions, and_or_in_narrow_and_what_is_unknown_does_not) {
  const PartitionScheme scheme{{ranges({0, 10, 20, 30, 40})}};
  const std::vector<std::string> by{"id"};
  EXPECT_EQ(left(scheme, by, "id = 10"), 1u);
  EXPECT_EQ(left(scheme, by, "id < 10"), 1u);
  EXPECT_EQ(left(scheme, by, "10 > id"), 1u);
  EXPECT_EQ(left(scheme, by, "id in 5 6 35"), 2u);
  EXPECT_EQ(left(scheme, by, "id = 5 or id = 35"), 2u);
  EXPECT_EQ(left(scheme, by, "id = 5 or px > 3"), 4u);
  EXPECT_EQ(left(scheme, by, "id = 5 and px > 3"), 1u);
  EXPECT_EQ(left(scheme, by, "id = 5, id = 15"), 0u);
  EXPECT_EQ(left(scheme, by, "id + 1 = 5"), 4u);
  EXPECT_EQ(left(scheme, by, "5 < id < 8"), 4u) << "chained comparisons do not prune";
  EXPECT_EQ(left(scheme, by, "id != 5"), 4u);
}

TEST(PrunePartitions, each_level_of_a_compound_scheme_narrows) {
  const PartitionScheme scheme{{values(days(4), Type::kDate), hash(Type::kSymbol, 5)}};
  const std::vector<std::string> by{"ts", "sym"};
  EXPECT_EQ(left(scheme, by, "sym = `AAPL"), 4u);
  EXPECT_EQ(left(scheme, by, "sym = `AAPL, date(ts) = 2021.01.02"), 1u);
  EXPECT_LE(left(scheme, by, "sym in `AAPL`IBM"), 8u);
  EXPECT_EQ(left(scheme, by, "sym > `AAPL"), 20u) << "hashing keeps no order";
}

/// Brute force: no row that satisfies the condition may lie in a partition that was pruned.
TEST(PrunePartitions, never_drops_a_partition_with_matching_rows) {
  std::mt19937 random(11);
  const std::vector<PartitionScheme> schemes{
      {{ranges({-20, -3, 0, 7, 25})}}, {{hash(Type::kInt, 7)}}, {{[] {
        PartitionLevel level{.type = PartitionType::kList, .value_type = Type::kInt};
        level.lists.resize(4);
        for (int v = -20; v < 25; ++v) level.lists[static_cast<size_t>((v + 20) % 4)].push_back(Scalar::of_int(v));
        return level;
      }()}}};
  const auto number = [&] { return static_cast<int>(random() % 50) - 25; };
  for (int round = 0; round < 600; ++round) {
    const int a = number(), b = number();
    const std::vector<std::pair<std::string, std::function<bool(int)>>> atoms{
        {"id < " + std::to_string(a), [a](int v) { return v < a; }},
        {"id >= " + std::to_string(a), [a](int v) { return v >= a; }},
        {"id = " + std::to_string(a), [a](int v) { return v == a; }},
        {"id between " + std::to_string(std::min(a, b)) + " and " + std::to_string(std::max(a, b)),
         [a, b](int v) { return v >= std::min(a, b) && v <= std::max(a, b); }},
        {"id in [" + std::to_string(a) + "l]", [a](int v) { return v == a; }},
    };
    const auto& first = atoms[random() % atoms.size()];
    const auto& second = atoms[random() % atoms.size()];
    const bool both = random() % 2;
    const auto where = "(" + first.first + ") " + (both ? "and" : "or") + " (" + second.first + ")";
    const auto& scheme = schemes[random() % schemes.size()];
    const auto constraint = read(where);
    for (int v = -20; v < 25; ++v) {
      const bool matches = both ? first.second(v) && second.second(v) : first.second(v) || second.second(v);
      if (!matches) continue;
      const auto key = meta::locate(scheme, {Scalar::of_int(v)});
      ASSERT_TRUE(key.ok());
      ASSERT_TRUE(may_match(constraint, {scheme, {"id"}}, *key)) << where << " drops " << v;
    }
  }
}

TEST(Constraint, says_which_columns_decide_a_condition) {
  const auto decides = [](const std::string& where) { return columns_that_decide(read(where)); };
  using Columns = std::vector<std::string>;
  EXPECT_EQ(decides("id > 3"), Columns{"id"});
  EXPECT_EQ(decides("9 >= id"), Columns{"id"});
  EXPECT_EQ(decides("id between 3:9"), Columns{"id"});
  EXPECT_EQ(decides("id between 3 and 9"), Columns{"id"});
  EXPECT_EQ(decides("sym = `A"), Columns{"sym"});
  EXPECT_EQ(decides("id > 3 and sym = `A"), (Columns{"id", "sym"}));
  EXPECT_FALSE(decides("px > 1.5")) << "the hull is closed";
  EXPECT_TRUE(decides("px >= 1.5"));
  EXPECT_FALSE(decides("id > 3 or id < 1"));
  EXPECT_FALSE(decides("id > 3 and abs(id) < 9"));
  EXPECT_FALSE(decides("id between 9:3"));
  EXPECT_FALSE(decides("id = 3.0"));
  EXPECT_FALSE(decides("sym = ``"));
  EXPECT_FALSE(decides("id = int()"));
}

TEST(Constraint, hull_of_a_column_meets_every_condition) {
  const auto hull = hull_of(read("id > 3, id <= 9, px > 1.5"), "id");
  ASSERT_TRUE(hull && hull->low && hull->high);
  EXPECT_EQ(hull->low->as_int64(), 4);
  EXPECT_EQ(hull->high->as_int64(), 9);
  EXPECT_FALSE(hull_of(read("id > 3 or px > 1.5"), "id"));
  EXPECT_FALSE(hull_of(read("sym = `A"), "id"));
}

}  // namespace
}  // namespace pelorus::plan
