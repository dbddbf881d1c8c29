#include "exec/learning/genetic_search.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "base/script_error.h"
#include "functions/arguments.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Type;
using data::Value;
using data::Vector;

constexpr double kNull = types::kNull<double>;
/// Smaller numbers are taken for nothing by div, log and reciprocal.
constexpr double kNearZero = 0.001;

double finite(double value) { return std::isfinite(value) ? value : kNull; }

double one_of(std::string_view name, double x) {
  if (name == "sqrt") return std::sqrt(std::abs(x));
  if (name == "log") return x < kNearZero ? 0 : std::log(x);
  if (name == "neg") return -x;
  if (name == "reciprocal") return std::abs(x) < kNearZero ? 0 : 1 / x;
  if (name == "abs") return std::abs(x);
  if (name == "sin") return std::sin(x);
  if (name == "cos") return std::cos(x);
  if (name == "tan") return std::tan(x);
  if (name == "sig") return 1 / (1 + std::exp(-x));
  return x > 0 ? 1 : x < 0 ? -1 : 0;  // signum
}

double one_of(std::string_view name, double x, double y) {
  if (name == "add") return x + y;
  if (name == "sub") return x - y;
  if (name == "mul") return x * y;
  if (name == "div") return std::abs(y) < kNearZero ? 1 : x / y;
  if (name == "max") return std::max(x, y);
  return std::min(x, y);
}

bool is_own(const GeneFunction& function) {
  const std::string_view name = function.name;
  return !function.has_window && name != "ratios" && name != "deltas";
}

/// Evaluates programs over the rows of one group.
class Evaluation {
 public:
  Evaluation(const Program& program, const std::vector<Shared<Vector>>& columns, size_t rows,
             functions::CallContext& context)
      : program_(program), columns_(columns), rows_(rows), context_(context) {}

  Shared<Vector> next() {
    const Gene& gene = program_[at_++];
    if (gene.function == nullptr)
      return gene.column >= 0 ? columns_[static_cast<size_t>(gene.column)]
                              : Shared<Vector>(Vector::filled(data::Scalar::of_double(gene.constant), rows_));
    std::vector<Shared<Vector>> arguments;
    for (int i = 0; i < gene.function->arguments; ++i) arguments.push_back(next());
    return is_own(*gene.function) ? elementwise(*gene.function, arguments) : called(gene, arguments);
  }

 private:
  Shared<Vector> elementwise(const GeneFunction& function, const std::vector<Shared<Vector>>& arguments) const {
    Vector result(Type::kDouble, rows_);
    auto& out = result.edit<double>();
    const auto x = arguments[0]->values<double>();
    for (size_t i = 0; i < rows_; ++i) {
      if (x[i] == kNull) {
        out[i] = kNull;
      } else if (function.arguments == 1) {
        out[i] = finite(one_of(function.name, x[i]));
      } else {
        const double y = arguments[1]->values<double>()[i];
        out[i] = y == kNull ? kNull : finite(one_of(function.name, x[i], y));
      }
    }
    return Shared<Vector>(std::move(result));
  }

  Shared<Vector> called(const Gene& gene, const std::vector<Shared<Vector>>& arguments) const {
    const auto function = context_.find_function(gene.function->name);
    if (!function) throw ScriptError("The function " + std::string(gene.function->name) + " is not available.");
    std::vector<Value> values;
    for (const auto& argument : arguments) values.emplace_back(argument);
    if (std::string_view(gene.function->name) == "mrank") values.push_back(Value::of_bool(true));
    if (gene.function->has_window) values.push_back(Value::of_int(gene.window));
    const Value result = context_.call(*function, std::span<Value>(values));
    Vector doubles = *functions::as_doubles(gene.function->name, result.vector_shared());
    for (auto& value : doubles.edit<double>()) value = finite(value);
    return Shared<Vector>(std::move(doubles));
  }

  const Program& program_;
  const std::vector<Shared<Vector>>& columns_;
  const size_t rows_;
  functions::CallContext& context_;
  size_t at_ = 0;
};

/// Ranks from 0, equal values share their mean.
std::vector<double> ranks_of(const std::vector<double>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (size_t from = 0; from < order.size();) {
    size_t to = from + 1;
    while (to < order.size() && values[order[to]] == values[order[from]]) ++to;
    for (size_t i = from; i < to; ++i) ranks[order[i]] = static_cast<double>(from + to - 1) / 2;
    from = to;
  }
  return ranks;
}

double correlation(const std::vector<double>& x, const std::vector<double>& y) {
  const auto n = static_cast<double>(x.size());
  const double mean_x = std::accumulate(x.begin(), x.end(), 0.0) / n;
  const double mean_y = std::accumulate(y.begin(), y.end(), 0.0) / n;
  double xx = 0, yy = 0, xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : 0;
}

}  // namespace

Vector program_values(const Program& program, const GeneticData& data, functions::CallContext& context) {
  if (data.groups.empty()) return *Evaluation(program, data.columns, data.rows, context).next();
  Vector result(Type::kDouble, data.rows);
  for (const auto& rows : data.groups) {
    std::vector<Shared<Vector>> columns;
    for (const auto& column : data.columns) columns.emplace_back(column->take(rows));
    const auto part = Evaluation(program, columns, rows.size(), context).next();
    for (size_t i = 0; i < rows.size(); ++i)
      result.edit<double>()[static_cast<size_t>(rows[i])] = part->values<double>()[i];
  }
  return result;
}

double GeneticSearch::fitness_of(const Vector& values, const std::vector<int64_t>& rows,
                                 functions::CallContext& context) const {
  using Fitness = GeneticTerms::Fitness;
  if (terms_.fitness == Fitness::kFunction) {
    const Value result = context.call(terms_.fitness_function, {Value(values.take(rows)), Value(target_->take(rows))});
    if (!result.is_scalar() || !types::is_numeric(result.type()))
      throw ScriptError("createGPLearnEngine: fitnessFunc must give a number.");
    return result.is_null() ? kNull : result.scalar().as_double();
  }
  std::vector<double> x, y;
  for (const auto row : rows) {
    const double value = values.values<double>()[static_cast<size_t>(row)];
    const double wanted = target_->values<double>()[static_cast<size_t>(row)];
    if (value == kNull || wanted == kNull) continue;
    x.push_back(value);
    y.push_back(wanted);
  }
  // Formulas that mostly give nulls say nothing.
  if (x.size() * 2 < rows.size() || x.empty()) return kNull;
  if (terms_.fitness == Fitness::kPearson || terms_.fitness == Fitness::kSpearman) {
    const double found =
        terms_.fitness == Fitness::kPearson ? correlation(x, y) : correlation(ranks_of(x), ranks_of(y));
    return terms_.absolute ? std::abs(found) : found;
  }
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i)
    sum += terms_.fitness == Fitness::kMae ? std::abs(x[i] - y[i]) : (x[i] - y[i]) * (x[i] - y[i]);
  const double mean = sum / static_cast<double>(x.size());
  return finite(terms_.fitness == Fitness::kRmse ? std::sqrt(mean) : mean);
}

void GeneticSearch::judge(Member* member, const std::vector<int64_t>& rows, functions::CallContext& context) const {
  if (context.cancellation().cancelled()) throw ScriptError("The statement was cancelled.");
  member->raw = fitness_of(program_values(member->program, data_, context), rows, context);
  if (member->raw == kNull) {
    member->raw = terms_.minimize ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
    member->scored = std::numeric_limits<double>::infinity();
    return;
  }
  const double penalty = terms_.parsimony * static_cast<double>(member->program.size());
  member->scored = (terms_.minimize ? member->raw : -member->raw) + penalty;
}

std::vector<int64_t> GeneticSearch::sample() {
  std::vector<int64_t> rows(data_.rows);
  std::iota(rows.begin(), rows.end(), 0);
  if (terms_.samples >= 1) return rows;
  std::shuffle(rows.begin(), rows.end(), random_);
  rows.resize(std::max<size_t>(1, static_cast<size_t>(static_cast<double>(data_.rows) * terms_.samples)));
  std::sort(rows.begin(), rows.end());
  return rows;
}

const GeneticSearch::Member& GeneticSearch::tournament_winner(const std::vector<Member>& parents) {
  std::uniform_int_distribution<size_t> any(0, parents.size() - 1);
  const Member* best = &parents[any(random_)];
  for (size_t i = 1; i < terms_.tournament; ++i) {
    const Member& other = parents[any(random_)];
    if (other.scored < best->scored) best = &other;
  }
  return *best;
}

std::vector<GeneticSearch::Member> GeneticSearch::next(const std::vector<Member>& parents) {
  std::vector<Member> children;
  std::vector<size_t> order(parents.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return parents[a].scored < parents[b].scored; });
  for (size_t i = 0; i < std::min(terms_.elite, parents.size()); ++i) children.push_back(parents[order[i]]);
  /// Longer programs are not bred: they would eat memory and time.
  constexpr size_t kGenesMax = 1000;
  while (children.size() < terms_.population) {
    const Program& parent = tournament_winner(parents).program;
    double chance = std::uniform_real_distribution<double>(0, 1)(random_);
    Program child = parent;
    if ((chance -= terms_.crossover) < 0)
      child = crossed(parent, tournament_winner(parents).program, random_);
    else if ((chance -= terms_.subtree) < 0)
      child = crossed(parent, random_program(terms_.pool, terms_.growth, random_), random_);
    else if ((chance -= terms_.hoist) < 0)
      child = hoisted(parent, random_);
    else if ((chance -= terms_.point) < 0)
      child = point_mutated(parent, terms_.pool, random_);
    const bool is_too_big = child.size() > kGenesMax || (terms_.keeps_depth && depth_of(child) > terms_.pool.depth_max);
    children.push_back({is_too_big ? parent : std::move(child), 0, 0});
  }
  return children;
}

std::vector<Fitted> GeneticSearch::fit(size_t count, functions::CallContext& context) {
  const std::lock_guard lock(mutex_);
  std::vector<Member> members;
  for (const auto& program : terms_.first) {
    if (members.size() < terms_.population) members.push_back({program, 0, 0});
  }
  while (members.size() < terms_.population)
    members.push_back({random_program(terms_.pool, terms_.growth, random_), 0, 0});
  for (size_t generation = 0;; ++generation) {
    const auto rows = sample();
    for (auto& member : members) judge(&member, rows, context);
    const auto& best = *std::min_element(members.begin(), members.end(),
                                         [](const auto& a, const auto& b) { return a.scored < b.scored; });
    if (terms_.verbose)
      context.print("generation " + std::to_string(generation) + ": fitness " + std::to_string(best.raw) + ", " +
                    text_of(best.program, columns()));
    const bool is_good =
        terms_.minimize ? best.raw <= terms_.stopping : terms_.stopping > 0 && best.raw >= terms_.stopping;
    if (generation + 1 >= terms_.generations || is_good) break;
    members = next(members);
  }
  std::stable_sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.scored < b.scored; });
  found_.clear();
  std::set<std::string> texts;
  for (const auto& member : members) {
    if (texts.insert(text_of(member.program, columns())).second) found_.push_back({member.program, member.raw});
  }
  return {found_.begin(), found_.begin() + static_cast<std::ptrdiff_t>(std::min(count, found_.size()))};
}

std::vector<Program> GeneticSearch::best(size_t count) const {
  const std::lock_guard lock(mutex_);
  std::vector<Program> programs;
  for (size_t i = 0; i < std::min(count, found_.size()); ++i) programs.push_back(found_[i].program);
  return programs;
}

}  // namespace pelorus::exec
