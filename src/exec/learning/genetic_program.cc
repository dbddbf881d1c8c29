#include "exec/learning/genetic_program.h"

#include <algorithm>
#include <cstddef>

#include "types/format_value.h"

namespace pelorus::exec {
namespace {

constexpr GeneFunction kFunctions[] = {
    {"add", 2},         {"sub", 2},         {"mul", 2},         {"div", 2},          {"max", 2},
    {"min", 2},         {"sqrt", 1},        {"log", 1},         {"neg", 1},          {"reciprocal", 1},
    {"abs", 1},         {"sin", 1},         {"cos", 1},         {"tan", 1},          {"sig", 1},
    {"signum", 1},      {"ratios", 1},      {"deltas", 1},      {"mcovar", 2, true}, {"mcorr", 2, true},
    {"mbeta", 2, true}, {"mwsum", 2, true}, {"mwavg", 2, true}, {"mstd", 1, true},   {"mmax", 1, true},
    {"mmin", 1, true},  {"msum", 1, true},  {"mavg", 1, true},  {"mprod", 1, true},  {"mvar", 1, true},
    {"mvarp", 1, true}, {"mstdp", 1, true}, {"mimin", 1, true}, {"mimax", 1, true},  {"mfirst", 1, true},
    {"mlast", 1, true}, {"mrank", 1, true}};

/// Part of the genes that a point mutation changes, and of the parts chosen for crossing that are functions.
constexpr double kPointShare = 0.05;
constexpr double kFunctionShare = 0.9;

size_t below(size_t count, std::mt19937_64& random) {
  return std::uniform_int_distribution<size_t>(0, count - 1)(random);
}

double share(std::mt19937_64& random) { return std::uniform_real_distribution<double>(0, 1)(random); }

Gene random_terminal(const GenePool& pool, std::mt19937_64& random) {
  const size_t choices = pool.columns.size() + (pool.has_constants ? 1 : 0);
  const size_t chosen = below(choices, random);
  Gene gene;
  if (chosen < pool.columns.size())
    gene.column = static_cast<int>(chosen);
  else
    gene.constant = std::uniform_real_distribution<double>(pool.constant_min, pool.constant_max)(random);
  return gene;
}

Gene random_function(const GenePool& pool, std::mt19937_64& random) {
  Gene gene;
  gene.function = pool.functions[below(pool.functions.size(), random)];
  if (gene.function->has_window) gene.window = pool.windows[below(pool.windows.size(), random)];
  return gene;
}

void grow(const GenePool& pool, bool full, int depth, Program* program, std::mt19937_64& random) {
  const size_t terminals = pool.columns.size() + (pool.has_constants ? 1 : 0);
  const bool may_stop = !full && !program->empty() && below(terminals + pool.functions.size(), random) < terminals;
  if (depth == 0 || may_stop) return program->push_back(random_terminal(pool, random));
  program->push_back(random_function(pool, random));
  const int arguments = program->back().function->arguments;
  for (int i = 0; i < arguments; ++i) grow(pool, full, depth - 1, program, random);
}

/// Where a part begins: mostly at a function.
size_t random_part(const Program& program, std::mt19937_64& random) {
  std::vector<double> weights;
  for (const auto& gene : program) weights.push_back(gene.function != nullptr ? kFunctionShare : 1 - kFunctionShare);
  return std::discrete_distribution<size_t>(weights.begin(), weights.end())(random);
}

Program replaced(const Program& program, size_t from, size_t to, const Program& by, size_t by_from, size_t by_to) {
  Program result(program.begin(), program.begin() + static_cast<std::ptrdiff_t>(from));
  result.insert(result.end(), by.begin() + static_cast<std::ptrdiff_t>(by_from),
                by.begin() + static_cast<std::ptrdiff_t>(by_to));
  result.insert(result.end(), program.begin() + static_cast<std::ptrdiff_t>(to), program.end());
  return result;
}

}  // namespace

std::span<const GeneFunction> gene_functions() { return kFunctions; }

const GeneFunction* find_gene_function(std::string_view name) {
  for (const auto& function : kFunctions) {
    if (name == function.name) return &function;
  }
  return nullptr;
}

size_t end_of(const Program& program, size_t from) {
  size_t open = 1;
  while (open > 0) {
    const auto& gene = program[from++];
    open += gene.function != nullptr ? static_cast<size_t>(gene.function->arguments) - 1 : size_t{0} - 1;
  }
  return from;
}

int depth_of(const Program& program) {
  std::vector<int> open;  // arguments still to come, outermost first
  size_t deepest = 0;
  for (const auto& gene : program) {
    while (!open.empty() && open.back() == 0) open.pop_back();
    if (!open.empty()) --open.back();
    deepest = std::max(deepest, open.size());
    if (gene.function != nullptr) open.push_back(gene.function->arguments);
  }
  return static_cast<int>(deepest);
}

namespace {

void write(const Program& program, const std::vector<std::string>& columns, size_t* at, std::string* text) {
  const auto& gene = program[(*at)++];
  if (gene.function == nullptr) {
    *text += gene.column >= 0 ? columns[static_cast<size_t>(gene.column)]
                              : types::format_literal(types::Scalar::of_double(gene.constant));
    return;
  }
  *text += std::string(gene.function->name) + "(";
  for (int i = 0; i < gene.function->arguments; ++i) {
    if (i > 0) *text += ", ";
    write(program, columns, at, text);
  }
  if (std::string_view(gene.function->name) == "mrank") *text += ", true";
  if (gene.function->has_window) *text += ", " + std::to_string(gene.window);
  *text += ")";
}

}  // namespace

std::string text_of(const Program& program, const std::vector<std::string>& columns) {
  std::string text;
  size_t at = 0;
  write(program, columns, &at, &text);
  return text;
}

Program random_program(const GenePool& pool, Growth growth, std::mt19937_64& random) {
  const bool full = growth == Growth::kFull || (growth == Growth::kHalf && share(random) < 0.5);
  const int depth = std::uniform_int_distribution<int>(pool.depth_min, pool.depth_max)(random);
  Program program;
  grow(pool, full, depth, &program, random);
  return program;
}

Program crossed(const Program& program, const Program& other, std::mt19937_64& random) {
  const size_t from = random_part(program, random), by = random_part(other, random);
  return replaced(program, from, end_of(program, from), other, by, end_of(other, by));
}

Program hoisted(const Program& program, std::mt19937_64& random) {
  const size_t from = random_part(program, random), to = end_of(program, from);
  const Program part(program.begin() + static_cast<std::ptrdiff_t>(from),
                     program.begin() + static_cast<std::ptrdiff_t>(to));
  const size_t inner = random_part(part, random);
  return replaced(program, from, to, part, inner, end_of(part, inner));
}

Program point_mutated(const Program& program, const GenePool& pool, std::mt19937_64& random) {
  Program changed = program;
  for (auto& gene : changed) {
    if (share(random) >= kPointShare) continue;
    if (gene.function == nullptr) {
      gene = random_terminal(pool, random);
      continue;
    }
    std::vector<const GeneFunction*> alike;
    for (const auto* function : pool.functions) {
      if (function->arguments == gene.function->arguments) alike.push_back(function);
    }
    if (alike.empty()) continue;  // of a program that was given
    gene.function = alike[below(alike.size(), random)];
    gene.window = gene.function->has_window ? pool.windows[below(pool.windows.size(), random)] : 0;
  }
  return changed;
}

}  // namespace pelorus::exec
