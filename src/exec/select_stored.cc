#include "exec/select_stored.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <span>

#include "base/letter_case.h"
#include "base/script_error.h"
#include "data/convert.h"
#include "exec/capture_constants.h"
#include "exec/operators/column_names.h"
#include "exec/operators/key_columns.h"
#include "exec/operators/order_result.h"
#include "exec/operators/partition_choice.h"
#include "exec/operators/row_reach.h"
#include "exec/operators/select_items.h"
#include "exec/select.h"
#include "exec/user_function.h"
#include "plan/distribute.h"
#include "plan/prune_partitions.h"
#include "plan/walk.h"
#include "plan/where_totals.h"
#include "syntax/print.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Table;
using data::Type;
using data::Vector;
using plan::Distribution;
using syntax::as;
using syntax::ExprRef;
using syntax::Grouping;
using syntax::Query;

syntax::SourceRef fragment_source(const std::string& qualifier) {
  auto source = std::make_shared<syntax::Source>();
  source->table = plan::name_node(std::string(kFragmentSource));
  source->alias = qualifier;
  return source;
}

ExprRef integer_node(int64_t value) {
  auto node = std::make_shared<syntax::Literal>();
  node->value = types::Scalar::of_long(value);
  return node;
}

/// Adds a part; a column that was all null so far takes the part's type.
void add_part(std::optional<Table>& all, Table part) {
  if (!all) {
    all = std::move(part);
    return;
  }
  if (part.rows() == 0) return;
  for (size_t c = 0; c < all->columns() && c < part.columns(); ++c) {
    const auto& next = part.column(c);
    if (all->column(c).type() == Type::kVoid && next.type() != Type::kVoid) {
      all->set_column(all->names()[c], Vector::nulls(next.type(), all->rows(), next.scale()));
    } else if (next.type() == Type::kVoid && all->column(c).type() != Type::kVoid) {
      part.set_column(part.names()[c], Vector::nulls(all->column(c).type(), part.rows(), all->column(c).scale()));
    }
  }
  if (const auto done = all->append(part); !done.ok()) throw ScriptError(done.error().message);
}

/// The limit of a context by of which nothing looks at rows that the limit leaves out of their group: neither a
/// function of several rows nor having. Nothing: something does, or there is no end to it.
std::optional<RowLimit> limit_in_groups(const Query& query, const ConstantCapture& capture, Evaluator& evaluator) {
  if (query.grouping != Grouping::kContextBy || query.having || !query.cumulative_keys.empty()) return std::nullopt;
  if (!query.limit && !query.top) return std::nullopt;
  const auto lookup = capture.lookup();
  const auto by_row = [&](const auto& item) { return plan::facts_of(*item, lookup).row_wise(); };
  const bool all_by_row =
      std::all_of(query.items.begin(), query.items.end(), by_row) &&
      std::all_of(query.keys.begin(), query.keys.end(), by_row) &&
      std::all_of(query.csort.begin(), query.csort.end(), [&](const auto& key) { return by_row(key.key); });
  if (!all_by_row) return std::nullopt;
  EmptyScope constants;
  const auto limit = limit_of(query, evaluator, &constants);
  if (limit.from < 0 || limit.count == INT64_MIN || limit.count > INT64_MAX - limit.from - 1) return std::nullopt;
  return limit;
}

Query spelled_out(Query query, const data::Schema& schema) {
  const auto columns = Relation::of(Table(schema), "");
  auto whole = with_having_spelled_out(query, [&](const syntax::Name& name) { return columns.find(name.name) >= 0; });
  return whole ? *std::move(whole) : query;
}

class StoredSelect {
 public:
  StoredSelect(const Query& query, std::shared_ptr<StoredTable> table, std::string qualifier, Evaluator& evaluator,
               Scope* outer, Explanation* explanation)
      : table_(std::move(table)),
        qualifier_(std::move(qualifier)),
        evaluator_(evaluator),
        outer_(outer),
        explanation_(explanation),
        snapshot_(value_or_throw(table_->open_snapshot())),
        schema_(table_->schema()),
        query_(spelled_out(without_choices(query, &choices_), schema_)),
        scheme_(table_->scheme()),
        partition_columns_(table_->partition_columns()),
        probe_(Relation::of(Table(schema_), qualifier_), outer),
        capture_(schema_, qualifier_, evaluator, probe_.constants()) {}

  Value run() {
    std::optional<Explanation::Timed> timed(std::in_place, explanation_, "optimize");
    choose_by_place();
    settle_conditions();
    choose_by_conditions();
    if (auto counted = count_rows()) return *counted;
    if (chosen_.empty()) return run_in_memory(Table(schema_), query_);
    if (selects_constants()) return run_constants();
    const auto folded = folded_query();
    const bool is_one = chosen_.size() == 1 && !query_.map && query_.grouping != Grouping::kPivotBy;
    if (is_one || looks_at_others()) {
      timed.reset();
      return is_one ? run_whole(*folded) : run_pulled(*folded);
    }
    const auto lookup = capture_.lookup();
    auto plan = plan::distribute(*folded, {schema_, scheme_, partition_columns_}, lookup);
    timed.reset();
    if (query_.grouping == Grouping::kPivotBy) plan.kind = Distribution::kPull;
    switch (plan.kind) {
      case Distribution::kRows:
      case Distribution::kLocal: return run_concatenated(*folded, plan);
      case Distribution::kAggregates: return run_merged(plan);
      case Distribution::kPull: return run_pulled(*folded);
    }
    return {};
  }

 private:
  /// A query of the same rows, for what this one has to know first.
  StoredSelect(const Query& query, const StoredSelect& around, Explanation* explanation)
      : table_(around.table_),
        qualifier_(around.qualifier_),
        evaluator_(around.evaluator_),
        outer_(around.outer_),
        explanation_(explanation),
        snapshot_(around.snapshot_),
        schema_(around.schema_),
        query_(query),
        scheme_(around.scheme_),
        partition_columns_(around.partition_columns_),
        probe_(Relation::of(Table(schema_), qualifier_), outer_),
        capture_(schema_, qualifier_, evaluator_, probe_.constants()),
        chosen_(around.chosen_),
        is_placed_(true) {}

  /// The partitions that hints and partition(…) leave.
  void choose_by_place() {
    if (std::exchange(is_placed_, true)) return;
    const auto all = snapshot_->partitions();
    for (size_t p = 0; p < all.size(); ++p) {
      if ((query_.hints & kHintLocal) == 0 || all[p].is_local) chosen_.push_back(p);
    }
    for (const auto& choice : choices_) {
      const auto left = chosen_by(choice, scheme_, partition_columns_, all, evaluator_);
      std::erase_if(chosen_, [&](size_t p) { return !left[p]; });
    }
  }

  void choose_by_conditions() {
    const auto all = snapshot_->partitions();
    const std::vector<ExprRef> by_row(query_.where.begin(), query_.where.begin() + by_row_);
    const auto constraint = plan::constraint_of(by_row, schema_, capture_.constant_value());
    std::erase_if(chosen_, [&](size_t p) {
      return !plan::may_match(constraint, {scheme_, partition_columns_}, all[p].key);
    });
  }

  /// Conditions that compare rows with aggregates of all rows get the aggregates' values, each over the rows that the
  /// conditions before it leave: then a partition can judge its rows alone. From the first condition on that looks at
  /// other rows in other ways they are met where all rows are. A dimension table has them all at hand.
  void settle_conditions() {
    by_row_ = static_cast<std::ptrdiff_t>(query_.where.size());
    if (query_.map || partition_columns_.empty()) return;
    const auto lookup = capture_.lookup();
    const auto of_columns = [this](const syntax::Expr& expr) { return capture_.depends_on_columns(expr); };
    const ReachFacts facts{schema_, lookup, of_columns, [this](const std::vector<ExprRef>& keys) {
                             return plan::keys_cover_partitions(keys, {schema_, scheme_, partition_columns_});
                           }};
    std::vector<Reach> reach;
    for (const auto& condition : query_.where) reach.push_back(reach_besides_totals(condition, facts));
    std::vector<ExprRef> settled;
    for (const auto& condition : query_.where) {
      if (reach[settled.size()] != Reach::kRow) break;
      const auto totals = plan::totals_in(condition, lookup, of_columns);
      const auto values = totals.empty() ? std::vector<ExprRef>{} : values_of(totals, settled);
      settled.push_back(totals.empty() ? condition : plan::with_totals(condition, values, lookup, of_columns));
    }
    by_row_ = static_cast<std::ptrdiff_t>(settled.size());
    std::move(settled.begin(), settled.end(), query_.where.begin());
  }

  bool looks_at_others() const { return by_row_ < static_cast<std::ptrdiff_t>(query_.where.size()); }

  /// What a condition looks at when its aggregates are known. Rows of different partitions have no order that a script
  /// may count on.
  static Reach reach_besides_totals(const ExprRef& condition, const ReachFacts& facts) {
    const auto totals = plan::totals_in(condition, facts.lookup, facts.mentions_columns);
    const std::vector<ExprRef> nothing(totals.size(), std::make_shared<syntax::Literal>());
    const auto rest = plan::with_totals(condition, nothing, facts.lookup, facts.mentions_columns);
    const auto reach = reach_of(*rest, facts);
    if (reach != Reach::kOrder) return reach;
    throw ScriptError("The where clause [" + syntax::print(*rest) +
                      "] of a distributed query should not use any aggregate or order-sensitive function. Select the "
                      "rows into a table in memory first, or end the query with map: then each partition stands for "
                      "itself. RefId:S02025");
  }

  /// Aggregates come from one query, lists from one each.
  std::vector<ExprRef> values_of(const std::vector<plan::WhereTotal>& totals, const std::vector<ExprRef>& where) {
    Query scalars;
    std::vector<ExprRef> values(totals.size());
    for (size_t t = 0; t < totals.size(); ++t) {
      const auto item = plan::alias_node(totals[t].expr, "total_" + std::to_string(t) + "_");
      if (!totals[t].is_list) {
        scalars.items.push_back(item);
        continue;
      }
      Query list;
      list.items = {item};
      values[t] = HeldValue::node(asked_first(list, where).column_shared(0));
    }
    if (scalars.items.empty()) return values;
    const Table found = asked_first(scalars, where);
    for (size_t t = 0, column = 0; t < totals.size(); ++t) {
      if (!totals[t].is_list) values[t] = HeldValue::node(found.column(column++).at(0));
    }
    return values;
  }

  Table asked_first(Query& query, const std::vector<ExprRef>& where) {
    query.where = where;
    query.hints = query_.hints;
    Explanation inner;
    const Value result = StoredSelect(query, *this, explanation_ ? &inner : nullptr).run();
    if (explanation_) explanation_->nest("where", inner, result);
    return result.table();
  }

  /// One row of constants, however many rows there are (the manual's page of select); none of none.
  Value run_constants() {
    Query count;
    count.items = {plan::alias_node(plan::call_node("count", {std::make_shared<syntax::Star>()}), "rows_")};
    const bool has_rows = asked_first(count, query_.where).column(0).at(0).scalar().as_int64() > 0;
    const RowNumbers nothing_known(has_rows ? 1 : 0, -1);
    return run_in_memory(Table(schema_).take(nothing_known), after_conditions(query_.where.size()));
  }
  bool selects_constants() const {
    return query_.grouping == Grouping::kNone && query_.cumulative_keys.empty() &&
           std::none_of(query_.items.begin(), query_.items.end(),
                        [&](const auto& item) { return capture_.depends_on_columns(*item); });
  }

  /// count(*) of everything, from what the snapshot knows.
  std::optional<Value> count_rows() const {
    const bool plain = query_.where.empty() && query_.grouping == Grouping::kNone && !query_.having &&
                       query_.items.size() == 1 && !query_.map && query_.order.empty() && !query_.limit &&
                       !query_.top && !query_.distinct && query_.cumulative_keys.empty();
    if (!plain) return std::nullopt;
    const auto* alias = as<syntax::Alias>(query_.items[0]);
    if (!plan::is_count_of_rows(alias ? *alias->value : *query_.items[0])) return std::nullopt;
    int64_t rows = 0;
    for (const auto p : chosen_) {
      const int64_t known = snapshot_->partitions()[p].rows;
      if (known < 0) return std::nullopt;
      rows += known;
    }
    const Value count = rows > INT32_MAX ? Value::of_long(rows) : Value::of_int(static_cast<int32_t>(rows));
    if (query_.is_exec) return count;
    const std::string name = alias && !alias->names.empty() ? alias->names[0] : "count";
    return Value(Table({name}, {Vector::filled(count.scalar(), 1)}));
  }

  /// The query for rows that have met so many of its first conditions.
  Query after_conditions(size_t met) const {
    Query rest(query_);
    rest.where.erase(rest.where.begin(), rest.where.begin() + static_cast<std::ptrdiff_t>(met));
    return rest;
  }

  Value run_in_memory(const Table& rows, const Query& rest) {
    RowScope scope(Relation::of(rows, qualifier_), outer_);
    return reduce(rest, scope, {});
  }

  /// What came of the partitions becomes the result.
  Value reduce(const Query& query, RowScope& rows, SelectOptions options) {
    if (!explanation_) return run_select(query, evaluator_, rows, options);
    const Explanation::Timed timed(explanation_, "reduce");
    Explanation inner;
    options.explanation = &inner;
    Value result = run_select(query, evaluator_, rows, options);
    explanation_->step("reduce")["sql"] = syntax::print(query);
    explanation_->nest("reduce", inner, result);
    return result;
  }

  /// The query with every name settled: items and keys carry their names, constants are variables.
  std::shared_ptr<Query> folded_query() {
    auto out = std::make_shared<Query>(query_);
    out->from = fragment_source(qualifier_);
    out->with.clear();
    out->unions.clear();
    out->is_exec = false;
    const auto keys = expand_items(query_.keys, probe_, evaluator_);
    const auto items = uniquely_named(expand_items(query_.items, probe_, evaluator_));
    for (const auto* list : {&keys, &items}) {
      for (const auto& item : *list) {
        for (const auto& name : item.names) capture_.know(name);
      }
    }
    const auto folded = [&](const std::vector<SelectItem>& list) {
      std::vector<ExprRef> nodes;
      for (const auto& item : list) {
        auto alias = std::make_shared<syntax::Alias>();
        alias->value = capture_.capture(item.expr);
        alias->names = item.names;
        nodes.push_back(alias);
      }
      return nodes;
    };
    out->keys = folded(keys);
    out->items = folded(items);
    for (auto* list : {&out->where, &out->cumulative_keys}) {
      for (auto& expr : *list) expr = capture_.capture(expr);
    }
    for (auto* list : {&out->csort, &out->order}) {
      for (auto& key : *list) key.key = capture_.capture(key.key);
    }
    out->having = capture_.capture(out->having);
    for (auto* expr : {&out->limit, &out->offset}) *expr = capture_.capture(*expr);
    return out;
  }

  /// As the result would have them: in the fragment each name is one that was given.
  static std::vector<SelectItem> uniquely_named(std::vector<SelectItem> items) {
    std::vector<std::string> names;
    std::vector<bool> given;
    for (const auto& item : items) {
      if (item.names.size() != 1) return items;
      names.push_back(item.names[0]);
      given.push_back(item.named);
    }
    make_unique(names, given);
    for (size_t i = 0; i < items.size(); ++i) items[i].names[0] = names[i];
    return items;
  }

  Table scan(Query& query) { return scan(query, chosen_, INT64_MAX); }

  /// Runs the fragment over the partitions; `rows_wanted`: stop when there are so many.
  Table scan(Query& query, std::span<const size_t> partitions, int64_t rows_wanted) {
    query.from = fragment_source(qualifier_);
    Fragment fragment;
    fragment.text = explanation_ ? explained(query) : syntax::print(query);
    fragment.user = evaluator_.context().caller().user;
    capture_.fill(fragment);
    ScanOptions options;
    options.at_once = rows_wanted < INT64_MAX || (query_.hints & kHintSequential) != 0 ? 1 : 0;
    options.cancellation = evaluator_.context().cancellation();
    std::optional<Table> all;
    std::exception_ptr failure;
    std::vector<Explanation::Part> told;
    const auto sql = explanation_ ? shown(query) : std::string();
    const Explanation::Timed timed(explanation_, "map");
    const auto status = snapshot_->scan(fragment, partitions, options, [&](size_t p, Table part) {
      try {
        evaluator_.context().reserve_memory(static_cast<int64_t>(part.memory_bytes()));
        const Explanation::Timed merging(explanation_, "merge");
        if (explanation_) {
          auto [result, steps] = without_explanation(part);
          told.push_back({sql + " [partition = " + place_of(p) + "]", std::move(steps)});
          part = std::move(result);
        }
        add_part(all, std::move(part));
      } catch (const ScriptError&) {
        failure = std::current_exception();
        return false;
      }
      return static_cast<int64_t>(all->rows()) < rows_wanted;
    });
    if (failure) std::rethrow_exception(failure);
    if (!status.ok()) throw ScriptError(status.error().message);
    if (!all) throw ScriptError("No partition of " + table_->name() + " gave a result.");
    if (explanation_) {
      const auto is_local = [&](size_t p) { return snapshot_->partitions()[p].is_local; };
      const auto local = std::ranges::count_if(partitions.first(told.size()), is_local);
      explanation_->tell_parts(told, static_cast<size_t>(local), all->rows());
      auto& optimize = explanation_->step("optimize");
      optimize["sql"] = sql;
      if (chosen_.size() == 1) optimize["field"] = "single partition query";
    }
    return std::move(*all);
  }

  /// What partitions are asked, with the table's name for their rows.
  std::string shown(Query query) const {
    auto source = std::make_shared<syntax::Source>();
    source->table = plan::name_node(table_->name());
    source->alias = qualifier_ == table_->name() ? "" : qualifier_;
    query.from = std::move(source);
    return syntax::print(query);
  }

  static std::string explained(Query query) {
    query.hints |= kHintExplain | kHintExplainResult;
    return syntax::print(query);
  }

  std::string place_of(size_t partition) const {
    const auto path = meta::path_of(scheme_, snapshot_->partitions()[partition].key);
    return table_->database() + (path.empty() || path.starts_with("/") ? "" : "/") + path;
  }

  /// The same over the chosen partitions from one end, twice as many each time, until `enough` says so of what came
  /// last. The parts come in the order of the partitions.
  Table scan_from_end(Query& query, const plan::PartitionsEnd& end, const std::function<bool(const Table&)>& enough) {
    const auto turn = [&](size_t p) {
      const auto& parts = snapshot_->partitions()[p].key.parts;
      return std::span(parts).first(std::min(end.levels, parts.size()));
    };
    std::span<const size_t> left = chosen_;
    std::vector<Table> found;
    for (size_t turns = 1; !left.empty() && (found.empty() || !enough(found.back())); turns *= 2) {
      size_t taken = 0;
      const auto at = [&](size_t i) { return end.last ? left[left.size() - 1 - i] : left[i]; };
      for (size_t begun = 0; taken < left.size(); ++taken) {
        const bool is_new = taken == 0 || !std::ranges::equal(turn(at(taken - 1)), turn(at(taken)));
        if (is_new && ++begun > turns) break;
      }
      found.push_back(scan(query, end.last ? left.last(taken) : left.first(taken), INT64_MAX));
      left = end.last ? left.first(left.size() - taken) : left.subspan(taken);
    }
    if (end.last) std::ranges::reverse(found);
    std::optional<Table> all;
    for (auto& part : found) add_part(all, std::move(part));
    return std::move(*all);
  }

  /// One partition: everything happens there.
  Value run_whole(const Query& folded) {
    Query fragment(folded);
    return shape_result(query_, {.table = scan(fragment), .all_scalar = is_scalar_result(folded)});
  }

  bool is_scalar_result(const Query& folded) const {
    if (folded.grouping != Grouping::kNone) return false;
    const auto lookup = capture_.lookup();
    return std::all_of(folded.items.begin(), folded.items.end(),
                       [&](const auto& item) { return plan::facts_of(*item, lookup).aggregates; });
  }

  Value run_concatenated(const Query& folded, plan::DistributedQuery& plan) {
    const auto limit = query_.grouping == Grouping::kContextBy || query_.map
                           ? RowLimit{}
                           : limit_of(query_, evaluator_, probe_.constants());
    int64_t wanted = INT64_MAX;
    if (plan.kind == Distribution::kRows && !limit.is_all()) {
      if (limit.count >= 0 && limit.count <= INT64_MAX - limit.from) {
        const int64_t first = limit.from + limit.count;
        plan.fragment->limit = integer_node(first);
        if (query_.order.empty() && !query_.distinct) wanted = first;
      } else if (query_.order.empty()) {
        plan.fragment->limit = integer_node(limit.count);
      }
      if (!query_.order.empty() && limit.count >= 0) plan.fragment->order = order_by_added(folded);
    }
    const bool from_end = plan.end && limit.count >= 0 && limit.count <= INT64_MAX - limit.from && !limit.is_all();
    Table all = from_end ? scan_rows_from_end(plan, limit.from + limit.count) : scan(*plan.fragment, chosen_, wanted);
    if (query_.grouping == Grouping::kGroupBy && query_.order.empty() && !query_.map)
      all = sorted_by_keys(all, folded.keys.size());
    if (query_.distinct) all = distinct_rows(all);
    if (plan.order_columns > 0) {
      std::vector<OrderColumn> columns;
      const size_t first = all.columns() - plan.order_columns;
      for (size_t k = 0; k < plan.order_columns; ++k) {
        columns.push_back({all.column_shared(first + k), query_.order[k].descending, is_nulls_last(query_.order[k])});
      }
      all = all.take(order_rows(columns, all.rows()));
      for (size_t k = 0; k < plan.order_columns; ++k) all.drop_column(first);
    }
    if (!limit.is_all()) {
      const auto [from, count] = limit.range(all.rows());
      all = all.slice(from, count);
    }
    StepResult result{.table = std::move(all), .grouped = query_.grouping == Grouping::kGroupBy};
    result.key_columns = result.grouped ? 1 : 0;
    return shape_result(query_, std::move(result));
  }

  Table scan_rows_from_end(plan::DistributedQuery& plan, int64_t rows) {
    int64_t seen = 0;
    return scan_from_end(*plan.fragment, *plan.end, [&](const Table& part) {
      seen += static_cast<int64_t>(part.rows());
      return seen >= rows;
    });
  }

  /// Groups come ascending by key whatever partitions they were found in.
  static Table sorted_by_keys(const Table& groups, size_t keys) {
    std::vector<OrderColumn> columns;
    for (size_t k = 0; k < keys && k < groups.columns(); ++k)
      columns.push_back({groups.column_shared(k), false, false});
    return groups.take(order_rows(columns, groups.rows()));
  }

  static std::vector<syntax::OrderKey> order_by_added(const Query& folded) {
    std::vector<syntax::OrderKey> keys = folded.order;
    for (size_t k = 0; k < keys.size(); ++k) keys[k].key = plan::name_node("order_" + std::to_string(k) + "_");
    return keys;
  }

  Value run_merged(plan::DistributedQuery& plan) {
    const auto has_rows = [](const Table& partials) {
      const auto& rows = partials.column(partials.columns() - 1);
      for (size_t p = 0; p < rows.size(); ++p) {
        if (rows.scalar_at(p).as_int64() > 0) return true;
      }
      return false;
    };
    const Table partials = plan.end ? scan_from_end(*plan.fragment, *plan.end, has_rows) : scan(*plan.fragment);
    Query merge(*plan.merge);
    // Constants became variables of the fragment; here they are values again.
    for (auto* list : {&merge.items, &merge.keys}) {
      for (auto& expr : *list) expr = capture_.release(expr);
    }
    for (auto& key : merge.order) key.key = capture_.release(key.key);
    merge.having = capture_.release(merge.having);
    merge.is_exec = query_.is_exec;
    merge.limit = query_.limit;
    merge.offset = query_.offset;
    merge.top = query_.top;
    RowScope rows(Relation::of(partials, ""), outer_);
    return reduce(merge, rows, {.merges_partials = true});
  }

  Value run_pulled(const Query& folded) {
    Query fragment;
    fragment.where.assign(folded.where.begin(), folded.where.begin() + by_row_);
    if (const auto limit = looks_at_others() ? std::nullopt : limit_in_groups(query_, capture_, evaluator_)) {
      // What a partition leaves out of its groups, no group of all of them shows.
      fragment.grouping = Grouping::kContextBy;
      fragment.keys = folded.keys;
      fragment.csort = folded.csort;
      fragment.limit = integer_node(limit->count < 0 ? limit->count : limit->from + limit->count);
    }
    const auto rest = after_conditions(static_cast<size_t>(by_row_));
    for (const auto& column : plan::columns_used(rest, schema_, true))
      fragment.items.push_back(plan::alias_node(plan::name_node(column), column));
    return run_in_memory(scan(fragment), rest);
  }

  const std::shared_ptr<StoredTable> table_;
  const std::string qualifier_;
  Evaluator& evaluator_;
  Scope* const outer_;
  Explanation* const explanation_;
  const std::shared_ptr<const StoredSnapshot> snapshot_;  // before what it may renew: the columns
  const data::Schema schema_;
  std::vector<ExprRef> choices_;  // partition(…) and sample(…), which query_ is without
  Query query_;
  const meta::PartitionScheme scheme_;
  const std::vector<std::string> partition_columns_;
  RowScope probe_;
  ConstantCapture capture_;
  std::vector<size_t> chosen_;
  std::ptrdiff_t by_row_ = 0;  // so many conditions of the first ones judge rows alone
  bool is_placed_ = false;     // chosen_ are the partitions to choose from
};

}  // namespace

Value select_stored(const Query& query, const std::shared_ptr<StoredTable>& table, const std::string& qualifier,
                    Evaluator& evaluator, Scope* outer, Explanation* explanation) {
  const auto ended = evaluator.watch_query(query);
  try {
    Value result = StoredSelect(query, table, qualifier, evaluator, outer, explanation).run();
    if (ended) ended({});
    return result;
  } catch (const ScriptError& error) {
    if (ended) ended(error.message());
    throw;
  }
}

namespace {

/// No row of the narrowed source fails the condition.
bool is_met(const plan::Constraint& condition, ColumnSource& source) {
  const auto columns = plan::columns_that_decide(condition);
  if (!columns) return false;
  const auto& schema = source.schema();
  return std::all_of(columns->begin(), columns->end(), [&](const std::string& name) {
    const auto column = std::find_if(schema.begin(), schema.end(), [&](const auto& c) { return c.name == name; });
    return source.meets(static_cast<size_t>(column - schema.begin()));
  });
}

/// How many of the first rows the query looks at; nothing: all.
std::optional<int64_t> rows_wanted(const Query& query, const ConstantCapture& capture, Evaluator& evaluator) {
  const bool by_place =
      query.where.empty() && query.grouping == Grouping::kNone && query.order.empty() && !query.distinct;
  if (!by_place || (!query.limit && !query.top)) return std::nullopt;
  EmptyScope constants;
  const auto limit = limit_of(query, evaluator, &constants);
  const auto lookup = capture.lookup();
  const bool by_row = std::all_of(query.items.begin(), query.items.end(),
                                  [&](const auto& item) { return plan::facts_of(*item, lookup).row_wise(); });
  if (!by_row || limit.count < 0 || limit.count == INT64_MAX) return std::nullopt;
  return limit.from + limit.count;
}

const syntax::Name* column_name(const ExprRef& item) {
  const auto* alias = as<syntax::Alias>(item);
  return as<syntax::Name>(alias ? alias->value : item);
}

std::optional<size_t> column_of(const ExprRef& item, const data::Schema& schema) {
  const auto* name = column_name(item);
  for (size_t c = 0; name && c < schema.size(); ++c) {
    if (schema[c].name == name->name) return c;
  }
  return std::nullopt;
}

/// The ends of groups that are all the query looks at; nothing: it may look at any row.
std::optional<Narrowing::GroupEnds> group_ends(const Query& query, const data::Schema& schema,
                                               const ConstantCapture& capture, Evaluator& evaluator) {
  if (!query.where.empty() || query.csort.size() > 1) return std::nullopt;
  const auto limit = limit_in_groups(query, capture, evaluator);
  if (!limit) return std::nullopt;
  Narrowing::GroupEnds ends;
  (limit->count < 0 ? ends.last : ends.first) =
      static_cast<size_t>(limit->count < 0 ? -limit->count : limit->from + limit->count);
  if (ends.first + ends.last == 0) return std::nullopt;
  for (const auto& key : query.keys) {
    const auto column = column_of(key, schema);
    if (!column) return std::nullopt;
    ends.keys.push_back(*column);
  }
  if (query.csort.empty()) return ends;
  const auto& by = query.csort.front();
  ends.by = column_of(by.key, schema);
  if (!ends.by || by.descending || is_nulls_last(by)) return std::nullopt;
  return ends;
}

/// The column that a key of the order stands for: an item of that expression or name goes before the table's column.
/// Nothing: something else, or it takes more to tell.
std::optional<size_t> ordering_column(const syntax::OrderKey& key, const Query& query, const data::Schema& schema) {
  const auto* wanted = as<syntax::Name>(key.key);
  if (!wanted || is_nulls_last(key) != key.descending) return std::nullopt;
  const auto& items = query.items;
  const auto is_it = [&](const ExprRef& item) {
    const auto* name = column_name(item);
    return name && name->name == wanted->name;
  };
  if (std::any_of(items.begin(), items.end(), is_it)) return column_of(key.key, schema);
  std::optional<size_t> named;
  for (const auto& item : items) {
    const auto* alias = as<syntax::Alias>(item);
    if (item->kind == syntax::ExprKind::kName) continue;
    if (!alias || alias->names.size() != 1) return std::nullopt;
    if (lowered(alias->names[0]) != lowered(wanted->name)) continue;
    if (alias->names[0] != wanted->name || named) return std::nullopt;
    named = column_of(item, schema);
    if (!named) return std::nullopt;
  }
  return named ? named : column_of(key.key, schema);
}

/// The end of the rows, in the order of leading keys, that is all the query looks at.
std::optional<OrderedEnd> ordered_end(const Query& query, const data::Schema& schema, const ConstantCapture& capture,
                                      Evaluator& evaluator) {
  const bool is_plain =
      query.grouping == Grouping::kNone && query.cumulative_keys.empty() && !query.distinct && !query.having;
  if (!is_plain || query.order.empty() || (!query.limit && !query.top)) return std::nullopt;
  const auto lookup = capture.lookup();
  const bool by_row = std::all_of(query.items.begin(), query.items.end(),
                                  [&](const auto& item) { return plan::facts_of(*item, lookup).row_wise(); });
  if (!by_row) return std::nullopt;
  EmptyScope constants;
  const auto limit = limit_of(query, evaluator, &constants);
  if (limit.from < 0 || limit.count < 0 || limit.count > INT64_MAX - limit.from) return std::nullopt;
  OrderedEnd end{.columns = {}, .last = query.order[0].descending};
  end.count = static_cast<size_t>(limit.from + limit.count);
  for (const auto& key : query.order) {
    const auto column = key.descending == end.last ? ordering_column(key, query, schema) : std::nullopt;
    if (!column) break;
    end.columns.push_back(*column);
  }
  if (end.columns.empty()) return std::nullopt;
  end.with_equals = end.last || end.columns.size() < query.order.size();  // which of them come first, other keys say
  return end;
}

/// The conditions before the first that looks beyond its row, as `price > avg(price)` does: later ones are asked about
/// the rows it left, so that they must not take away rows before it.
std::vector<syntax::ExprRef> conditions_by_row(const Query& query, const data::Schema& schema,
                                               const ConstantCapture& capture) {
  const auto lookup = capture.lookup();
  const ReachFacts facts{schema, lookup, [&](const syntax::Expr& expr) { return capture.depends_on_columns(expr); },
                         [](const std::vector<ExprRef>&) { return false; }};
  const auto end = std::find_if(query.where.begin(), query.where.end(),
                                [&](const auto& condition) { return reach_of(*condition, facts) != Reach::kRow; });
  return {query.where.begin(), end};
}

}  // namespace

std::vector<syntax::ExprRef> narrow_source(const Query& query, const NamedTable& named, Evaluator& evaluator) {
  const auto* lazy = dynamic_cast<const LazyTable*>(named.table.table_object().get());
  if (!lazy) return query.where;
  auto& source = lazy->source();
  const auto& schema = source.schema();
  EmptyScope constants;
  ConstantCapture capture(schema, named.qualifier, evaluator, &constants);
  Narrowing narrowing;
  narrowing.rows_wanted = rows_wanted(query, capture, evaluator);
  const auto by_row = conditions_by_row(query, schema, capture);
  const auto constraint = plan::constraint_of(by_row, schema, capture.constant_value());
  for (size_t c = 0; c < schema.size(); ++c) {
    if (auto interval = plan::hull_of(constraint, schema[c].name))
      narrowing.ranges.push_back({c, std::move(*interval)});
  }
  if (narrowing.ranges.empty() && !narrowing.rows_wanted)
    narrowing.ends = group_ends(query, schema, capture, evaluator);
  const auto end =
      narrowing.rows_wanted || narrowing.ends ? std::nullopt : ordered_end(query, schema, capture, evaluator);
  if (narrowing.ranges.empty() && !narrowing.rows_wanted && !narrowing.ends && !end) return query.where;
  source.narrow(narrowing);
  std::vector<syntax::ExprRef> left;
  for (const auto& condition : by_row) {
    if (!is_met(plan::constraint_of({condition}, schema, capture.constant_value()), source)) left.push_back(condition);
  }
  left.insert(left.end(), query.where.begin() + static_cast<std::ptrdiff_t>(by_row.size()), query.where.end());
  if (left.empty() && end) source.keep_end(*end);
  return left;
}

}  // namespace pelorus::exec
