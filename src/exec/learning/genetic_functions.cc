// createGPLearnEngine gpFit gpPredict.

#include <algorithm>
#include <cmath>
#include <map>

#include "base/script_error.h"
#include "exec/learning/register_learning.h"
#include "exec/learning/genetic_search.h"
#include "exec/user_function.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "syntax/print.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Table;
using data::Type;
using data::Vector;
using functions::Arguments;
using functions::CallContext;
using functions::Nature;
using syntax::as;

enum EngineAt : size_t {
  kTrainData,
  kTargetData,
  kGroupCol,
  kPopulationSize,
  kGenerations,
  kTournamentSize,
  kStoppingCriteria,
  kConstRange,
  kWindowRange,
  kInitDepth,
  kInitMethod,
  kInitProgram,
  kFunctionSet,
  kMaxSamples,
  kFitnessFunc,
  kParsimonyCoefficient,
  kCrossover,
  kSubtree,
  kHoist,
  kPoint,
  kEliteCount,
  kRestrictDepth,
  kDeviceId,
  kSeed,
  kVerbose,
  kMinimize,
  kUseAbsFit,
};

bool is_given(const Arguments& a, size_t i) {
  return a.has(i) && !a[i].is_void() && !(a[i].is_text() && a[i].text().empty());
}

/// Data columns by name and the rows of each group; `groups` names columns that only group.
GeneticData data_of(const Arguments& a, std::string_view parameter, const Table& table,
                    const std::vector<std::string>& names, const std::vector<std::string>& groups) {
  GeneticData data{.columns = {}, .groups = {}, .rows = table.rows()};
  for (const auto& name : names) {
    const int c = table.find(name);
    if (c < 0) a.refuse(parameter, "lacks the column " + name + ".");
    const auto& column = table.column_shared(static_cast<size_t>(c));
    if (column->is_array() || !types::is_numeric(column->type()))
      a.refuse(parameter, "must have numbers in the column " + name + ".");
    data.columns.push_back(functions::as_doubles(a.function(), column));
  }
  if (groups.empty()) return data;
  std::map<std::string, size_t> group_of;
  for (size_t r = 0; r < table.rows(); ++r) {
    std::string key;
    for (const auto& name : groups) {
      const int c = table.find(name);
      if (c < 0) a.refuse("groupCol", "names " + name + ", which is no column.");
      key += to_script(table.column(static_cast<size_t>(c)).at(r)) + "\n";
    }
    const auto [found, is_new] = group_of.emplace(key, data.groups.size());
    if (is_new) data.groups.emplace_back();
    data.groups[found->second].push_back(static_cast<int64_t>(r));
  }
  return data;
}

std::vector<std::string> groups_of(const Arguments& a, size_t i) {
  return is_given(a, i) ? a.texts(i, "groupCol") : std::vector<std::string>();
}

/// The formula of an expression. ScriptError when it calls or names something else than programs are made of.
void add_genes(const syntax::Expr& expr, const GenePool& pool, Program* program) {
  const auto refuse = [&](const syntax::Expr& part) {
    throw ScriptError("createGPLearnEngine: initProgram can't have " + syntax::print(part) + ".");
  };
  if (const auto* name = as<syntax::Name>(expr)) {
    const auto found = std::find(pool.columns.begin(), pool.columns.end(), name->name);
    if (found == pool.columns.end()) refuse(expr);
    return program->push_back({.column = static_cast<int>(found - pool.columns.begin())});
  }
  if (const auto* literal = as<syntax::Literal>(expr)) {
    if (!types::is_numeric(literal->value.type())) refuse(expr);
    return program->push_back({.constant = literal->value.as_double()});
  }
  if (const auto* binary = as<syntax::Binary>(expr)) {
    const std::string_view called = syntax::row_of(binary->op).function;
    const auto* function = find_gene_function(called == "ratio" ? "div" : called);
    if (function == nullptr) refuse(expr);
    program->push_back({.function = function});
    add_genes(*binary->left, pool, program);
    return add_genes(*binary->right, pool, program);
  }
  const auto* call = as<syntax::Call>(expr);
  const auto* name = call != nullptr ? as<syntax::Name>(call->function) : nullptr;
  const auto* function = name != nullptr ? find_gene_function(name->name) : nullptr;
  if (function == nullptr) refuse(expr);
  const auto arguments = static_cast<size_t>(function->arguments);
  if (call->arguments.size() < arguments + (function->has_window ? 1 : 0)) refuse(expr);
  Gene gene{.function = function};
  if (function->has_window) {
    const auto* window = as<syntax::Literal>(call->arguments.back().value);
    if (window == nullptr || !types::is_integral(window->value.type()) || window->value.as_int64() < 1) refuse(expr);
    gene.window = static_cast<int>(window->value.as_int64());
  }
  program->push_back(gene);
  for (size_t i = 0; i < arguments; ++i) add_genes(*call->arguments[i].value, pool, program);
}

std::vector<Program> programs_of(const Arguments& a, const GenePool& pool) {
  std::vector<Program> programs;
  if (!is_given(a, kInitProgram)) return programs;
  std::vector<Value> codes{a[kInitProgram]};
  if (a[kInitProgram].is_tuple()) {
    const auto all = a[kInitProgram].vector().values_any();
    codes.assign(all.begin(), all.end());
  }
  for (const auto& value : codes) {
    const auto* code = value.is_code() ? dynamic_cast<const CodeValue*>(value.code().get()) : nullptr;
    if (code == nullptr) a.refuse("initProgram", "must be code such as <mavg(price, 10)>.");
    programs.emplace_back();
    add_genes(*code->body(), pool, &programs.back());
  }
  return programs;
}

std::vector<double> two_numbers(const Arguments& a, size_t i, std::string_view parameter) {
  const auto given = functions::as_doubles(a.function(), a.vector(i, parameter));
  const auto values = given->values<double>();
  if (values.size() != 2 || given->is_null_at(0) || given->is_null_at(1) || values[0] > values[1])
    a.refuse(parameter, "must be two numbers, the smaller one first.");
  return {values[0], values[1]};
}

GenePool pool_of(const Arguments& a, std::vector<std::string> columns) {
  GenePool pool;
  pool.columns = std::move(columns);
  pool.windows = {2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 30, 7, 14, 21, 48, 35, 42};
  if (is_given(a, kConstRange)) {
    pool.has_constants = !(a[kConstRange].is_scalar() && a.number(kConstRange, "constRange") == 0);
    if (pool.has_constants) {
      const auto range = two_numbers(a, kConstRange, "constRange");
      pool.constant_min = range[0];
      pool.constant_max = range[1];
    }
  }
  if (is_given(a, kWindowRange)) {
    pool.windows.clear();
    const auto windows = functions::as_longs(a.function(), a.vector(kWindowRange, "windowRange"));
    for (const auto window : windows->values<int64_t>()) {
      if (window < 1 || window > INT32_MAX) a.refuse("windowRange", "must be positive whole numbers.");
      pool.windows.push_back(static_cast<int>(window));
    }
    if (pool.windows.empty()) a.refuse("windowRange", "must not be empty.");
  }
  if (is_given(a, kInitDepth)) {
    const auto range = two_numbers(a, kInitDepth, "initDepth");
    constexpr double kDepthMax = 12;
    if (range[0] < 1 || range[1] > kDepthMax) a.refuse("initDepth", "must be between 1 and 12.");
    pool.depth_min = static_cast<int>(range[0]);
    pool.depth_max = static_cast<int>(range[1]);
  }
  if (is_given(a, kFunctionSet)) {
    for (const auto& name : a.texts(kFunctionSet, "functionSet")) {
      pool.functions.push_back(find_gene_function(name));
      if (pool.functions.back() == nullptr) a.refuse("functionSet", "has the unknown function " + name + ".");
    }
  } else {
    for (const auto& function : gene_functions()) pool.functions.push_back(&function);
  }
  if (pool.functions.empty()) a.refuse("functionSet", "must not be empty.");
  return pool;
}

size_t count_of(const Arguments& a, size_t i, std::string_view parameter, size_t otherwise, int64_t least) {
  if (!is_given(a, i)) return otherwise;
  constexpr int64_t kMost = 10'000'000;
  const auto count = a.integer(i, parameter);
  if (count < least || count > kMost)
    a.refuse(parameter, "must be between " + std::to_string(least) + " and " + std::to_string(kMost) + ".");
  return static_cast<size_t>(count);
}

double chance_of(const Arguments& a, size_t i, std::string_view parameter, double otherwise) {
  const double chance = is_given(a, i) ? a.number(i, parameter) : otherwise;
  if (!(chance >= 0 && chance <= 1)) a.refuse(parameter, "must be between 0 and 1.");
  return chance;
}

void set_fitness(const Arguments& a, GeneticTerms* terms) {
  if (!is_given(a, kFitnessFunc)) return;
  if (a[kFitnessFunc].is_function()) {
    terms->fitness = GeneticTerms::Fitness::kFunction;
    terms->fitness_function = a[kFitnessFunc];
    return;
  }
  constexpr std::string_view kNames[] = {"mse", "rmse", "mae", "pearson", "spearmanr"};
  const auto name = a.text(kFitnessFunc, "fitnessFunc");
  const auto found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames))
    a.refuse("fitnessFunc", "must be mse, rmse, mae, pearson, spearmanr or a function of prediction and target.");
  terms->fitness = static_cast<GeneticTerms::Fitness>(found - std::begin(kNames));
}

Growth growth_of(const Arguments& a) {
  const auto name = is_given(a, kInitMethod) ? a.text(kInitMethod, "initMethod") : "half";
  if (name == "half") return Growth::kHalf;
  if (name == "grow") return Growth::kGrow;
  if (name != "full") a.refuse("initMethod", "must be half, grow or full.");
  return Growth::kFull;
}

Value make_engine(CallContext& context, std::span<Value> args) {
  const Arguments a("createGPLearnEngine", args);
  const Table table = functions::table_argument(a.function(), a[kTrainData]);
  const auto groups = groups_of(a, kGroupCol);
  std::vector<std::string> columns;
  for (const auto& name : table.names()) {
    if (std::find(groups.begin(), groups.end(), name) == groups.end()) columns.push_back(name);
  }
  if (columns.empty() || table.rows() == 0) a.refuse("trainData", "must have rows and a column besides groupCol.");
  const auto target = functions::as_doubles(a.function(), a.vector(kTargetData, "targetData"));
  if (target->size() != table.rows()) a.refuse("targetData", "must have a value for each row of trainData.");
  auto data = data_of(a, "trainData", table, columns, groups);
  GeneticTerms terms{.pool = pool_of(a, columns), .growth = growth_of(a), .first = {}, .fitness_function = {}};
  terms.first = programs_of(a, terms.pool);
  terms.population = count_of(a, kPopulationSize, "populationSize", terms.population, 1);
  terms.generations = count_of(a, kGenerations, "generations", terms.generations, 1);
  terms.tournament = count_of(a, kTournamentSize, "tournamentSize", terms.tournament, 1);
  terms.elite = count_of(a, kEliteCount, "eliteCount", 0, 0);
  terms.stopping = is_given(a, kStoppingCriteria) ? a.number(kStoppingCriteria, "stoppingCriteria") : 0;
  terms.samples = chance_of(a, kMaxSamples, "maxSamples", 1);
  terms.parsimony =
      is_given(a, kParsimonyCoefficient) ? a.number(kParsimonyCoefficient, "parsimonyCoefficient") : 0.001;
  terms.crossover = chance_of(a, kCrossover, "crossoverMutationProb", terms.crossover);
  terms.subtree = chance_of(a, kSubtree, "subtreeMutationProb", terms.subtree);
  terms.hoist = chance_of(a, kHoist, "hoistMutationProb", terms.hoist);
  terms.point = chance_of(a, kPoint, "pointMutationProb", terms.point);
  if (terms.crossover + terms.subtree + terms.hoist + terms.point > 1 + 1e-9)
    a.refuse("crossoverMutationProb", "and the other probabilities must not be more than 1 together.");
  set_fitness(a, &terms);
  terms.keeps_depth = is_given(a, kRestrictDepth) && a.flag_or(kRestrictDepth, "restrictDepth", false);
  terms.verbose = !is_given(a, kVerbose) || a.flag_or(kVerbose, "verbose", true);
  terms.minimize = !is_given(a, kMinimize) || a.flag_or(kMinimize, "minimize", true);
  terms.absolute = !is_given(a, kUseAbsFit) || a.flag_or(kUseAbsFit, "useAbsFit", true);
  const uint64_t seed =
      is_given(a, kSeed) ? static_cast<uint64_t>(a.integer(kSeed, "seed")) : static_cast<uint64_t>(context.random()());
  return data::HandleRef(std::make_shared<GeneticSearch>(std::move(terms), std::move(data), target, seed));
}

std::shared_ptr<GeneticSearch> search_argument(const Arguments& a) {
  auto search = a[0].is_handle() ? std::dynamic_pointer_cast<GeneticSearch>(a[0].handle()) : nullptr;
  if (search == nullptr) a.refuse("engine", "must be what createGPLearnEngine gives.");
  return search;
}

/// gpFit(engine, [programNum=1], [programCorr=false])
Value fit(CallContext& context, std::span<Value> args) {
  const Arguments a("gpFit", args);
  const auto search = search_argument(a);
  const auto found = search->fit(count_of(a, 1, "programNum", 1, 1), context);
  std::vector<std::string> texts;
  Vector fitness(Type::kDouble);
  for (const auto& one : found) {
    texts.push_back(text_of(one.program, search->columns()));
    fitness.push_back(std::isfinite(one.fitness) ? Value::of_double(one.fitness)
                                                 : Value(data::Scalar::null_of(Type::kDouble)));
  }
  Table table({"program", "fitness"}, {Vector::of_strings(Type::kString, std::move(texts)), std::move(fitness)});
  if (!a.flag_or(2, "programCorr", false)) return table;
  const auto corr = context.find_function("corr");
  std::vector<Value> values;
  for (const auto& one : found) values.emplace_back(program_values(one.program, search->data(), context));
  Vector flat(Type::kDouble);
  data::Buffer<int64_t> ends;
  for (const auto& left : values) {
    for (const auto& right : values) flat.push_back(context.call(*corr, {left, right}));
    ends.push_back(static_cast<int64_t>(flat.size()));
  }
  table.set_column("programCorr", Shared<Vector>(Vector::array(Shared<Vector>(std::move(flat)), std::move(ends))));
  return table;
}

/// gpPredict(engine, input, [programNum=1], [groupCol], [deviceId=0])
Value predict(CallContext& context, std::span<Value> args) {
  const Arguments a("gpPredict", args);
  const auto search = search_argument(a);
  const auto programs = search->best(count_of(a, 2, "programNum", 1, 1));
  if (programs.empty()) throw ScriptError("gpPredict: the engine has no programs yet; see gpFit.");
  const Table input = functions::table_argument(a.function(), a[1]);
  const auto data = data_of(a, "input", input, search->columns(), groups_of(a, 3));
  Table table;
  for (const auto& program : programs)
    table.set_column(text_of(program, search->columns()), Shared<Vector>(program_values(program, data, context)));
  return table;
}

}  // namespace

void register_genetic_programming(functions::Registry& registry) {
  const auto row = [&](functions::Declaration d) {
    functions::declare(registry, "learning", Nature::kWhole, std::move(d));
  };
  row({"createGPLearnEngine",
       "trainData, targetData, [groupCol=''], [populationSize=1000], [generations=20], [tournamentSize=20], "
       "[stoppingCriteria=0.0], [constRange], [windowRange], [initDepth], [initMethod='half'], [initProgram], "
       "[functionSet], [maxSamples=1.0], [fitnessFunc='mse'], [parsimonyCoefficient=0.001], "
       "[crossoverMutationProb=0.9], [subtreeMutationProb=0.01], [hoistMutationProb=0.01], [pointMutationProb=0.01], "
       "[eliteCount=0], [restrictDepth=false], [deviceId=0], [seed], [verbose=true], [minimize=true], "
       "[useAbsFit=true]",
       make_engine,
       "Looks for formulas of columns that fit a target, by genetic programming on the CPU; windows stay inside the "
       "groups of groupCol. gpFit runs it.",
       "x = 1.0 2 3 4 5\ne = createGPLearnEngine(table(x as a, reverse(x) as b), x * 2, populationSize=60, "
       "generations=4, functionSet=`add`sub, constRange=0, initDepth=1 2, seed=1, verbose=false)\n"
       "round(first(gpFit(e).fitness), 6)",
       "0.0"});
  row({"gpFit", "engine, [programNum=1], [programCorr=false]", fit,
       "Breeds the programs: a table of the best ones and their fitness, with programCorr how they correlate.",
       "x = 1.0 2 3 4 5\ne = createGPLearnEngine(table(x as a), x * 2, populationSize=40, generations=2, "
       "functionSet=`add, constRange=0, initDepth=1 1, seed=1, verbose=false)\nexec program from gpFit(e)",
       "[\"add(a, a)\"]"});
  row({"gpPredict", "engine, input, [programNum=1], [groupCol], [deviceId=0]", predict,
       "Values of the best programs of the last gpFit for other rows, a column for each program.",
       "x = 1.0 2 3 4 5\ne = createGPLearnEngine(table(x as a), x * 2, populationSize=40, generations=2, "
       "functionSet=`add, constRange=0, initDepth=1 1, seed=1, verbose=false)\ngpFit(e)\n"
       "gpPredict(e, table(7.0 8 as a)).col(0)",
       "[14.0,16.0]"});
}

}  // namespace pelorus::exec
