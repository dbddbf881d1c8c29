#pragma once
// Formulas that evolve: trees of functions over columns, as genetic programming (Koza 1992) breeds them.

#include <random>
#include <span>
#include <string>
#include <vector>

#include "data/value.h"

namespace pelorus::exec {

/// What a formula may call. `arguments` columns, and a window behind them when it has one.
struct GeneFunction {
  const char* name;
  int arguments;
  bool has_window = false;
};

/// All of them; a search may be limited to some.
std::span<const GeneFunction> gene_functions();
/// Null when there is none of that name.
const GeneFunction* find_gene_function(std::string_view name);

/// A function, a column or a constant.
struct Gene {
  const GeneFunction* function = nullptr;
  int window = 0;
  int column = -1;
  double constant = 0;
};

/// A formula in prefix order: a function stands before its arguments.
using Program = std::vector<Gene>;

/// What programs are made of.
struct GenePool {
  std::vector<const GeneFunction*> functions;
  std::vector<int> windows;
  std::vector<std::string> columns;
  bool has_constants = true;
  double constant_min = -1, constant_max = 1;
  int depth_min = 2, depth_max = 6;
};

enum class Growth : uint8_t { kGrow, kFull, kHalf };

/// One past the last gene of the formula that begins at `from`.
size_t end_of(const Program& program, size_t from);
int depth_of(const Program& program);
/// As script text: add(price, mavg(volume, 5)).
std::string text_of(const Program& program, const std::vector<std::string>& columns);

Program random_program(const GenePool& pool, Growth growth, std::mt19937_64& random);
/// A part of `other` takes the place of a part of `program`.
Program crossed(const Program& program, const Program& other, std::mt19937_64& random);
/// A part of a part takes the place of it: the program gets shorter.
Program hoisted(const Program& program, std::mt19937_64& random);
/// Genes change into others of their kind.
Program point_mutated(const Program& program, const GenePool& pool, std::mt19937_64& random);

}  // namespace pelorus::exec
