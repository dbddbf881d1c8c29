#include "exec/operators/grouped_evaluation.h"

#include <algorithm>

#include "base/script_error.h"
#include "data/convert.h"
#include "exec/operators/filter_rows.h"
#include "exec/operators/row_placement.h"
#include "exec/worker_session.h"
#include "functions/registry.h"
#include "plan/walk.h"
#include "syntax/print.h"

namespace pelorus::exec {

using data::Shared;
using data::Type;
using data::Value;
using data::Vector;
using functions::Nature;
using plan::for_each_child;
using plan::is_count_of_rows;
using syntax::as;
using syntax::Expr;
using syntax::ExprKind;

/// A call and what it calls.
struct GroupedEvaluation::CallParts : plan::CallShape {
  data::FunctionRef callee;  // null: not a function by name
  const functions::Function* builtin = nullptr;
};

/// What an element-wise tree rests on.
struct GroupedEvaluation::Leaves {
  std::vector<const Expr*> names;  // Name and alias.column nodes that are columns
  std::vector<const Expr*> calls;  // calls that are not element-wise
  bool opaque = false;             // rows are named inside something that is not element-wise
};

/// Names and computed calls at one level.
class GroupedEvaluation::LevelScope final : public Scope {
 public:
  LevelScope(GroupedEvaluation& owner, Level level) : Scope(owner.rows_.outer()), owner_(owner), level_(level) {}

  std::optional<Value> find(std::string_view name) override {
    if (level_ == Level::kGroup) {
      for (const auto& key : owner_.options_.keys) {
        if (key.name == name) return Value(key.values);
      }
    }
    if (const auto found = named_.find(std::string(name)); found != named_.end()) return found->second;
    return level_ == Level::kConstant ? std::nullopt : owner_.rows_.find(name);
  }
  std::optional<Value> find_qualified(std::string_view qualifier, std::string_view name) override {
    return level_ == Level::kConstant ? std::nullopt : owner_.rows_.find_qualified(qualifier, name);
  }
  std::optional<Value> find_computed(const Expr& node) override {
    const auto found = computed_.find(&node);
    if (found == computed_.end()) return std::nullopt;
    return found->second;
  }
  void put(const Expr& node, Value value) { computed_[&node] = std::move(value); }
  void put(const std::string& name, Value value) { named_[name] = std::move(value); }

 private:
  GroupedEvaluation& owner_;
  const Level level_;
  std::unordered_map<const Expr*, Value> computed_;
  std::unordered_map<std::string, Value> named_;
};

/// The rows of one group as names.
class GroupedEvaluation::SliceScope final : public Scope {
 public:
  explicit SliceScope(GroupedEvaluation& owner) : Scope(owner.rows_.outer()), owner_(owner) {}
  void enter(size_t group) { group_ = group; }

  std::optional<Value> find(std::string_view name) override { return slice(owner_.rows_.find_column(name)); }
  std::optional<Value> find_qualified(std::string_view qualifier, std::string_view name) override {
    return slice(owner_.rows_.find_column(qualifier, name));
  }
  std::optional<Value> find_computed(const Expr& node) override {
    if (!is_count_of_rows(node)) return std::nullopt;
    return Value::of_int(static_cast<int32_t>(owner_.rows_in(group_)));
  }

 private:
  std::optional<Value> slice(int column) {
    if (column < 0) return std::nullopt;
    const auto c = static_cast<size_t>(column);
    auto found = columns_.find(c);
    if (found == columns_.end()) found = columns_.emplace(c, owner_.contiguous(owner_.rows_.column(c))).first;
    if (owner_.count() == 0) return Value(Vector(found->second->slice(0, 0)));
    return Value(found->second->slice(owner_.begin_of(group_), owner_.rows_in(group_)));
  }

  GroupedEvaluation& owner_;
  size_t group_ = 0;
  std::unordered_map<size_t, Shared<Vector>> columns_;
};

GroupedEvaluation::GroupedEvaluation(Evaluator& evaluator, RowScope& rows, const kernels::Groups& groups,
                                     Options options)
    : evaluator_(evaluator), rows_(rows), groups_(groups), options_(std::move(options)) {}
GroupedEvaluation::~GroupedEvaluation() = default;

const kernels::GroupDirectory& GroupedEvaluation::directory() {
  if (!directory_) directory_ = kernels::gather_groups(groups_.of_row, count());
  return *directory_;
}

std::span<const uint32_t> GroupedEvaluation::numbers() {
  if (options_.starts.empty()) return groups_.of_row;
  if (numbers_.empty()) {
    numbers_.resize(rows_.rows());
    for (size_t g = 0; g < count(); ++g)
      std::fill(numbers_.begin() + options_.starts[g], numbers_.begin() + options_.starts[g + 1],
                static_cast<uint32_t>(g));
  }
  return numbers_;
}

size_t GroupedEvaluation::rows_in(size_t group) {
  if (count() == 0) return 0;
  return static_cast<size_t>(starts()[group + 1]) - begin_of(group);
}

size_t GroupedEvaluation::begin_of(size_t group) {
  const auto& firsts = options_.first_groups;
  return static_cast<size_t>(starts()[firsts.empty() ? group : firsts[group]]);
}

/// A column of row level with each group's rows side by side.
Shared<Vector> GroupedEvaluation::contiguous(const Shared<Vector>& rows) {
  if (!is_contiguous_) {
    is_contiguous_ = !options_.starts.empty() || std::is_sorted(groups_.of_row.begin(), groups_.of_row.end());
  }
  return *is_contiguous_ ? rows : Shared<Vector>(rows->take(directory().order));
}

Value GroupedEvaluation::lifted(const LeveledValue& value, Level level) {
  if (value.level == Level::kConstant || value.level == level || level == Level::kConstant) return value.value;
  if (!group_of_row_) group_of_row_.emplace(numbers().begin(), numbers().end());
  return Value(value.value.vector().take(*group_of_row_));
}

const GroupKey* GroupedEvaluation::key_of(const Expr& expr) {
  if (options_.keys.empty()) return nullptr;
  const auto* name = as<syntax::Name>(expr);
  const std::string text = name ? std::string() : syntax::print(expr);
  for (const auto& key : options_.keys) {
    if (name ? key.name == name->name || key.text == name->name : key.text == text) return &key;
  }
  return nullptr;
}

const GroupedEvaluation::CallParts& GroupedEvaluation::parts_of(const Expr& expr) {
  auto& place = calls_[&expr];
  if (place) return *place;
  place = std::make_unique<CallParts>();
  static_cast<plan::CallShape&>(*place) = plan::shape_of_call(expr);
  if (const auto callee = evaluator_.find_function(*place->function, rows_.constants())) {
    place->callee = *callee;
    if (const auto* builtin = dynamic_cast<const functions::Builtin*>(callee->get()))
      place->builtin = &builtin->function();
  }
  return *place;
}

GroupedEvaluation::CallNature GroupedEvaluation::nature_of(const CallParts& parts) const {
  if (!parts.callee) return CallNature::kOther;
  if (parts.callee->is_aggregate()) return CallNature::kAggregate;
  if (!parts.builtin) return CallNature::kOther;
  if (parts.builtin->nature == Nature::kElementwise) return CallNature::kElementwise;
  return parts.builtin->nature == Nature::kVector ? CallNature::kVector : CallNature::kOther;
}

bool GroupedEvaluation::depends_on_rows(const Expr& expr) {
  return plan::any_node(expr, [&](const Expr& node) {
    if (node.kind == ExprKind::kStar || rows_.find_column(node) >= 0) return true;
    return node.kind == ExprKind::kName && key_of(node);
  });
}

namespace {

bool is_call(const Expr& expr) { return expr.kind == ExprKind::kCall || expr.kind == ExprKind::kMethodCall; }

}  // namespace

void GroupedEvaluation::find_leaves(const Expr& expr, Leaves& leaves) {
  switch (expr.kind) {
    case ExprKind::kBinary:
      if (!plan::is_elementwise(as<syntax::Binary>(expr)->op)) break;
      [[fallthrough]];
    case ExprKind::kUnary:
    case ExprKind::kComparisonChain:
    case ExprKind::kConditional:
    case ExprKind::kCase:
    case ExprKind::kAlias: for_each_child(expr, [&](const Expr& child) { find_leaves(child, leaves); }); return;
    case ExprKind::kName:
      if (depends_on_rows(expr)) leaves.names.push_back(&expr);
      return;
    case ExprKind::kCall:
    case ExprKind::kMethodCall: {
      if (!depends_on_rows(expr)) return;
      const auto& parts = parts_of(expr);
      if (nature_of(parts) != CallNature::kElementwise || key_of(expr)) {
        leaves.calls.push_back(&expr);
        return;
      }
      for (const auto* argument : parts.arguments) {
        if (argument) find_leaves(*argument, leaves);
      }
      return;
    }
    case ExprKind::kMember:
      if (rows_.find_column(expr) < 0) break;
      leaves.names.push_back(&expr);
      return;
    default: break;
  }
  leaves.opaque = leaves.opaque || depends_on_rows(expr);
}

/// Whether an argument may be computed for all rows at once: only functions that keep a row's place in its group.
bool GroupedEvaluation::can_level(const Expr& expr) {
  Leaves leaves;
  find_leaves(expr, leaves);
  if (leaves.opaque) return false;
  return std::all_of(leaves.calls.begin(), leaves.calls.end(), [&](const Expr* call) {
    const auto& parts = parts_of(*call);
    const auto nature = nature_of(parts);
    if (is_count_of_rows(*call)) return true;
    if (!parts.plain || nature == CallNature::kOther) return false;
    return std::all_of(parts.arguments.begin(), parts.arguments.end(),
                       [&](const Expr* argument) { return !argument || can_level(*argument); });
  });
}

void GroupedEvaluation::refuse_aggregates(const Expr& expr) {
  Leaves leaves;
  find_leaves(expr, leaves);
  for (const auto* call : leaves.calls) {
    if (nature_of(parts_of(*call)) == CallNature::kAggregate)
      throw ScriptError("Cannot nest aggregate function. RefId:S02032");
  }
}

void GroupedEvaluation::put(const Expr& call, Level level, Shared<Vector> values) {
  put_.emplace(&call, LeveledValue{level, Value(std::move(values))});
}

LeveledValue GroupedEvaluation::evaluate(const Expr& expr) { return evaluate_at(expr, false); }

LeveledValue GroupedEvaluation::evaluate_at(const Expr& expr, bool in_call) {
  if (const auto* alias = as<syntax::Alias>(expr)) return evaluate_at(*alias->value, in_call);
  if (const auto known = put_.find(&expr); known != put_.end()) return known->second;
  if (!in_call) {
    if (const auto* key = key_of(expr)) return {Level::kGroup, Value(key->values)};
  }
  if (!depends_on_rows(expr)) return {Level::kConstant, evaluator_.evaluate(expr, rows_.constants())};
  if (const auto* name = as<syntax::Name>(expr)) {
    return {Level::kRow, Value(rows_.column(static_cast<size_t>(rows_.find_column(name->name))))};
  }
  if (is_call(expr) && nature_of(parts_of(expr)) != CallNature::kElementwise) return evaluate_call(expr, in_call);
  return evaluate_tree(expr, in_call);
}

LeveledValue GroupedEvaluation::evaluate_tree(const Expr& expr, bool in_call) {
  Leaves leaves;
  find_leaves(expr, leaves);
  if (leaves.opaque) return run_generic(expr);
  Level level = Level::kConstant;
  std::vector<std::pair<const Expr*, LeveledValue>> computed;
  std::vector<std::pair<std::string, const GroupKey*>> keys;
  for (const auto* name : leaves.names) {
    const auto* key = in_call ? nullptr : key_of(*name);
    if (key && as<syntax::Name>(*name)) keys.emplace_back(as<syntax::Name>(*name)->name, key);
    level = std::max(level, key ? Level::kGroup : Level::kRow);
  }
  for (const auto* call : leaves.calls) {
    computed.emplace_back(call, evaluate_at(*call, in_call));
    level = std::max(level, computed.back().second.level);
  }
  LevelScope scope(*this, level);
  for (auto& [call, value] : computed) scope.put(*call, lifted(value, level));
  for (const auto& [name, key] : keys) scope.put(name, lifted({Level::kGroup, Value(key->values)}, level));
  return {level, evaluator_.evaluate(expr, &scope)};
}

LeveledValue GroupedEvaluation::evaluate_call(const Expr& expr, bool in_call) {
  if (is_count_of_rows(expr)) {
    data::Buffer<int32_t> counts(count(), 0);
    if (options_.first_groups.empty()) {
      for (const auto group : numbers()) ++counts[group];
    }
    for (size_t g = 0; g < counts.size() && !options_.first_groups.empty(); ++g)
      counts[g] = static_cast<int32_t>(rows_in(g));
    return {Level::kGroup, Value(Vector::adopt<int32_t>(Type::kInt, std::move(counts)))};
  }
  (void)in_call;
  return run_call(expr, parts_of(expr));
}

LeveledValue GroupedEvaluation::run_call(const Expr& expr, const CallParts& parts) {
  if (!parts.callee || !parts.plain) return run_generic(expr);
  const bool is_aggregate = nature_of(parts) == CallNature::kAggregate;
  for (const auto* argument : parts.arguments) {
    if (!argument) continue;
    if (is_aggregate && options_.refuse_nested) refuse_aggregates(*argument);
    if (!can_level(*argument)) return run_generic(expr);
  }
  std::vector<LeveledValue> arguments;
  for (const auto* argument : parts.arguments) {
    arguments.push_back(argument ? evaluate_at(*argument, true) : LeveledValue{Level::kConstant, Value::missing()});
  }
  if (parts.builtin && parts.builtin->name == "toArray" && arguments.size() == 1 && arguments[0].level == Level::kRow) {
    return to_array(arguments[0]);
  }
  if (auto result = run_grouped(parts, arguments)) return *result;
  return run_by_group(parts, std::move(arguments));
}

std::optional<LeveledValue> GroupedEvaluation::run_grouped(const CallParts& parts,
                                                           const std::vector<LeveledValue>& arguments) {
  if (!parts.builtin || !parts.builtin->grouped.run || arguments.size() != 1) return std::nullopt;
  if (!options_.first_groups.empty() || (!options_.starts.empty() && shares_groups())) return std::nullopt;
  if (arguments[0].level == Level::kConstant || !arguments[0].value.is_vector()) return std::nullopt;
  const Value rows = lifted(arguments[0], Level::kRow);
  const auto& grouped = parts.builtin->grouped;
  if (grouped.accepts && !grouped.accepts(rows.vector())) return std::nullopt;
  return LeveledValue{Level::kGroup, Value(grouped.run(rows.vector(), numbers(), count()))};
}

Value GroupedEvaluation::part_of(const LeveledValue& value, size_t group) {
  switch (value.level) {
    case Level::kConstant: return value.value;
    case Level::kGroup: return count() == 0 ? Value() : value.value.vector().at(group);
    case Level::kRow: break;
  }
  const auto from = count() == 0 ? 0 : begin_of(group);
  return Value(value.value.vector().slice(from, rows_in(group)));
}

LeveledValue GroupedEvaluation::run_by_group(const CallParts& parts, std::vector<LeveledValue> arguments) {
  for (auto& argument : arguments) {
    if (argument.level == Level::kRow && argument.value.is_vector()) {
      argument.value = Value(contiguous(argument.value.vector_shared()));
    }
  }
  return call_by_group(parts, arguments);
}

/// Several threads take some groups each: where there are several, and rows enough to make up for the calls.
bool GroupedEvaluation::shares_groups() const {
  constexpr size_t kRowsLeast = 1 << 16;
  constexpr size_t kRowsOfGroup = 64;
  const auto* workers = evaluator_.workers();
  return workers && workers->threads() > 1 && count() > 1 && rows_.rows() >= kRowsLeast &&
         rows_.rows() / count() >= kRowsOfGroup;
}

/// Vectors that are results by group as one column of the rows, which stand by group: each is copied to its place while
/// it is in the cache. As long as all are of one plain type.
class GroupedEvaluation::PlacedResults {
 public:
  PlacedResults(const std::vector<int64_t>& starts, size_t rows) : starts_(starts), rows_(rows) {}

  /// The first result decides the type; false when it is none that can be placed.
  bool open(const Value& first) {
    if (starts_.empty() || !first.is_vector() || !RowPlacement::places(first.vector())) return false;
    const auto& vector = first.vector();
    if (vector.type() == Type::kSymbol) return false;
    all_ = Vector(vector.type(), rows_, vector.scale());
    out_ = types::visit_fixed(vector.repr(), [&]<class T>() -> void* { return all_.edit<T>().data(); });
    return true;
  }
  /// False: it has to be kept where it is. Different groups at the same time.
  bool put(size_t group, const Value& result) {
    const auto begin = static_cast<size_t>(starts_[group]), end = static_cast<size_t>(starts_[group + 1]);
    if (!result.is_vector()) return false;
    const auto& vector = result.vector();
    if (vector.type() != all_.type() || vector.scale() != all_.scale() || vector.is_array() ||
        vector.size() != end - begin)
      return false;
    types::visit_fixed(vector.repr(), [&]<class T>() {
      const auto values = vector.values<T>();
      std::copy(values.begin(), values.end(), static_cast<T*>(out_) + begin);
    });
    return true;
  }
  Value of(size_t group) const {
    const auto begin = static_cast<size_t>(starts_[group]);
    return Value(all_.slice(begin, static_cast<size_t>(starts_[group + 1]) - begin));
  }
  Vector take() { return std::move(all_); }

 private:
  const std::vector<int64_t>& starts_;
  const size_t rows_;
  Vector all_;
  void* out_ = nullptr;
};

/// On all threads when the function is built in; those see nothing of the session.
LeveledValue GroupedEvaluation::call_by_group(const CallParts& parts, const std::vector<LeveledValue>& arguments) {
  constexpr size_t kShares = 8;  // for each thread, as groups are of unlike sizes
  const Value function(parts.callee);
  std::vector<Value> results(std::max<size_t>(count(), 1));
  PlacedResults placed(options_.starts, rows_.rows());
  std::vector<int8_t> is_placed(results.size());
  bool places = false;
  const auto call = [&](functions::CallContext& context, size_t from, size_t to) {
    for (size_t g = from; g < to; ++g) {
      check_cancelled(evaluator_);
      std::vector<Value> of_group;
      for (const auto& argument : arguments) of_group.push_back(part_of(argument, g));
      results[g] = context.call(function, std::span<Value>(of_group));
      is_placed[g] = places && placed.put(g, results[g]);
      if (is_placed[g]) results[g] = Value();
    }
  };
  auto* workers = evaluator_.workers();
  if (count() > 0) (void)rows_in(0);  // settles what the threads ask for
  call(evaluator_.context(), 0, 1);
  places = count() > 1 && placed.open(results[0]) && placed.put(0, results[0]);
  is_placed[0] = places;
  if (!parts.builtin || nature_of(parts) == CallNature::kOther || !shares_groups()) {
    call(evaluator_.context(), 1, results.size());
  } else {
    std::vector<std::unique_ptr<WorkerSession>> sessions;
    for (size_t i = 0; i < workers->threads(); ++i)
      sessions.push_back(std::make_unique<WorkerSession>(evaluator_.context()));
    const size_t rest = results.size() - 1, shares = std::min(rest, kShares * workers->threads());
    workers->run(shares, [&](size_t worker, size_t share) {
      call(sessions[worker]->interpreter(), 1 + rest * share / shares, 1 + rest * (share + 1) / shares);
    });
  }
  if (std::all_of(is_placed.begin(), is_placed.end(), [](int8_t is) { return is != 0; }))
    return {Level::kRow, Value(placed.take())};
  for (size_t g = 1; g < results.size(); ++g) {
    if (is_placed[g]) results[g] = placed.of(g);
  }
  return assemble(std::move(results));
}

LeveledValue GroupedEvaluation::run_generic(const Expr& expr) {
  SliceScope scope(*this);
  std::vector<Value> results;
  const size_t calls = std::max<size_t>(count(), 1);
  for (size_t g = 0; g < calls; ++g) {
    scope.enter(g);
    results.push_back(evaluator_.evaluate(expr, &scope));
  }
  return assemble(std::move(results));
}

std::vector<Value> GroupedEvaluation::each_group(const Expr& expr) {
  SliceScope scope(*this);
  std::vector<Value> results;
  for (size_t g = 0; g < count(); ++g) {
    scope.enter(g);
    results.push_back(evaluator_.evaluate(expr, &scope));
  }
  return results;
}

/// Results by group: scalars are of group level; vectors as long as their groups are of row level.
LeveledValue GroupedEvaluation::assemble(std::vector<Value> results) {
  const bool all_vectors = std::all_of(results.begin(), results.end(), [](const Value& v) { return v.is_vector(); });
  if (!all_vectors) return assemble_scalars(std::move(results));
  bool fits = true, single = true;
  for (size_t g = 0; g < results.size(); ++g) {
    fits = fits && results[g].vector().size() == rows_in(g);
    single = single && results[g].vector().size() == 1;
  }
  if (!fits) {
    if (!single)
      throw ScriptError("A grouped calculation must return a scalar or a vector of the same length as the group.");
    return assemble_scalars(std::move(results));
  }
  Vector all = results[0].vector();
  for (size_t g = 1; g < results.size(); ++g) {
    auto& next = results[g].edit_vector();
    if (next.type() == all.type() && next.scale() == all.scale() && next.is_array() == all.is_array()) {
      all.append(next);
      continue;
    }
    const Type common = next.is_array() || all.is_array() ? Type::kAny : data::common_type(all.type(), next.type());
    const int scale = std::max(all.scale(), next.scale());
    const auto left = data::convert(Shared<Vector>(std::move(all)), common, scale);
    const auto right = data::convert(Shared<Vector>(std::move(next)), common, scale);
    if (!left || !right) throw ScriptError("A grouped calculation must return values of one type for all groups.");
    all = **left;
    all.append(**right);
  }
  Shared<Vector> rows(std::move(all));
  (void)contiguous(rows);  // settles is_contiguous_
  if (!*is_contiguous_) {
    RowNumbers back(directory().order.size());
    for (size_t i = 0; i < back.size(); ++i) back[static_cast<size_t>(directory().order[i])] = static_cast<int64_t>(i);
    rows = Shared<Vector>(rows->take(back));
  }
  return {Level::kRow, Value(rows)};
}

LeveledValue GroupedEvaluation::assemble_scalars(std::vector<Value> results) {
  for (auto& value : results) {
    if (value.is_vector() && value.vector().size() == 1) value = value.vector().at(0);
  }
  auto column = vector_of_scalars(results);
  if (count() == 0) column = Shared<Vector>(column->slice(0, 0));
  return {Level::kGroup, Value(column)};
}

LeveledValue GroupedEvaluation::to_array(const LeveledValue& argument) {
  const auto flat = contiguous(argument.value.vector_shared());
  if (types::is_literal(flat->type())) {
    std::vector<Value> lists;
    for (size_t g = 0; g < count(); ++g) lists.push_back(part_of({Level::kRow, Value(flat)}, g));
    return {Level::kGroup, Value(Vector::tuple(std::move(lists)))};
  }
  return {Level::kGroup, Value(Vector::array(flat, data::Buffer<int64_t>(starts().begin() + 1, starts().end())))};
}

namespace {

Shared<Vector> as_column(const Value& value, size_t size, const Expr& expr, std::string_view of_what) {
  if (value.is_scalar() || value.is_missing()) {
    return value.is_missing() ? Vector::nulls(Type::kVoid, size) : Vector::filled(value.scalar(), size);
  }
  if (value.is_vector() && value.vector().size() == size) return value.vector_shared();
  if (value.is_vector() && value.vector().size() == 1) return Vector::filled(value.vector().scalar_at(0), size);
  throw ScriptError("[" + syntax::print(expr) + "] must give one value for each " + std::string(of_what) + ".");
}

}  // namespace

/// distinct(x) as an item of group by: the different values of each group, one list a group.
bool GroupedEvaluation::is_list_of_group(const Expr& expr) {
  if (!is_call(expr) || !depends_on_rows(expr)) return false;
  const auto& parts = parts_of(expr);
  return parts.builtin && parts.builtin->name == "distinct";
}

Shared<Vector> GroupedEvaluation::lists_by_group(const Expr& expr) {
  std::vector<Value> lists = each_group(expr);
  if (lists.empty()) {  // the type of nothing
    const Value none = evaluator_.evaluate(expr, &rows_);
    const bool is_plain = none.is_vector() && !types::is_literal(none.type()) && none.type() != Type::kAny;
    return is_plain ? Vector::array(none.vector_shared(), {}) : Vector::tuple({});
  }
  const auto type = lists[0].vector().type();
  if (types::is_literal(type) || type == Type::kAny) return Vector::tuple(std::move(lists));
  Vector flat = lists[0].vector();
  data::Buffer<int64_t> ends{static_cast<int64_t>(flat.size())};
  for (size_t g = 1; g < lists.size(); ++g) {
    flat.append(lists[g].vector());
    ends.push_back(static_cast<int64_t>(flat.size()));
  }
  return Vector::array(Shared<Vector>(std::move(flat)), std::move(ends));
}

Shared<Vector> GroupedEvaluation::by_group(const Expr& expr) {
  const auto* alias = as<syntax::Alias>(expr);
  if (is_list_of_group(alias ? *alias->value : expr)) return lists_by_group(alias ? *alias->value : expr);
  auto result = evaluate(expr);
  if (result.level == Level::kRow) {
    throw ScriptError("[" + syntax::print(expr) + "] must be aggregated or be one of the keys of group by.");
  }
  return as_column(result.value, count(), expr, "group");
}

Shared<Vector> GroupedEvaluation::by_row(const Expr& expr) {
  auto result = evaluate(expr);
  return as_column(lifted(result, Level::kRow), rows_.rows(), expr, "row");
}

Shared<Vector> vector_of_scalars(const std::vector<Value>& values) {
  Type type = Type::kVoid;
  int scale = 0;
  bool mixed = false;
  for (const auto& value : values) {
    if (!value.is_scalar()) {
      mixed = mixed || !value.is_missing();
      continue;
    }
    const auto& scalar = value.scalar();
    if (scalar.type() == Type::kVoid) continue;
    scale = std::max(scale, scalar.scale());
    if (type == Type::kVoid)
      type = scalar.type();
    else if (type != scalar.type())
      type = data::common_type(type, scalar.type());
  }
  if (mixed || type == Type::kAny || type == Type::kDuration) return Vector::tuple(values);
  if (type == Type::kVoid) return Vector::nulls(Type::kVoid, values.size());
  Vector out(type, 0, scale);
  out.reserve(values.size());
  for (const auto& value : values) {
    if (value.is_missing())
      out.push_null();
    else if (!out.push_back(value))
      return Vector::tuple(values);
  }
  return out;
}

}  // namespace pelorus::exec
