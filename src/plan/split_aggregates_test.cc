#include "plan/split_aggregates.h"

#include <gtest/gtest.h>

#include "functions/registry.h"
#include "plan/distribute.h"
#include "plan/walk.h"
#include "syntax/parse_script.h"
#include "syntax/print.h"

namespace pelorus::plan {
namespace {

/// A few built-ins by nature, without code.
class Functions {
 public:
  Functions() {
    add("abs", functions::Nature::kElementwise);
    for (const auto name : {"sum", "avg", "count", "std", "first", "med", "wavg"})
      add(name, functions::Nature::kAggregate);
    add("cumsum", functions::Nature::kVector);
  }
  FunctionLookup lookup() const {
    return [this](const syntax::Expr& callee) -> data::FunctionRef {
      const auto* name = syntax::as<syntax::Name>(callee);
      return name ? registry_.find(name->name) : nullptr;
    };
  }

 private:
  void add(const char* name, functions::Nature nature) {
    functions::Function row;
    row.name = name;
    row.nature = nature;
    registry_.add(std::move(row));
  }
  functions::Registry registry_;
};

syntax::ExprRef parse(const std::string& text) { return syntax::parse_expression(text, syntax::AnyName()); }

TEST(SplitAggregates, parts_are_computed_once_and_put_together) {
  const Functions functions;
  const auto lookup = functions.lookup();
  AggregateSplitter splitter(lookup);
  EXPECT_EQ(syntax::print(*splitter.split(parse("sum(px)"), true)), "sum(part_0_)");
  EXPECT_EQ(syntax::print(*splitter.split(parse("avg(px) + 1"), true)),
            syntax::print(*parse("sum(part_0_) \\ sum(part_1_) + 1")));
  EXPECT_EQ(syntax::print(*splitter.split(parse("count(px)"), true)), "narrowCount(sum(part_1_))");
  EXPECT_EQ(splitter.partials().size(), 2u) << "the sum is shared";
  EXPECT_NE(splitter.split(parse("first(px)"), true), nullptr);
}

TEST(SplitAggregates, what_cannot_be_split_is_refused) {
  const Functions functions;
  const auto lookup = functions.lookup();
  AggregateSplitter splitter(lookup);
  EXPECT_EQ(splitter.split(parse("med(px)"), true), nullptr);
  EXPECT_EQ(splitter.split(parse("sum(cumsum(px))"), true), nullptr);
  EXPECT_EQ(splitter.split(parse("unknown(px)"), true), nullptr);
}

TEST(SplitAggregates, facts_tell_rows_from_groups_and_neighbours) {
  const Functions functions;
  const auto lookup = functions.lookup();
  EXPECT_TRUE(facts_of(*parse("abs(px) * 2 + qty"), lookup).row_wise());
  EXPECT_TRUE(facts_of(*parse("px > avg(px)"), lookup).aggregates);
  EXPECT_TRUE(facts_of(*parse("cumsum(px)"), lookup).order_sensitive);
  EXPECT_TRUE(facts_of(*parse("mine(px)"), lookup).unknown);
}

class DistributeTest : public ::testing::Test {
 protected:
  DistributedQuery plan(const std::string& text) {
    auto query = std::make_shared<syntax::Query>(*syntax::as<syntax::Query>(parse(text)));
    for (auto* list : {&query->items, &query->keys}) {
      for (auto& item : *list) {
        if (item->kind != syntax::ExprKind::kAlias) item = alias_node(item, syntax::print(*item));
      }
    }
    return distribute(*query, {schema_, scheme_, columns_}, lookup_);
  }

  const Functions functions_;
  const FunctionLookup lookup_ = functions_.lookup();
  const data::Schema schema_{{.name = "day", .type = types::Type::kDate},
                             {.name = "sym", .type = types::Type::kSymbol},
                             {.name = "px", .type = types::Type::kDouble}};
  const meta::PartitionScheme scheme_{{{.type = meta::PartitionType::kValue, .value_type = types::Type::kDate}}};
  const std::vector<std::string> columns_{"day"};
};

TEST_F(DistributeTest, rows_aggregates_local_groups_or_fetched_rows) {
  EXPECT_EQ(plan("select px * 2 as d from t where px > 1").kind, Distribution::kRows);
  EXPECT_EQ(plan("select sum(px) from t").kind, Distribution::kAggregates);
  EXPECT_EQ(plan("select sum(px) from t group by sym").kind, Distribution::kAggregates);
  EXPECT_EQ(plan("select med(px) from t group by sym").kind, Distribution::kPull);
  EXPECT_EQ(plan("select med(px) from t group by sym, day").kind, Distribution::kLocal);
  EXPECT_EQ(plan("select cumsum(px) from t context by sym").kind, Distribution::kPull);
  EXPECT_EQ(plan("select cumsum(px) from t context by day").kind, Distribution::kLocal);
  EXPECT_EQ(plan("select cumsum(px) from t").kind, Distribution::kPull);
  EXPECT_EQ(plan("select px from t group by sym").kind, Distribution::kPull) << "the error is found where rows are";
}

TEST_F(DistributeTest, columns_used_are_those_named) {
  const auto used = [&](const std::string& text) {
    return columns_used(*syntax::as<syntax::Query>(parse(text)), schema_, false);
  };
  EXPECT_EQ(used("select px from t where sym = `A"), std::vector<std::string>{"px"});
  EXPECT_EQ(used("select * from t").size(), 3u);
  EXPECT_EQ(used("select sum(px) from t group by sym"), (std::vector<std::string>{"sym", "px"}));
}

}  // namespace
}  // namespace pelorus::plan
