#include "exec/operators/select_items.h"

#include "base/script_error.h"
#include "exec/operators/column_names.h"
#include "plan/walk.h"

namespace pelorus::exec {
namespace {

using plan::name_node;
using syntax::as;
using syntax::ExprRef;

void add_star(RowScope& rows, std::vector<SelectItem>& out) {
  for (const auto& column : rows.relation().columns) {
    if (column.hidden || !column.starred) continue;
    out.push_back({name_node(column.name), {column.name}, false});
    // A right join shows the right key under the name that finds the left one: name it through its table.
    const int found = rows.find_column(column.name);
    if (found >= 0 && &rows.relation().columns[static_cast<size_t>(found)] != &column) {
      auto member = std::make_shared<syntax::Member>();
      member->object = name_node(column.qualifier);
      member->name = column.own_name;
      out.back().expr = member;
    }
  }
}

void add_range(const syntax::ColumnRange& range, std::vector<SelectItem>& out) {
  const int step = range.from <= range.to ? 1 : -1;
  for (int i = range.from;; i += step) {
    const auto name = range.prefix + std::to_string(i);
    out.push_back({name_node(name), {name}, false});
    if (i == range.to) break;
  }
}

std::vector<std::string> macro_names(const syntax::MacroName& macro, RowScope& rows, Evaluator& evaluator) {
  return texts_of(evaluator.evaluate(*macro.variable, rows.constants()), "a macro variable");
}

void add_aliased(const syntax::Alias& alias, RowScope& rows, Evaluator& evaluator, std::vector<SelectItem>& out) {
  auto names = alias.names;
  if (const auto* macro = as<syntax::MacroName>(alias.macro)) names = macro_names(*macro, rows, evaluator);
  std::vector<SelectItem> inner = expand_items({alias.value}, rows, evaluator);
  if (inner.size() == names.size() && inner.size() != 1) {
    for (size_t i = 0; i < inner.size(); ++i) out.push_back({inner[i].expr, {names[i]}, true});
    return;
  }
  if (inner.size() != 1)
    throw ScriptError("The number of aliases must equal the number of columns: " + std::to_string(names.size()));
  out.push_back({inner[0].expr, std::move(names), true});
}

}  // namespace

std::vector<std::string> texts_of(const data::Value& value, std::string_view what) {
  std::vector<std::string> out;
  if (value.is_text()) {
    out.push_back(value.text());
  } else if (value.is_vector() && types::is_literal(value.vector().type()) && !value.vector().is_array()) {
    for (size_t i = 0; i < value.vector().size(); ++i) out.push_back(value.vector().text_at(i));
  } else if (value.is_tuple()) {
    for (const auto& element : value.vector().values_any()) {
      if (!element.is_text()) throw ScriptError(std::string(what) + " must be a string or a vector of strings.");
      out.push_back(element.text());
    }
  } else {
    throw ScriptError(std::string(what) + " must be a string or a vector of strings.");
  }
  return out;
}

std::vector<SelectItem> expand_items(const std::vector<ExprRef>& items, RowScope& rows, Evaluator& evaluator) {
  std::vector<SelectItem> out;
  for (const auto& item : items) {
    if (item->kind == syntax::ExprKind::kStar)
      add_star(rows, out);
    else if (const auto* range = as<syntax::ColumnRange>(item))
      add_range(*range, out);
    else if (const auto* macro = as<syntax::MacroName>(item)) {
      for (const auto& name : macro_names(*macro, rows, evaluator)) out.push_back({name_node(name), {name}, false});
    } else if (const auto* alias = as<syntax::Alias>(item)) {
      add_aliased(*alias, rows, evaluator, out);
    } else {
      out.push_back({item, {automatic_name(*item, &rows)}, false});
    }
  }
  return out;
}

}  // namespace pelorus::exec
