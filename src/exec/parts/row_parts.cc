#include "exec/parts/row_parts.h"

#include <algorithm>
#include <numeric>

#include "base/prefetch.h"
#include "base/script_error.h"
#include "exec/operators/built_in.h"
#include "exec/operators/filter_rows.h"
#include "exec/operators/take_rows.h"
#include "exec/parts/one_column.h"
#include "exec/worker_session.h"
#include "kernels/visit_number.h"
#include "plan/walk.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Type;
using data::Vector;
using syntax::as;
using syntax::Expr;
using syntax::ExprKind;

/// A few columns of so many rows fit the second-level cache.
using data::kPartRows;
/// Below so many parts a further thread costs more than it brings.
constexpr size_t kStretchParts = 4;
/// Sets that are looked up in every part are built in every part.
constexpr size_t kSetMax = 4096;
/// Conditions are evaluated value by value where each has at least so many rows, and that table fits the cache.
constexpr size_t kRowsOfValue = 4;
constexpr size_t kJudgedMax = 1 << 16;
/// Of more values a directory's lists are too short to be worth while.
constexpr size_t kHeldMax = 64;
/// Where rows are not read in order, a part of which each cache line holds one is read through first.
constexpr size_t kRowsOfLine = 8;
/// Rows of several values are put in order, which costs so many times what looking at a row does.
constexpr size_t kCostOfOrder = 4;

bool is_plain_column(const Vector& column) { return !column.is_array() && column.type() != Type::kAny; }

std::string key_of(std::string_view qualifier, std::string_view name) {
  return std::string(qualifier) + "." + std::string(name);
}

}  // namespace

/// The part's rows under the names that expressions use.
class RowParts::Columns final : public Scope {
 public:
  Columns(const RowParts& owner, Part& part) : owner_(owner), part_(part) {}

  std::optional<Value> find(std::string_view name) override {
    if (auto column = slice(name)) return column;
    const auto found = owner_.variables_.find(name);
    return found == owner_.variables_.end() ? std::nullopt : std::optional(found->second);
  }
  std::optional<Value> find_qualified(std::string_view qualifier, std::string_view name) override {
    return slice(key_of(qualifier, name));
  }
  void forget() { slices_.clear(); }

 private:
  std::optional<Value> slice(std::string_view key) {
    const auto column = owner_.columns_.find(key);
    if (column == owner_.columns_.end()) return std::nullopt;
    const auto known = slices_.find(column->second.get());
    if (known != slices_.end()) return Value(known->second);
    const auto& values = *column->second;
    const auto cut = part_.read(values);
    slices_.emplace(column->second.get(), cut);
    return Value(cut);
  }

  const RowParts& owner_;
  Part& part_;
  std::map<const Vector*, Shared<Vector>> slices_;
};

namespace {

/// The lowest of the values a column may have, and how far the highest is from it; nothing: not known. `range`: of a
/// column that is not of symbols.
std::optional<std::pair<int64_t, uint64_t>> reach_of_values(const Vector& column,
                                                            const std::optional<std::pair<int64_t, int64_t>>& range) {
  if (column.type() == Type::kSymbol) return std::pair(int64_t{0}, static_cast<uint64_t>(column.symbols().size()) - 1);
  if (!range) return std::nullopt;
  return std::pair(range->first, static_cast<uint64_t>(range->second) - static_cast<uint64_t>(range->first));
}

/// The values a column may have, in ascending order without gaps.
struct DifferentValues {
  const void* of;  // the column's own, by row
  int64_t lowest;
  Vector each;
};

/// Nothing: they are not known, or more than `most`. `range`: of a column that is not of symbols.
std::optional<DifferentValues> different_values(const Vector& column,
                                                const std::optional<std::pair<int64_t, int64_t>>& range, size_t most) {
  const auto reach = reach_of_values(column, range);
  if (!reach || reach->second >= std::min(most, kJudgedMax)) return std::nullopt;
  const int64_t least = reach->first;
  const uint64_t gap = reach->second;
  if (column.type() == Type::kSymbol) {
    data::Buffer<int32_t> codes(gap + 1);
    std::iota(codes.begin(), codes.end(), 0);
    return DifferentValues{column.values<int32_t>().data(), least,
                           Vector::of_symbols(column.symbols_shared(), std::move(codes))};
  }
  return kernels::visit_whole(column.repr(), [&]<class T>() {
    Vector each(column.type(), gap + 1, column.scale());
    std::iota(each.edit<T>().begin(), each.edit<T>().end(), static_cast<T>(least));
    return DifferentValues{column.values<T>().data(), least, std::move(each)};
  });
}

}  // namespace

RowParts::RowParts(RowScope& rows, Evaluator& evaluator) : rows_(rows), evaluator_(evaluator) {}
RowParts::~RowParts() = default;

bool RowParts::take_column(int column, const std::string& key) {
  const auto values = rows_.column(static_cast<size_t>(column));
  if (!is_plain_column(*values)) return false;
  columns_.emplace(key, values);
  return true;
}

bool RowParts::take_name(const syntax::Name& name) {
  if (columns_.contains(name.name) || variables_.contains(name.name)) return true;
  if (const int column = rows_.find_column(name.name); column >= 0) return take_column(column, name.name);
  if (!name.in_query) return false;
  Value value = evaluator_.evaluate(name, rows_.constants());
  if (!value.is_scalar()) return false;
  variables_.emplace(name.name, std::move(value));
  return true;
}

/// The right side of `in`: a small set of constants.
bool RowParts::take_set(const Expr& expr) {
  if (const auto* constants = as<syntax::ConstantVector>(expr)) return constants->values.size() <= kSetMax;
  if (const auto* bracket = as<syntax::VectorBracket>(expr)) {
    return bracket->elements.size() <= kSetMax &&
           std::all_of(bracket->elements.begin(), bracket->elements.end(),
                       [](const auto& e) { return e->kind == ExprKind::kLiteral; });
  }
  return expr.kind == ExprKind::kLiteral;
}

/// The bounds of `between`: both ends constants.
bool RowParts::take_pair(const Expr& expr) {
  const auto& pair = *as<syntax::PairLiteral>(expr);
  return pair.from && pair.to && take(*pair.from) && take(*pair.to) && is_constant(*pair.from) && is_constant(*pair.to);
}

bool RowParts::take_call(const Expr& callee, const std::vector<const Expr*>& arguments) {
  const auto* name = as<syntax::Name>(callee);
  if (!name || arguments.empty()) return false;
  const auto* function = built_in(callee, evaluator_, rows_.constants());
  if (!function || function->nature != functions::Nature::kElementwise) return false;
  const bool is_in = function->name == "in" || function->name == "notIn";
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i]) return false;
    if (is_in && i == 1 ? !take_set(*arguments[i]) : !take(*arguments[i])) return false;
  }
  return true;
}

bool RowParts::take(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kLiteral: return true;
    case ExprKind::kName: return take_name(*as<syntax::Name>(expr));
    case ExprKind::kAlias: return take(*as<syntax::Alias>(expr)->value);
    case ExprKind::kPair: return take_pair(expr);
    case ExprKind::kUnary: return take(*as<syntax::Unary>(expr)->operand);
    case ExprKind::kBinary: {
      const auto& node = *as<syntax::Binary>(expr);
      return plan::is_elementwise(node.op) && take(*node.left) && take(*node.right);
    }
    case ExprKind::kMember: {
      const int column = rows_.find_column(expr);
      if (column < 0) return false;
      const auto& node = *as<syntax::Member>(expr);
      return take_column(column, key_of(as<syntax::Name>(node.object)->name, node.name));
    }
    case ExprKind::kCall:
    case ExprKind::kMethodCall: {
      const auto [function, arguments, plain] = plan::shape_of_call(expr);
      return plain && take_call(*function, arguments);
    }
    default: return false;
  }
}

std::optional<Shared<Vector>> RowParts::over_nothing(const Expr& expr) {
  Part part(*this, evaluator_);
  try {
    auto values = part.values(expr);
    if (is_plain_column(*values)) return values;
  } catch (const ScriptError&) {
    // Said again, with its place, when the whole expression is evaluated.
  }
  return std::nullopt;
}

bool RowParts::is_constant(const Expr& expr) const {
  switch (expr.kind) {
    case ExprKind::kLiteral:
    case ExprKind::kConstantVector: return true;
    case ExprKind::kName: return variables_.contains(as<syntax::Name>(expr)->name);
    case ExprKind::kUnary:
    case ExprKind::kBinary:
    case ExprKind::kPair:
    case ExprKind::kVectorBracket: break;
    default: return false;
  }
  bool all = true;
  plan::for_each_child(expr, [&](const Expr& child) { all = all && is_constant(child); });
  return all;
}

void RowParts::filter_by(const std::vector<syntax::ExprRef>& conditions) {
  for (const auto& condition : conditions) conditions_.push_back({condition, {}, {}});
  // Which side of a join a.x names is not told by the name alone.
  const bool has_members = std::any_of(columns_.begin(), columns_.end(),
                                       [](const auto& column) { return column.first.find('.') != std::string::npos; });
  if (has_members || conditions.empty()) return;
  judge_values();
  for (auto& condition : conditions_) {
    if (!condition.directory) condition.met = bounds().met_by_part(condition.expr);
  }
  leave_out_parts();
}

void RowParts::let_order_by(const Expr& key) {
  const auto* name = as<syntax::Name>(key);
  if (name && columns_.contains(name->name)) may_order_.insert(name->name);
}

/// Of the columns taken so far.
BoundedParts& RowParts::bounds() {
  if (bounds_) return *bounds_;
  return bounds_.emplace(columns_, rows(), [&](const Expr& expr) -> std::optional<Value> {
    if (!is_constant(expr)) return std::nullopt;
    if (const auto* name = as<syntax::Name>(expr)) return variables_.find(name->name)->second;
    return evaluator_.evaluate(expr, rows_.constants());
  });
}

void RowParts::leave_out_parts() {
  std::vector<size_t> read;
  for (size_t p = 0; p < parts(); ++p) {
    if (std::none_of(conditions_.begin(), conditions_.end(),
                     [p](const auto& c) { return !c.met.empty() && c.met[p] == Met::kNone; }))
      read.push_back(p);
  }
  if (read.size() < parts()) read_ = std::move(read);
}

/// Null when `expr` names none, or several.
const NamedColumns::value_type* RowParts::only_column(const Expr& expr) const {
  const NamedColumns::value_type* only = nullptr;
  bool several = false;
  plan::any_node(expr, [&](const Expr& node) {
    const auto* name = as<syntax::Name>(node);
    const auto found = name ? columns_.find(name->name) : columns_.end();
    if (found != columns_.end()) {
      several = several || (only && only != &*found);
      only = &*found;
    }
    return several;
  });
  return several ? nullptr : only;
}

/// What holds for a value holds for all rows that have it: conditions of a column of symbols, or of whole numbers close
/// together, are evaluated once for each value.
void RowParts::judge_values() {
  for (auto& condition : conditions_) {
    const auto* column = only_column(*condition.expr);
    if (!column) continue;
    const auto values =
        different_values(*column->second, bounds().range_of(column->first), parts() * kPartRows / kRowsOfValue);
    if (!values) continue;
    OneColumn each(column->first, values->each, variables_);
    try {
      auto holds = flags_of(evaluator_.evaluate(*condition.expr, &each), values->each.size());
      for (auto& flag : holds) flag = flag == 1;
      condition.judged = {column->second->repr(), values->of, values->lowest, std::move(holds)};
      look_up(condition, *column);
    } catch (const ScriptError&) {
      // Said when a row has such a value.
    }
  }
}

/// Where few values meet the condition, a directory of the column tells which rows do.
void RowParts::look_up(Condition& condition, const NamedColumns::value_type& named) {
  const auto& column = *named.second;
  const auto& [repr, values, lowest, holds] = *condition.judged;
  if (static_cast<size_t>(std::count(holds.begin(), holds.end(), 1)) > kHeldMax) return;
  const auto directory = data::directory_of(column, lowest, holds.size(), evaluator_.workers());
  if (!directory) return;
  for (uint32_t v = 0; v < std::min(holds.size(), directory->values()); ++v) {
    if (holds[v] == 1) condition.held.push_back(v);
  }
  condition.met.assign(directory->parts(), Met::kSome);
  for (size_t p = 0; p < directory->parts(); ++p) {
    size_t count = 0;
    for (const auto v : condition.held) count += directory->count_of(p, v);
    condition.rows_held += count;
    if (count == 0) condition.met[p] = Met::kNone;
  }
  condition.directory = directory;
  if (may_order_.contains(named.first)) condition.ordered_by = &column;
  const size_t cost = condition.held.size() == 1 || condition.ordered_by ? 1 : kCostOfOrder;
  if (condition.rows_held > rows() / cost) return;
  if (!looked_up_ || condition.rows_held < looked_up_->rows_held) looked_up_ = &condition;
}

std::shared_ptr<const kernels::PartDirectory> RowParts::directory_of(const Expr& key) {
  const auto* name = as<syntax::Name>(key);
  const auto found = name ? columns_.find(name->name) : columns_.end();
  if (found == columns_.end()) return nullptr;
  const auto& column = *found->second;
  const bool is_symbols = column.type() == Type::kSymbol;
  const auto reach = reach_of_values(column, is_symbols ? std::nullopt : bounds().range_of(found->first));
  if (!reach || reach->second >= kernels::PartDirectory::kValuesMax) return nullptr;
  return data::directory_of(column, reach->first, reach->second + 1, evaluator_.workers());
}

size_t RowParts::parts() const { return read_ ? read_->size() : (rows() + kPartRows - 1) / kPartRows; }

size_t RowParts::stretches() const {
  const auto* workers = evaluator_.workers();
  return std::clamp<size_t>(parts() / kStretchParts, 1, workers ? workers->threads() : 1);
}

std::pair<size_t, size_t> RowParts::parts_of(size_t stretch) const {
  return {parts() * stretch / stretches(), parts() * (stretch + 1) / stretches()};
}

std::pair<size_t, size_t> RowParts::bounds(size_t stretch) const {
  const auto [begin, end] = parts_of(stretch);
  return {std::min(begin * kPartRows, rows()), std::min(end * kPartRows, rows())};
}

void RowParts::run(const std::function<void(size_t, Part&)>& work) {
  const size_t count = stretches();
  const auto walk = [&](size_t stretch, Evaluator& evaluator) {
    const auto [begin, end] = parts_of(stretch);
    Part part(*this, evaluator);
    for (size_t p = begin; p < end; ++p) {
      check_cancelled(evaluator_);
      const size_t at = (read_ ? (*read_)[p] : p) * kPartRows;
      part.enter(at, std::min(kPartRows, rows() - at));
      work(stretch, part);
    }
  };
  if (count == 1) return walk(0, evaluator_);
  std::vector<std::unique_ptr<WorkerSession>> sessions;
  for (size_t i = 0; i < count; ++i) sessions.push_back(std::make_unique<WorkerSession>(evaluator_.context()));
  evaluator_.workers()->run(count, [&](size_t, size_t stretch) { walk(stretch, sessions[stretch]->interpreter()); });
}

// --- a part ------------------------------------------------------------------------------------------------------

RowParts::Part::Part(const RowParts& owner, Evaluator& evaluator)
    : evaluator_(evaluator), columns_(std::make_unique<Columns>(owner, *this)), owner_(owner) {}
RowParts::Part::~Part() = default;

void RowParts::Part::enter(size_t from, size_t count) {
  from_ = from;
  count_ = count;
  is_whole_ = true;
  are_lists_ = false;
  columns_->forget();
}

bool RowParts::Part::filter() {
  const size_t part = number();
  if (owner_.looked_up_ && !look_up(*owner_.looked_up_)) return false;
  for (const auto& condition : owner_.conditions_) {
    if (&condition == owner_.looked_up_) continue;
    if (!condition.met.empty() && condition.met[part] == Met::kAll) continue;
    if (!keep(condition)) return false;
  }
  return true;
}

/// Leaves the rows that the directory tells.
bool RowParts::Part::look_up(const Condition& condition) {
  lists_.clear();
  for (const auto value : condition.held) {
    lists_.push_back(condition.directory->rows_of(number(), value));
    prefetch_all(lists_.back().data(), lists_.back().size_bytes());
  }
  if (!condition.ordered_by) {
    next_.resize(kPartRows + kernels::kPickSpare);
    return leave(kernels::merge_places(lists_, static_cast<int64_t>(from_), next_.data()));
  }
  size_t held = 0;
  for (const auto& list : lists_) held += list.size();
  if (held == count_) return true;  // in their own order
  count_ = held;
  are_lists_ = true;
  is_whole_ = are_numbered_ = false;
  columns_->forget();
  return held > 0;
}

/// Of the rows that are left, when some are gone.
const int64_t* RowParts::Part::numbers() {
  if (are_lists_ && !are_numbered_) {
    kept_.resize(kPartRows + kernels::kPickSpare);
    kernels::join_places(lists_, static_cast<int64_t>(from_), kept_.data());
    are_numbered_ = true;
  }
  return kept_.data();
}

bool RowParts::Part::keep(const Condition& condition) {
  if (condition.judged) {
    next_.resize(kPartRows + kernels::kPickSpare);
    return leave(is_whole_ ? kernels::pick_rows(*condition.judged, from_, count_, next_.data())
                           : kernels::pick_rows(*condition.judged, numbers(), count_, next_.data()));
  }
  const Value value = evaluator_.evaluate(*condition.expr, columns_.get());
  if (value.is_vector() && value.type() == Type::kBool && value.vector().size() == rows())
    return keep(value.vector().values<int8_t>());
  return keep(flags_of(value, rows()));
}

bool RowParts::Part::keep(std::span<const int8_t> flags) {
  next_.resize(kPartRows + kernels::kPickSpare);
  return leave(is_whole_ ? kernels::pick_rows(flags, static_cast<int64_t>(from_), next_.data())
                         : kernels::pick_rows(flags, numbers(), next_.data()));
}

/// The first so many of next_ are left.
bool RowParts::Part::leave(size_t picked) {
  if (picked == count_) return picked > 0;
  std::swap(kept_, next_);
  count_ = picked;
  is_whole_ = are_lists_ = false;
  columns_->forget();
  return picked > 0;
}

Shared<Vector> RowParts::Part::read(const Vector& column) {
  if (is_whole_) return Shared<Vector>(column.slice(first(), rows()));
  const auto* ordered_by = owner_.looked_up_ ? owner_.looked_up_->ordered_by : nullptr;
  if (are_lists_ && ordered_by == &column) return expand(runs_of_lists(column));
  if (!ordered_by || !types::is_fixed(column.repr()) || column.is_array()) return Shared<Vector>(column.take(*kept()));
  return types::visit_fixed(column.repr(), [&]<class T>() {
    const auto values = column.values<T>().subspan(from_);
    if (count_ * kRowsOfLine > kPartRows) read_through(values.data(), std::min(values.size(), kPartRows) * sizeof(T));
    if (!are_lists_) return Shared<Vector>(column.take(*kept()));
    data::Buffer<T> out(count_);
    auto next = out.begin();
    for (const auto& list : lists_)
      next = std::transform(list.begin(), list.end(), next, [&](uint16_t row) { return values[row]; });
    return Shared<Vector>(column_like(column, std::move(out)));
  });
}

const Vector* RowParts::Part::column(const Expr& expr) const {
  const auto* name = as<syntax::Name>(expr);
  const auto found = name && is_whole_ ? owner_.columns_.find(name->name) : owner_.columns_.end();
  return found == owner_.columns_.end() ? nullptr : found->second.get();
}

Shared<Vector> RowParts::Part::values(const Expr& expr) {
  const Value value = evaluator_.evaluate(expr, columns_.get());
  if (value.is_vector() && value.vector().size() == rows()) return value.vector_shared();
  if (value.is_scalar()) return Vector::filled(value.scalar(), rows());
  throw ScriptError("An expression over rows must give one element for each of them.");
}

}  // namespace pelorus::exec
