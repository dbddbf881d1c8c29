// Queries over a stored table give what the same queries give over its rows in memory.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "exec/interpreter.h"
#include "exec/language_functions.h"
#include "exec/route_rows.h"
#include "exec/run_fragment.h"
#include "exec/sql_functions.h"
#include "exec/sql_runner.h"
#include "functions/builtins/register_builtins.h"

namespace pelorus::exec {
namespace {

using data::Table;
using data::Type;
using data::Vector;
using types::Scalar;

struct Node {
  Node() {
    functions::register_builtins(registry);
    register_language_functions(registry);
    register_sql_functions(registry);
  }
  functions::Registry registry;
  NodeSharedObjects shared;
  QueryRunner sql;
  SystemClock clock;
  Surroundings surroundings{registry, shared, sql, clock, {}, {}};
};

/// Leaves out every row it may leave out.
class TableSource final : public ColumnSource {
 public:
  TableSource(Table table, std::vector<size_t>* reads)
      : table_(std::move(table)), schema_(table_.schema()), reads_(reads) {}
  const data::Schema& schema() const override { return schema_; }
  void narrow(const Narrowing& narrowing) override {
    std::vector<int64_t> kept;
    for (size_t row = 0; row < table_.rows(); ++row) {
      const bool is_wanted = std::all_of(narrowing.ranges.begin(), narrowing.ranges.end(), [&](const auto& range) {
        const auto value = table_.column(range.column).scalar_at(row);
        const auto& [low, high] = range.interval;
        return (!low || compare(*low, value) <= 0) && (!high || compare(value, *high) <= 0);
      });
      if (is_wanted && kept.size() < static_cast<size_t>(narrowing.rows_wanted.value_or(INT64_MAX)))
        kept.push_back(static_cast<int64_t>(row));
    }
    for (const auto& range : narrowing.ranges) met_.insert(range.column);
    table_ = table_.take(kept);
  }
  bool meets(size_t column) override { return met_.contains(column); }
  Result<int64_t> rows() override { return static_cast<int64_t>(table_.rows()); }
  Result<data::Shared<Vector>> read(size_t column) override {
    reads_->push_back(column);
    return table_.column_shared(column);
  }

 private:
  Table table_;
  const data::Schema schema_;
  std::set<size_t> met_;
  std::vector<size_t>* const reads_;
};

struct Partition {
  StoredPartition facts;
  Table rows;
};

/// What the last statement asked of the partitions.
struct Asked {
  size_t partitions = 0;
  std::vector<size_t> columns;
  std::vector<std::string> fragments;
  size_t rows_sent = 0;

  void note(const Fragment& fragment) {
    fragments.push_back(fragment.text);
    for (const auto& [name, value] : fragment.variables) EXPECT_FALSE(value.is_function()) << name << " can't travel";
  }
};

class MemorySnapshot final : public StoredSnapshot {
 public:
  MemorySnapshot(Node& node, std::vector<Partition> partitions, Asked* asked)
      : node_(node), partitions_(std::move(partitions)), facts_(facts_of(partitions_)), asked_(asked) {}
  std::span<const StoredPartition> partitions() const override { return facts_; }
  Status scan(const Fragment& fragment, std::span<const size_t> partitions, const ScanOptions&,
              const ScanSink& sink) const override {
    asked_->note(fragment);
    for (const auto p : partitions) {
      ++asked_->partitions;
      SessionScope session(7);
      Interpreter interpreter(node_.surroundings, session);
      TRY(auto part,
          run_fragment(fragment, std::make_shared<TableSource>(partitions_[p].rows, &asked_->columns), interpreter));
      asked_->rows_sent += part.rows();
      if (!sink(p, std::move(part))) return {};
    }
    return {};
  }

 private:
  static std::vector<StoredPartition> facts_of(const std::vector<Partition>& partitions) {
    std::vector<StoredPartition> facts;
    for (const auto& partition : partitions) facts.push_back(partition.facts);
    return facts;
  }

  Node& node_;
  const std::vector<Partition> partitions_;
  const std::vector<StoredPartition> facts_;
  Asked* const asked_;
};

class MemoryTable final : public StoredTable {
 public:
  MemoryTable(Node& node, meta::PartitionScheme scheme, std::vector<std::string> columns, const Table& rows)
      : node_(node),
        scheme_(std::move(scheme)),
        columns_(std::move(columns)),
        schema_(rows.schema()),
        partitions_(partitions_of(rows, scheme_, columns_)) {}
  std::string type_text() const override { return "SEGMENTED DFS TABLE"; }
  data::Schema schema() const override { return schema_; }
  Result<Table> snapshot() const override {
    Table all(schema_);
    for (const auto& partition : partitions_) TRY_DONE(all.append(partition.rows));
    return all;
  }
  Result<int64_t> append(const Table& rows) override {
    TRY(auto split, split_rows(rows, scheme_, columns_));
    for (auto& part : split) {
      auto at = std::find_if(partitions_.begin(), partitions_.end(),
                             [&](const auto& p) { return !(p.facts.key < part.key); });
      if (at == partitions_.end() || !(at->facts.key == part.key))
        at = partitions_.insert(at, {{part.key, 0, true}, Table(schema_)});
      TRY_DONE(at->rows.append(part.rows));
      at->facts.rows = static_cast<int64_t>(at->rows.rows());
    }
    return static_cast<int64_t>(rows.rows());
  }
  Status edit(const std::function<Status(Table&)>&) override { return Error{ErrorCode::kInvalid, "stored"}; }
  const std::string& database() const override { return database_; }
  const std::string& name() const override { return name_; }
  meta::PartitionScheme scheme() const override { return scheme_; }
  std::vector<std::string> partition_columns() const override { return columns_; }
  Result<std::shared_ptr<const StoredSnapshot>> open_snapshot() const override {
    return std::shared_ptr<const StoredSnapshot>(std::make_shared<MemorySnapshot>(node_, partitions_, &asked));
  }
  Result<int64_t> change(RowChange, std::span<const PartitionChange> changes) override {
    const Fragment* noted = nullptr;
    int64_t changed = 0;
    for (const auto& one : changes) {
      if (one.fragment.get() != noted) asked.note(*one.fragment);
      noted = one.fragment.get();
      const auto at =
          std::find_if(partitions_.begin(), partitions_.end(), [&](const auto& p) { return p.facts.key == one.key; });
      if (at == partitions_.end()) {
        TRY(changed, added(changed, one));
        continue;
      }
      ++asked.partitions;
      SessionScope session(7);
      Interpreter interpreter(node_.surroundings, session);
      TRY(auto next, run_change(*one.fragment, at->rows, interpreter));
      at->rows = std::move(next.rows);
      at->facts.rows = static_cast<int64_t>(at->rows.rows());
      changed += next.changed;
    }
    return changed;
  }

  mutable Asked asked;

 private:
  Result<int64_t> added(int64_t changed, const PartitionChange& one) {
    if (!one.if_new) return Error{ErrorCode::kNotFound, "no such partition"};
    TRY(const auto rows, append(*one.if_new));
    return changed + rows;
  }

  static std::vector<Partition> partitions_of(const Table& rows, const meta::PartitionScheme& scheme,
                                              const std::vector<std::string>& columns) {
    std::vector<Partition> partitions;
    auto split = split_rows(rows, scheme, columns);
    for (auto& part : split.value())
      partitions.push_back({{part.key, static_cast<int64_t>(part.rows.rows()), true}, part.rows});
    return partitions;
  }

  Node& node_;
  const meta::PartitionScheme scheme_;
  const std::vector<std::string> columns_;
  const data::Schema schema_;
  const std::string database_ = "dfs://test", name_ = "trades";
  std::vector<Partition> partitions_;
};

meta::PartitionScheme days_and_symbols() {
  meta::PartitionLevel days{.type = meta::PartitionType::kValue, .value_type = Type::kDate};
  for (int32_t day = 0; day < 4; ++day)
    days.values.push_back(Scalar::of<int32_t>(Type::kDate, 18262 + day));  // 2020.01.01
  meta::PartitionLevel hash{.type = meta::PartitionType::kHash, .value_type = Type::kSymbol, .buckets = 3};
  return {{days, hash}};
}

Table trades(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  Vector time(Type::kTimestamp), symbol(Type::kSymbol), price(Type::kDouble), quantity(Type::kInt), side(Type::kBool);
  for (size_t i = 0; i < count; ++i) {
    const auto day = static_cast<int64_t>(18262 + random() % 4);
    time.edit<int64_t>().push_back(day * 86400000 + static_cast<int64_t>(random() % 86400000));
    symbol.push_back(Value::of_string("S" + std::to_string(random() % 7)));
    if (random() % 20 == 0)
      price.push_null();
    else
      price.edit<double>().push_back(static_cast<double>(random() % 10000) / 100);
    if (random() % 20 == 0)
      quantity.push_null();
    else
      quantity.edit<int32_t>().push_back(static_cast<int32_t>(random() % 500));
    side.edit<int8_t>().push_back(static_cast<int8_t>(random() % 2));
  }
  return Table({"time", "sym", "price", "qty", "side"}, {time, symbol, price, quantity, side});
}

bool same_scalar(const Scalar& a, const Scalar& b) {
  if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
  if (a.is_text()) return b.is_text() && a.text() == b.text();
  if (!types::is_floating(a.type())) return a.as_int64() == b.as_int64();
  const double x = a.as_double(), y = b.as_double();
  return std::abs(x - y) <= 1e-9 * std::max({1.0, std::abs(x), std::abs(y)});
}

testing::AssertionResult same(const Value& a, const Value& b) {
  if (a.is_plain_table() != b.is_plain_table() || a.is_scalar() != b.is_scalar())
    return testing::AssertionFailure() << a.type_text() << " and " << b.type_text();
  if (a.is_scalar() && a.type() != b.type())
    return testing::AssertionFailure() << a.type_text() << " and " << b.type_text();
  if (a.is_scalar())
    return same_scalar(a.scalar(), b.scalar()) ? testing::AssertionSuccess()
                                               : testing::AssertionFailure() << to_script(a) << " and " << to_script(b);
  if (a.is_vector()) {
    if (a.type() != b.type() || a.vector().size() != b.vector().size())
      return testing::AssertionFailure() << a.type_text() << a.vector().size() << " and " << b.type_text()
                                         << b.vector().size();
    for (size_t i = 0; i < a.vector().size(); ++i) {
      if (!same_scalar(a.vector().scalar_at(i), b.vector().scalar_at(i)))
        return testing::AssertionFailure() << "element " << i;
    }
    return testing::AssertionSuccess();
  }
  if (!a.is_plain_table()) return testing::AssertionFailure() << "not compared: " << a.type_text();
  const Table &x = a.table(), &y = b.table();
  if (x.names() != y.names())
    return testing::AssertionFailure() << "columns " << testing::PrintToString(x.names()) << " and "
                                       << testing::PrintToString(y.names());
  for (size_t c = 0; c < x.columns(); ++c) {
    const auto columns = same(Value(x.column_shared(c)), Value(y.column_shared(c)));
    if (!columns) return testing::AssertionFailure() << "column " << x.names()[c] << ": " << columns.message();
  }
  return testing::AssertionSuccess();
}

class StoredQueriesTest : public testing::Test {
 public:
  StoredQueriesTest() : session_(7), interpreter_(node_.surroundings, session_) {
    store(days_and_symbols(), {"time", "sym"});
    interpreter_.run(
        "limitPrice = 40.0\nlookup = table(`S1`S3`S9 as sym, 1 2 3 as weight)\ndef twice(x) { return 2 * x }\ndef "
        "spread(x) { return max(x) - min(x) }");
  }

 protected:
  void store(meta::PartitionScheme scheme, std::vector<std::string> columns) {
    stored_ = std::make_shared<MemoryTable>(node_, std::move(scheme), std::move(columns), trades(2000, 11));
    interpreter_.assign("s", Value(data::TableRef(stored_)));
    refresh();
  }
  void refresh() { interpreter_.assign("t", Value(stored_->snapshot().value())); }
  /// `query` with $ for the table. The plain table holds the rows in the order of the partitions.
  void expect_same(const std::string& query) {
    const auto with = [&](const char* table) {
      std::string text = query;
      for (size_t at = text.find('$'); at != std::string::npos; at = text.find('$')) text.replace(at, 1, table);
      return text;
    };
    stored_->asked = {};
    const auto run = [&](const std::string& script) -> std::pair<std::optional<Value>, std::string> {
      try {
        return {interpreter_.run(script), ""};
      } catch (const ScriptError& error) {
        return {std::nullopt, error.message()};
      }
    };
    const auto expected = run(with("t")), actual = run(with("s"));
    ASSERT_TRUE(expected.first) << query << "\n" << expected.second;
    ASSERT_TRUE(actual.first) << query << "\n"
                              << actual.second << "\n"
                              << testing::PrintToString(stored_->asked.fragments);
    EXPECT_TRUE(same(*expected.first, *actual.first)) << query << "\n"
                                                      << testing::PrintToString(stored_->asked.fragments);
  }

  /// Composed of random clauses.
  void expect_same_for_seed(uint64_t seed, int rounds) {
    std::mt19937_64 random(seed);
    const auto one = [&](std::vector<std::string> of) { return of[random() % of.size()]; };
    for (int round = 0; round < rounds; ++round) {
      const std::string where =
          one({"", " where price > 30", " where sym = `S4", " where date(time) >= 2020.01.03",
               " where side and qty < 250", " where sym in `S1`S5, date(time) = 2020.01.01",
               " where price > limitPrice or qty is null", " where price > avg(price), qty < avg(qty)",
               " where time between 2020.01.01T20:00:00.000 : 2020.01.02T04:00:00.000"});
      const std::string aggregate =
          one({"sum(qty)", "avg(price)", "max(price) - min(price)", "count(price)", "std(price)", "first(qty)",
               "last(price)", "wavg(price, qty)", "med(qty)", "sum(qty * price) + 1"});
      const std::string other = one({"count(*)", "max(time)", "min(qty)", "varp(qty)", "sum(twice(qty))"});
      const std::string key = one({"sym", "side", "date(time)", "sym, side", "bar(time, 7200000)", "date(time), sym"});
      const std::string end = one({"last(price)", "max(time)", "max(time), last(qty)", "first(qty) * 2, min(time)"});
      switch (random() % 4) {
        case 3: expect_same("select " + end + " from $" + where); break;
        case 0:
          expect_same("select " + aggregate + " as a, " + other + " as b from $" + where + " group by " + key);
          break;
        case 1: expect_same("select " + aggregate + " as a, " + other + " as b from $" + where); break;
        default:
          expect_same("select time, sym, price, qty * 2 as q from $" + where +
                      one({"", " order by time", " order by price desc, time", " order by sym, time limit 20",
                           " limit 15", " order by time desc limit 25", " order by time desc, qty limit 3, 200"}));
      }
    }
  }

  Node node_;
  SessionScope session_;
  Interpreter interpreter_;
  std::shared_ptr<MemoryTable> stored_;
};

TEST_F(StoredQueriesTest, RowsAndFilters) {
  for (const char* query :
       {"select * from $", "select sym, price from $ where qty > 100",
        "select price * qty as amount, sym from $ where side", "exec price from $ where sym = `S3",
        "select * from $ where sym in `S1`S2 and price > limitPrice",
        "select twice(price) as d from $ where qty between 10 : 60", "select distinct sym from $ order by sym",
        "select * from $ where date(time) = 2020.01.02",
        "select * from $ where time >= 2020.01.02T12:00:00.000 and time < 2020.01.03T06:00:00.000",
        "select * from $ where sym in (exec sym from lookup)",
        "select iif(price > 50, 1, 0) as high from $ where isValid(price)",
        "select * from $ where date(time) = 2031.01.01", "select sum(price) from $ where date(time) = 2031.01.01",
        "select case when price > 50 then `h else `l end as level from $ where price > 1"}) {
    expect_same(query);
  }
}

TEST_F(StoredQueriesTest, OrderAndLimit) {
  for (const char* query :
       {"select * from $ order by time, sym, price", "select top 5 * from $ order by price desc, time",
        "select * from $ limit 7", "select * from $ limit 3, 900", "select * from $ limit -4",
        "select sym, price from $ where side order by qty desc, time limit 10",
        "select sym from $ order by price * qty desc, time limit 6", "select top 10:20 time from $ order by time",
        "exec time from $ order by time limit 3", "select sym, price as p from $ order by p, time limit 12",
        "select count(*) as n from $ group by sym order by n desc, sym limit 3"}) {
    expect_same(query);
  }
}

TEST_F(StoredQueriesTest, AggregatesOfEverything) {
  for (const char* query : {"select count(*) from $",
                            "exec count(*) from $",
                            "select count(*) as n from $ where side",
                            "select count(price) from $",
                            "select sum(price), avg(price), min(price), max(price), count(qty) from $",
                            "select std(price), var(price), stdp(qty), varp(qty) from $",
                            "select first(price), last(qty) from $",
                            "select wavg(price, qty), wsum(price, qty) from $ where side",
                            "exec sum(price) / count(price) from $",
                            "select sum(price * qty) \\ sum(qty) as vwap from $",
                            "select med(price) from $",
                            "select count(distinct sym) from $",
                            "select nunique(sym) from $",
                            "select corr(price, qty), covar(price, qty) from $",
                            "select spread(price) as r from $",
                            "exec max(time) from $",
                            "select sum(qty), max(sym) from $ where price > 1000",
                            "select skew(price), kurtosis(price) from $",
                            "select percentile(price, 50) from $",
                            "select sum2(qty), mode(qty) from $",
                            "select avg(side) from $"}) {
    expect_same(query);
  }
}

TEST_F(StoredQueriesTest, Groups) {
  for (const char* query :
       {"select sum(qty) from $ group by sym", "select avg(price) as a, count(*) as n from $ group by sym, side",
        "select max(price) - min(price) as range from $ group by date(time) as day",
        "select first(price), last(price) from $ group by sym", "select med(price) from $ group by side",
        "select med(price) from $ group by date(time), sym",
        "select std(price) from $ group by side having count(*) > 10",
        "select sum(qty) as q from $ where price > 20 group by sym having sum(qty) > 20000",
        "exec sum(qty) from $ group by sym", "select wavg(price, qty) from $ group by bar(time, 3600000)",
        "select count(*) from $ group by sym, date(time) order by count desc, sym, date_time",
        "select sum(qty) from $ group by time.date()", "select spread(price) as s from $ group by sym",
        "select nunique(side) from $ group by sym",
        "select sum(price) from $ where date(time) = 2020.01.02 and sym = `S2 group by side",
        "select sum(iif(side, qty, 0)) as bought from $ group by sym"}) {
    expect_same(query);
  }
}

TEST_F(StoredQueriesTest, ContextsPivotsJoinsAndNesting) {
  for (const char* query :
       {"select sym, cumsum(qty) as c from $ context by sym order by sym, c",
        "select sym, time, price - prev(price) as d from $ context by date(time), sym csort time order by time, sym",
        "select * from $ context by sym csort time limit 2",
        "select sym, price from $ context by sym csort time limit -2",
        "select sum(qty) from $ pivot by date(time), sym", "select max(price) from $ where side pivot by side, sym",
        "select sym, price, weight from ej($, lookup, `sym) order by time, sym",
        "select a.sym, sum(a.qty) as q from $ a left join lookup b on a.sym = b.sym group by a.sym",
        "select avg(q) from (select sum(qty) as q from $ group by sym)",
        "select * from $ where price > (exec avg(price) from $) order by time limit 5",
        "select deltas(price) as d from $", "select sym from $ where qty > 450 union all select sym from lookup",
        "select sym, rank(price) over (partition by sym order by time) as r from $ order by sym, time"}) {
    expect_same(query);
  }
}

TEST_F(StoredQueriesTest, ConstantsStandBesideAggregates) {
  for (const char* query :
       {"select sum(qty) + limitPrice as s from $ group by sym",
        "select sum(qty) + limitPrice as s from $",
        "select sum(qty) as s from $ group by side having sum(qty) > limitPrice",
        "select max(price) as m from $ group by side having max(price) > (exec avg(price) from $)",
        "select sum(qty) * (exec max(weight) from lookup) as s from $ group by side order by s",
        "select sum(qty) in (exec weight from lookup) as is_weight from $ group by side",
        "select bucket(qty, 0:500, 5) as b, count(*) as n from $ where isValid(qty) group by bucket(qty, 0:500, 5)",
        "select count(*) from $ where qty > all(exec weight from lookup)",
        "select count(*) from $ where qty = any(exec weight from lookup)",
        "select count(*) from $ where qty != all(exec weight from lookup)",
        "select count(*) from $ where qty != any(exec weight from lookup)",
        "select count(*) from $ where qty == all(exec weight from lookup where weight = 2)",
        "select count(*) from $ where qty <= any(exec weight from lookup)",
        "select count(*) from $ where qty < all(exec weight + 100 from lookup)",
        "select count(*) from $ where qty < all(exec weight from lookup where weight > 9)",
        "select sum(qty) as total, count(*) as n from $ group by sym having total > limitPrice and n > 10",
        "select sum(qty) as total from $ group by date(time) as day, sym having day > 2020.01.02 order by total limit "
        "5",
        "select sum(qty) as sum from $ group by sym having sum(price) > 100",
        "select count(price), count(*), count(distinct qty) from $ group by side",
        "select count(price), count(*), count(distinct qty) from $ where date(time) = 2020.01.02, sym = `S4 group by "
        "side"}) {
    expect_same(query);
  }
}

TEST_F(StoredQueriesTest, SeededQueries) { expect_same_for_seed(20, 120); }

TEST_F(StoredQueriesTest, SeededQueriesWithRangesAndLists) {
  meta::PartitionLevel days{.type = meta::PartitionType::kRange, .value_type = Type::kDate};
  for (const int32_t day : {18262, 18263, 18265, 18300}) days.values.push_back(Scalar::of<int32_t>(Type::kDate, day));
  meta::PartitionLevel symbols{.type = meta::PartitionType::kList, .value_type = Type::kSymbol};
  symbols.lists.resize(2);
  for (int i = 0; i < 7; ++i) symbols.lists[i % 2].push_back(Scalar::of_text(Type::kSymbol, "S" + std::to_string(i)));
  store({{days, symbols}}, {"time", "sym"});
  expect_same_for_seed(21, 60);
}

TEST_F(StoredQueriesTest, SeededQueriesOverADimensionTable) {
  store({}, {});
  expect_same_for_seed(22, 40);
}

TEST_F(StoredQueriesTest, ConditionsAreAskedOfTheRowsThatEarlierOnesLeft) {
  store({}, {});
  for (const char* where :
       {"qty > 400, price > avg(price)", "price > avg(price), qty > 400", "price > avg(price) and qty > 400",
        "qty > 100, price > avg(price), qty > 400", "sym = `S4, deltas(qty) > 0, qty < 100"}) {
    expect_same(std::string("select time, price, qty from $ where ") + where);
    expect_same(std::string("select count(*) as n, sum(price) as p from $ where ") + where);
  }
}

TEST_F(StoredQueriesTest, OneEndOfThePartitionsMayBeEnough) {
  // Four days of three buckets; a symbol is in one of them.
  const std::vector<std::pair<const char*, size_t>> queries{
      {"select last(price), last(qty) from $ where sym = `S4", 1},
      {"select first(price) from $", 1},
      {"select last(price) - 1 as p from $ where side, sym = `S4", 1},
      {"select last(price) from $ where sym = `S4, time < 2020.01.03T00:00:00.000", 1},
      {"select max(time), last(qty) from $", 3},
      {"exec min(time) from $ where price > 30", 3},
      {"select last(price) from $ where sym = `none", 4},
      {"select last(price), first(price) from $ where sym = `S4", 4},
      {"select last(price), sum(qty) from $ where sym = `S4", 4},
      {"select max(qty) from $ where sym = `S4", 4},
      {"select top 5 * from $ order by time desc", 3},
      {"select price, time as t from $ order by t limit 5", 3},
      {"select top 5 price, neg(long(time)) as time from $ order by time desc", 12},
      {"select top 5 price from $ order by date(time) desc, time", 12},
      {"select top 5 price from $ where sym = `S4 order by time desc, price", 1},
      {"select price, time from $ where sym = `S4 order by time desc limit 60, 60", 3},
      {"select top 5 price from $ where sym = `S4, qty > 490 order by time desc", 4},
      {"select price from $ where sym = `S4 order by time limit 0", 1},
      {"select price from $ where sym = `S4 order by time", 4},
      {"select price from $ where sym = `S4 order by time limit -3", 4},
      {"select top 5 price from $ order by sym, time", 12}};
  for (const auto& [query, partitions] : queries) {
    expect_same(query);
    EXPECT_EQ(stored_->asked.partitions, partitions) << query;
  }
}

TEST_F(StoredQueriesTest, FunctionsTravelWithWhatTheyHold) {
  interpreter_.run(
      "def adder(k) { return def(x): x + k }\nplus = adder(3)\ndef scaled(f, k) { return x -> f(x) * k }\n"
      "twicePlus = scaled(plus, 2)\nless = sub{, 7}\nboth = def(a, b, x) { return twice(x) * a + b }{2, 1}");
  for (const char* call :
       {"plus(qty)", "twicePlus(qty)", "less(qty)", "both(qty)", "each(plus, qty)", "adder(5)(qty)"}) {
    expect_same(std::string("select sum(") + call + ") as s from $ group by side");
    expect_same(std::string("select sym, ") + call + " as s from $ where " + call + " > 300 order by time");
  }
}

TEST_F(StoredQueriesTest, CountsAreOfOneTypeWhateverThePartitions) {
  for (const char* query : {"exec count(*) from $", "exec count(qty) from $", "exec count(qty) + 1 from $ where side",
                            "select count(*) as n, count(price) as m from $ group by side",
                            "select count(*) as n from $ where sym = `S2, date(time) = 2020.01.02"}) {
    expect_same(query);
  }
}

TEST_F(StoredQueriesTest, OnlyNeededPartitionsAndColumnsAreRead) {
  expect_same("select sum(qty) from $ where date(time) = 2020.01.02 and sym = `S2");
  EXPECT_EQ(stored_->asked.partitions, 1u);
  EXPECT_EQ(std::set<size_t>(stored_->asked.columns.begin(), stored_->asked.columns.end()),
            (std::set<size_t>{0, 1, 3}));
  expect_same("select count(*) from $");
  EXPECT_EQ(stored_->asked.partitions, 0u);
  expect_same("select * from $ limit 5");
  EXPECT_EQ(stored_->asked.partitions, 1u);
  EXPECT_EQ(stored_->asked.rows_sent, 5u);
  expect_same("select sum(qty) from $ group by side");
  EXPECT_EQ(stored_->asked.rows_sent, 24u);
  expect_same("select top 3 price from $ order by price desc, time");
  EXPECT_LE(stored_->asked.rows_sent, 36u);
}

TEST_F(StoredQueriesTest, WhatPartitionsAndTheRestDidIsExplained) {
  const auto explained = [&](const std::string& query) {
    return boost::json::parse(interpreter_.run(query).scalar().text()).at("explain").as_object();
  };
  const auto merged = explained("select [HINT_EXPLAIN] avg(price) from s where date(time) = 2020.01.03 group by side");
  const auto& counts = merged.at("map").at("partitions");
  EXPECT_EQ(counts.at("local").as_int64() + counts.at("remote").as_int64(), 3);
  EXPECT_EQ(merged.at("rows").as_int64(), 2);
  EXPECT_EQ(merged.at("reduce").at("explain").at("rows").as_int64(), 2);
  EXPECT_EQ(merged.at("merge").at("row").as_int64(), 6);
  for (const auto which : {"most", "least"})
    EXPECT_TRUE(merged.at("map").at("detail").at(which).at("sql").as_string().find("group by") !=
                boost::json::string::npos)
        << which;
  EXPECT_GE(merged.at("cost").as_int64(), merged.at("map").at("cost").as_int64());
  for (const auto step : {"map", "merge"}) {
    const auto& most = merged.at(step).at("detail").at("most");
    EXPECT_TRUE(most.at("sql").as_string().find("[partition = dfs://test/") != boost::json::string::npos) << step;
    const auto& steps = most.at("explain").as_object();
    EXPECT_EQ(steps.at("rows").as_int64(), 2) << step;
    EXPECT_TRUE(steps.contains("groupBy") && steps.contains("cost")) << step;
  }
  const auto whole = explained("select [HINT_EXPLAIN] * from s where date(time) = 2020.01.03, sym = `S2");
  EXPECT_EQ(whole.at("rows").as_int64(), whole.at("map").at("detail").at("most").at("explain").at("rows").as_int64());
  EXPECT_FALSE(whole.contains("reduce"));
  EXPECT_EQ(explained("select [HINT_EXPLAIN] * from s where time > 2030.01.01").at("rows").as_int64(), 0);
}

TEST_F(StoredQueriesTest, ConditionsCompareWithAggregatesOfAllRows) {
  for (const char* query : {
           "select * from $ where price > avg(price) order by time, sym, qty",
           "select time, sym from $ where price = max(price)",
           "select time, sym from $ where sym = `S2, price = max(price)",
           "select time, sym from $ where price = max(price), sym = `S2",
           "select count(*) from $ where price > avg(price), qty < avg(qty)",
           "select count(*) from $ where price > avg(price) and qty < avg(qty)",
           "select count(*) from $ where price > avg(price), date(time) = 2020.01.02, qty > med(qty)",
           "select sum(qty) from $ where price.max() - price < std(price) group by sym order by sym",
           "select sym, cumsum(qty) from $ where qty > avg(qty) context by sym csort time order by sym, time",
           "select count(*) from $ where qty >= all(qty)",
           "select count(*) from $ where sym = `S1, qty > any(qty)",
           "select count(*) from $ where time = last(time)",
           "select count(*) from $ where price > avg(deltas(qty))",
           "select count(*) from $ where count(*) > 10",
           "select count(*) from $ where price > 1e9, price > avg(price)",
       })
    expect_same(query);
  EXPECT_GT(
      interpreter_.run("exec sum(n) from (select count(*) as n from s where qty = max(qty) map)").scalar().as_int64(),
      1);
}

TEST_F(StoredQueriesTest, ConditionsThatLookAtOtherRowsSeeThemAll) {
  interpreter_.run(
      "def above(x) { return x > avg(x) }\ndef rising(x) { d = deltas(x); return d > 0 }\ndef far(x, y) { return "
      "above(x) && y > 100 }\nweights = dict(`S1`S2`S3, 1 2 3)");
  for (const char* query : {
           "select * from $ where contextby(cumsum, qty, sym) > 2000 order by time, sym, qty",
           "select count(*) from $ where qty = contextby(max, qty, sym), price > 30",
           "select count(*) from $ where price > 30, qty = contextby(max, qty, sym)",
           "select count(*) from $ where contextby(cumsum, qty, sym) > 2000, date(time) = 2020.01.02",
           "select count(*) from $ where contextby(cumsum, qty, sym) > 2000 and date(time) = 2020.01.02",
           "select count(*) from $ where date(time) = 2020.01.02, contextby(rank, price, sym) < 9",
           "select sum(qty) from $ where qty > avg(qty), contextby(count, qty, sym) > 20 group by sym order by sym",
           "select count(*) from $ where contextby(count, qty, sym) > 20, qty > avg(qty)",
           "select sym, cumsum(qty) from $ where above(price) context by sym csort time order by sym, time",
           "select top 3 sym, time from $ where (x -> x > avg(x))(price) order by time, sym",
           "select count(*) from $ where above(price), above(qty)",
           "select count(*) from $ where rising(qty)",
           "select count(*) from $ where far(price, qty)",
           "select count(*) from $ where above{}(price)",
           "select count(*) from $ where price in qty",
           "select count(*) from $ where price notIn qty",
           "select sum(qty) from $ where contextby(max, price, sym) > 20 pivot by date(time), sym",
           "select 1 as one from $ where above(price)",
           "exec count(*) from $ where weights[sym] > 1",
       })
    expect_same(query);
}

TEST_F(StoredQueriesTest, ConditionsThatLookAtTheirRowAreMetWhereItLies) {
  interpreter_.run(
      "def doubled(x) { y = x * 2; return y > 60 }\ndef cheap(x, limit) { return x < limit }\nweights = "
      "dict(`S1`S2`S3, "
      "1 2 3)\ndef known(x) { return iif(doubled(x), x, 0) > 0 }");
  for (const char* condition :
       {"doubled(price)", "known(price)", "cheap{, 40}(price)", "weights[sym] > 1", "weights@sym > 1",
        "each(x -> x > 30, price)", "(x -> x + 1)(price) > 30", "contextby(max, qty, [date(time), sym]) = qty",
        "price in [1, 2, limitPrice]", "doubled:E(price)", "(x -> doubled(x))(price)"}) {
    const std::string query = std::string("select * from $ where ") + condition + " order by time, sym, qty";
    expect_same(query);
    const auto matching = interpreter_.run(std::string("exec count(*) from t where ") + condition).scalar().as_int64();
    EXPECT_EQ(stored_->asked.rows_sent, static_cast<size_t>(matching)) << condition;
  }
}

TEST_F(StoredQueriesTest, ConditionsThatDependOnTheOrderOfRowsAreRefused) {
  for (const char* condition : {"price > prev(price)", "cumsum(qty) > 100", "isDuplicated(sym)", "price[0] = price"}) {
    const auto text = std::string("select count(*) from s where ") + condition;
    EXPECT_THROW(interpreter_.run(text), ScriptError) << text;
    EXPECT_NO_THROW(interpreter_.run(text + " map")) << text;
  }
  try {
    interpreter_.run("select count(*) from s where date(time) = 2020.01.01 and deltas(qty) > 0");
    FAIL();
  } catch (const ScriptError& error) {
    EXPECT_NE(error.message().find("of a distributed query should not use any aggregate or order-sensitive function"),
              std::string::npos);
    EXPECT_NE(error.message().find("map"), std::string::npos) << "what to do instead";
  }
}

TEST_F(StoredQueriesTest, ConstantsAreOneRow) {
  for (const char* query :
       {"select 1 as one from $", "select 1 as one from $ limit 2", "select 1 as a, `x as b from $ where qty > 3",
        "select 1 as one from $ where qty < 0", "select 1 as one, qty from $ order by qty limit 3",
        "select count(*) from (select 1 from $)"})
    expect_same(query);
}

TEST_F(StoredQueriesTest, ChangesReachOnlyMatchingPartitions) {
  const auto change = [&](const std::string& statement) {
    std::string on_plain = statement, on_stored = statement;
    on_plain.replace(on_plain.find('$'), 1, "t");
    on_stored.replace(on_stored.find('$'), 1, "s");
    stored_->asked = {};
    interpreter_.run(on_plain);
    interpreter_.run(on_stored);
    const size_t partitions = stored_->asked.partitions;
    EXPECT_TRUE(same(interpreter_.run("select * from t"), interpreter_.run("select * from s"))) << statement;
    refresh();
    return partitions;
  };
  EXPECT_EQ(change("update $ set qty = qty + 1 where sym = `S2"), 4u);
  change("update $ set price = limitPrice, side = false where price is null");
  change("update $ set qty = sum(qty) where date(time) = 2020.01.01 context by date(time), sym");
  EXPECT_EQ(change("delete from $ where date(time) = 2020.01.03 and qty > 100"), 3u);
  change("delete from $ where sym in (exec sym from lookup)");
  change("delete from $");
  EXPECT_EQ(interpreter_.run("exec count(*) from s").scalar().as_int64(), 0);
}

TEST_F(StoredQueriesTest, InsertsAndUpsertsReachOldAndNewPartitions) {
  const std::string rows = "select time, sym, price + 1 as price, qty, side from t where qty > 400";
  interpreter_.run(
      "fresh = table(2020.01.09T00:00:01.000 2020.01.02T00:00:01.000 as time, `S1`S77 as sym, 1.5 2.5 as price, 1 2 as "
      "qty, true false as side)");
  interpreter_.run("more = unionAll((" + rows + "), fresh)");
  for (const char* table : {"t", "s"}) {
    interpreter_.run("upsert!(" + std::string(table) + ", more, false, `time`sym`qty)");
    interpreter_.run("insert into " + std::string(table) + " values(2020.01.08T00:00:01.000, `S5, 3.5, 1000, true)");
  }
  expect_same("select * from $ order by time, sym, qty, price");
  EXPECT_EQ(interpreter_.run("exec count(*) from s").scalar().as_int64(), 2003);
}

TEST_F(StoredQueriesTest, PartitionColumnsAreNotUpdated) {
  EXPECT_THROW(interpreter_.run("update s set sym = `x where price > 3"), ScriptError);
  EXPECT_THROW(interpreter_.run("update s set nothing = 1"), ScriptError);
  EXPECT_THROW(interpreter_.run("update s set qty = sum(qty)"), ScriptError);
}

TEST_F(StoredQueriesTest, ChangesThatLookAtRowsOfOtherPartitionsAreRefused) {
  interpreter_.run("def above(x) { return x > avg(x) }\ndef raised(x) { return x + 1 }");
  for (const char* text : {"delete from s where contextby(cumsum, qty, sym) > 2000", "delete from s where above(price)",
                           "update s set qty = 0 where contextby(max, qty, sym) = qty",
                           "update s set price = contextby(cumsum, price, sym)", "update s set qty = above(qty)"})
    EXPECT_THROW(interpreter_.run(text), ScriptError) << text;
  EXPECT_NO_THROW(interpreter_.run("update s set qty = 0 where contextby(max, qty, [date(time), sym]) = qty"));
  EXPECT_NO_THROW(interpreter_.run("update s set qty = raised(qty) where raised(qty) > 100"));
}

}  // namespace
}  // namespace pelorus::exec
