#pragma once
// Metrics of streamEngineParser cut into the stages of a cascade of engines.

#include <memory>
#include <string>
#include <vector>

#include "exec/evaluator.h"
#include "syntax/ast.h"

namespace pelorus::stream {

enum class StageKind : uint8_t {
  kAny,           // operators and columns only: any engine can do it
  kState,         // functions that look back: createReactiveStateEngine
  kCrossSection,  // row functions: createCrossSectionalEngine
  kWindows,       // rolling(): createTimeSeriesEngine
};

/// One engine of the cascade.
struct Stage {
  StageKind kind = StageKind::kAny;
  struct Column {
    std::string name;
    syntax::ExprRef value;  // over the columns of the stage before
  };
  std::vector<Column> columns;
  // kWindows: as rolling() says them
  int64_t window = 0;
  int64_t step = 0;
  data::Value fill;  // VOID: not said
};

/// What the cut needs to know besides the metrics.
struct StageTerms {
  std::vector<std::string> base_columns;    // of the dummy table
  std::vector<std::string> carried;         // time and keys: every stage has them anyway
  std::vector<std::string> section_column;  // contextByColumn, which every cross section needs; none or one
  syntax::ExprRef filter;                   // of the last state stage; may be null
};

/// Stages in the order rows pass through them. The last one's columns are the metrics, named metric0 …; those of the
/// others are what later ones read: columns of the dummy table under their names, results as col_0_, col_1_ … A
/// function runs in the engine of its kind, operators anywhere; what is of another kind than its surroundings, or a row
/// function or rolling() inside another, comes from a stage before. ScriptError.
std::vector<Stage> stages_of(const std::vector<syntax::ExprRef>& metrics, const StageTerms& terms,
                             exec::Evaluator& evaluator);

}  // namespace pelorus::stream
