#include "stream/pipeline/stages.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "base/script_error.h"
#include "plan/walk.h"
#include "syntax/print.h"

namespace pelorus::stream {
namespace {

using data::Value;
using syntax::as;
using syntax::ExprRef;

/// Row functions and what they are over the column of a cross section.
const std::unordered_map<std::string_view, std::string_view> kSections = {{"rowAvg", "avg"},
                                                                          {"rowCount", "count"},
                                                                          {"rowDenseRank", "denseRank"},
                                                                          {"rowMax", "max"},
                                                                          {"rowMin", "min"},
                                                                          {"rowProd", "prod"},
                                                                          {"rowRank", "rank"},
                                                                          {"rowSize", "size"},
                                                                          {"rowSkew", "skew"},
                                                                          {"rowKurtosis", "kurtosis"},
                                                                          {"rowStd", "std"},
                                                                          {"rowStdp", "stdp"},
                                                                          {"rowSum", "sum"},
                                                                          {"rowSum2", "sum2"},
                                                                          {"rowVar", "var"},
                                                                          {"rowVarp", "varp"},
                                                                          {"rowAnd", "all"},
                                                                          {"rowOr", "any"},
                                                                          {"rowXor", "xor"},
                                                                          {"rowCorr", "corr"},
                                                                          {"rowCovar", "covar"},
                                                                          {"rowBeta", "beta"},
                                                                          {"rowWsum", "wsum"},
                                                                          {"rowWavg", "wavg"},
                                                                          {"byRow", ""},
                                                                          {"count", "count"}};
/// Of these, the ones that take several columns at once and go along the rows then.
constexpr std::string_view kAlongRows[] = {"rowAvg",  "rowCount",    "rowMax",  "rowMin", "rowProd", "rowSize",
                                           "rowSkew", "rowStd",      "rowStdp", "rowSum", "rowSum2", "rowVar",
                                           "rowVarp", "rowKurtosis", "rowAnd",  "rowOr",  "rowXor"};

std::string_view name_of_callee(const syntax::Call& call) {
  const auto* name = as<syntax::Name>(call.function);
  return name != nullptr && name->slot < 0 ? std::string_view(name->name) : std::string_view();
}

StageKind kind_of(const syntax::Call& call) {
  const auto name = name_of_callee(call);
  if (name == "rolling") return StageKind::kWindows;
  return kSections.contains(name) ? StageKind::kCrossSection : StageKind::kState;
}

bool same_name(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

bool is_one_of(const std::vector<std::string>& columns, std::string_view name) {
  return std::any_of(columns.begin(), columns.end(), [&](const auto& column) { return same_name(column, name); });
}

/// funcArgs of rolling and byRow: one column, or several in a bracket or tuple.
std::vector<syntax::Argument> spread(const ExprRef& columns) {
  std::vector<syntax::Argument> arguments;
  const auto* bracket = as<syntax::VectorBracket>(columns);
  const auto* tuple = as<syntax::Tuple>(columns);
  if (bracket == nullptr && tuple == nullptr) return {{"", columns}};
  for (const auto& element : bracket != nullptr ? bracket->elements : tuple->elements)
    arguments.push_back({"", element});
  return arguments;
}

ExprRef call_of(ExprRef function, std::vector<syntax::Argument> arguments) {
  auto node = std::make_shared<syntax::Call>();
  node->function = std::move(function);
  node->arguments = std::move(arguments);
  return node;
}

ExprRef plain_name(std::string_view name) {
  auto node = std::make_shared<syntax::Name>();
  node->name = name;
  return node;
}

/// A stage being made, with what it computes for later ones.
struct Draft {
  StageKind kind = StageKind::kAny;
  std::vector<Stage::Column> computed;
  std::map<std::string, std::string> column_of_text;  // of computed, by the text of the whole expression
  int64_t window = 0, step = 0;
  Value fill;
};
using DraftRef = std::shared_ptr<Draft>;

class Cutter {
 public:
  Cutter(const StageTerms& terms, exec::Evaluator& evaluator) : terms_(terms), evaluator_(evaluator) {}

  std::vector<Stage> run(const std::vector<ExprRef>& metrics) {
    drafts_.push_back(std::make_shared<Draft>());
    const DraftRef last = drafts_[0];
    for (size_t m = 0; m < metrics.size(); ++m)
      last->computed.push_back({"metric" + std::to_string(m), cut(metrics[m], last, false)});
    if (last->kind == StageKind::kAny) last->kind = StageKind::kState;
    return connected();
  }

 private:
  /// `expr` as it is computed at `at`, functions of other kinds replaced by columns. `inside`: within a function that
  /// must not contain others of its kind.
  ExprRef cut(const ExprRef& expr, const DraftRef& at, bool inside) {
    return plan::rewrite(expr, [&](const ExprRef& part) -> ExprRef {
      const auto* call = as<syntax::Call>(part);
      if (call == nullptr) return nullptr;
      if (!reads_rows(*part)) return part;  // a constant: any engine can compute it
      // Inlined functions share their parts; each is cut once for a stage.
      auto& cut_before = cut_[{part.get(), at.get(), inside}];
      if (!cut_before) cut_before = cut_call(part, *call, at, inside);
      return cut_before;
    });
  }

  ExprRef cut_call(const ExprRef& part, const syntax::Call& call, const DraftRef& at, bool inside) {
    const auto kind = kind_of(call);
    if (at->kind == StageKind::kAny) at->kind = kind;
    if (at->kind == kind && (kind == StageKind::kState || !inside)) {
      if (auto here = computed_here(call, kind, at)) return here;
    }
    return column_from_before(part, call, kind, at);
  }

  bool reads_rows(const syntax::Expr& expr) const {
    return plan::any_node(expr, [&](const syntax::Expr& node) {
      if (plan::is_count_of_rows(node)) return true;
      const auto* name = as<syntax::Name>(node);
      return name && name->slot < 0 &&
             (is_one_of(terms_.carried, name->name) || is_one_of(terms_.base_columns, name->name));
    });
  }

  /// The call as the stage's engine understands it; null when it needs a stage of its own (another window).
  ExprRef computed_here(const syntax::Call& call, StageKind kind, const DraftRef& at) {
    if (kind == StageKind::kWindows) return window_call(call, at);
    std::vector<syntax::Argument> arguments;
    ExprRef function = call.function;
    const auto name = name_of_callee(call);
    if (name == "byRow") {
      if (call.arguments.size() != 2 || !call.arguments[0].value || !call.arguments[1].value)
        throw ScriptError("streamEngineParser: byRow is written byRow(func, X) in metrics.");
      function = call.arguments[0].value;
      arguments = spread(call.arguments[1].value);
    } else {
      arguments = call.arguments;
      const bool along_rows =
          std::count_if(arguments.begin(), arguments.end(), [](const auto& a) { return a.name.empty(); }) > 1 &&
          std::find(std::begin(kAlongRows), std::end(kAlongRows), name) != std::end(kAlongRows);
      if (name == "rowXor" && !along_rows) {
        auto operation = std::make_shared<syntax::FunctionName>();
        operation->name = "xor";
        function = plain_name("reduce");
        arguments.insert(arguments.begin(), {"", operation});
      } else if (kind == StageKind::kCrossSection && !along_rows) {
        function = plain_name(kSections.at(name));
      }
    }
    for (auto& argument : arguments) argument.value = cut(argument.value, at, kind != StageKind::kState);
    return call_of(std::move(function), std::move(arguments));
  }

  /// rolling(func, funcArgs, window, [step=1], [fill='none']) as func(funcArgs) of a stage with that window.
  ExprRef window_call(const syntax::Call& call, const DraftRef& at) {
    constexpr std::string_view kNames[] = {"func", "funcArgs", "window", "step", "fill"};
    std::vector<ExprRef> given(std::size(kNames));
    for (size_t i = 0; i < call.arguments.size(); ++i) {
      const auto& argument = call.arguments[i];
      const auto* found = std::find(std::begin(kNames), std::end(kNames), argument.name);
      const size_t place = argument.name.empty() ? i : static_cast<size_t>(found - std::begin(kNames));
      if (place >= given.size())
        throw ScriptError("streamEngineParser: rolling has no parameter " + argument.name + " in metrics.");
      given[place] = argument.value;
    }
    if (!given[0] || !given[1] || !given[2])
      throw ScriptError("streamEngineParser: rolling needs func, funcArgs and window.");
    const int64_t window = whole_number(*given[2], "window"), step = given[3] ? whole_number(*given[3], "step") : 1;
    const Value fill = given[4] ? evaluator_.evaluate(*given[4], nullptr) : Value();
    const bool is_new = at->window == 0;
    if (!is_new && (at->window != window || at->step != step || !data::equal(at->fill, fill))) return nullptr;
    at->window = window;
    at->step = step;
    at->fill = fill;
    auto arguments = spread(given[1]);
    for (auto& argument : arguments) argument.value = cut(argument.value, at, true);
    return call_of(given[0], std::move(arguments));
  }

  int64_t whole_number(const syntax::Expr& expr, std::string_view parameter) {
    const Value value = evaluator_.evaluate(expr, nullptr);
    if (!value.is_scalar() || value.is_null() || !types::is_integral(value.type()) || value.scalar().as_int64() <= 0) {
      throw ScriptError("streamEngineParser: " + std::string(parameter) +
                        " of rolling must be a positive whole number, in units of the time column.");
    }
    return value.scalar().as_int64();
  }

  /// The name of a column that a stage before `at` computes.
  ExprRef column_from_before(const ExprRef& part, const syntax::Call& call, StageKind kind, const DraftRef& at) {
    const auto text = syntax::print(*part);
    // From the stage right before `at` to the first one.
    for (size_t i = place_of(at) + 1; i < drafts_.size(); ++i) {
      const auto known = drafts_[i]->column_of_text.find(text);
      if (known != drafts_[i]->column_of_text.end()) return plan::name_node(known->second);
    }
    for (size_t i = place_of(at) + 1; i < drafts_.size(); ++i) {
      if (drafts_[i]->kind != kind) continue;
      const DraftRef before = drafts_[i];
      if (auto value = computed_here(call, kind, before)) return column(before, text, std::move(value));
    }
    const auto fresh = std::make_shared<Draft>();
    fresh->kind = kind;
    drafts_.insert(drafts_.begin() + static_cast<std::ptrdiff_t>(place_of(at)) + 1, fresh);
    return column(fresh, text, computed_here(call, kind, fresh));
  }

  ExprRef column(const DraftRef& draft, const std::string& text, ExprRef value) {
    const auto name = "col_" + std::to_string(next_column_++) + "_";
    draft->computed.push_back({name, std::move(value)});
    draft->column_of_text.emplace(text, name);
    return plan::name_node(name);
  }

  size_t place_of(const DraftRef& draft) const {
    return static_cast<size_t>(std::find(drafts_.begin(), drafts_.end(), draft) - drafts_.begin());
  }

  /// Columns of the dummy table and results of stages that the expression reads.
  void add_names(const syntax::Expr& expr, std::set<std::string>* names) const {
    if (const auto* name = as<syntax::Name>(expr); name != nullptr && name->slot < 0) {
      if (is_one_of(terms_.carried, name->name)) return;
      for (const auto& column : terms_.base_columns) {
        if (same_name(column, name->name)) names->insert(column);
      }
      if (name->name.starts_with("col_") && name->name.ends_with("_")) names->insert(name->name);
      return;
    }
    plan::for_each_child(expr, [&](const syntax::Expr& child) { add_names(child, names); });
  }

  /// Every stage passes on what those behind it read.
  std::vector<Stage> connected() {
    std::vector<Stage> stages;
    std::set<std::string> needed;  // by the stages behind
    bool has_filter = terms_.filter != nullptr;
    for (size_t i = 0; i < drafts_.size(); ++i) {
      const auto& draft = *drafts_[i];
      Stage stage{.kind = draft.kind, .window = draft.window, .step = draft.step, .fill = draft.fill};
      std::set<std::string> reads;
      for (const auto& column : draft.computed) {
        if (i > 0 && !needed.contains(column.name)) continue;
        stage.columns.push_back(column);
        needed.erase(column.name);
        add_names(*column.value, &reads);
      }
      for (const auto& name : needed) {
        ExprRef value = plan::name_node(name);
        if (draft.kind == StageKind::kWindows) value = plan::call_node("last", {value});
        stage.columns.push_back({name, std::move(value)});
        reads.insert(name);
      }
      if (draft.kind == StageKind::kCrossSection) {
        for (const auto& column : terms_.section_column) reads.insert(column);
      }
      if (draft.kind == StageKind::kState && has_filter) {
        add_names(*terms_.filter, &reads);
        has_filter = false;
      }
      stages.push_back(std::move(stage));
      needed = std::move(reads);
    }
    for (const auto& name : needed) {
      if (std::find(terms_.base_columns.begin(), terms_.base_columns.end(), name) == terms_.base_columns.end())
        throw ScriptError("streamEngineParser: no stage gives a column " + name + ".");
    }
    std::reverse(stages.begin(), stages.end());
    return stages;
  }

  const StageTerms& terms_;
  exec::Evaluator& evaluator_;
  std::vector<DraftRef> drafts_;  // the last stage first
  std::map<std::tuple<const syntax::Expr*, const Draft*, bool>, ExprRef> cut_;
  int next_column_ = 0;
};

}  // namespace

std::vector<Stage> stages_of(const std::vector<ExprRef>& metrics, const StageTerms& terms, exec::Evaluator& evaluator) {
  return Cutter(terms, evaluator).run(metrics);
}

}  // namespace pelorus::stream
