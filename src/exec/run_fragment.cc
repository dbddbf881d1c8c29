#include "exec/run_fragment.h"

#include "base/script_error.h"

namespace pelorus::exec {
namespace {

using data::Value;

/// Variables, the definitions that use them, text; the value of the text.
Value run_text(const Fragment& fragment, Value source, functions::CallContext& context) {
  for (const auto& [name, value] : fragment.variables) context.set_variable(name, value);
  if (!fragment.definitions.empty()) (void)context.run_script(fragment.definitions);
  context.set_variable(std::string(kFragmentSource), std::move(source));
  return context.run_script(fragment.text);
}

Error script_failed(const ScriptError& error) { return {ErrorCode::kScript, error.message()}; }

}  // namespace

Result<data::Table> run_fragment(const Fragment& fragment, std::shared_ptr<ColumnSource> partition,
                                 functions::CallContext& context) {
  try {
    const auto source = std::static_pointer_cast<data::TableObject>(std::make_shared<LazyTable>(std::move(partition)));
    const Value result = run_text(fragment, source, context);
    if (result.is_plain_table()) return result.table();
    if (result.is_table_object()) return result.table_object()->snapshot();
    return Error{ErrorCode::kScript, "a fragment must give a table: " + fragment.text};
  } catch (const ScriptError& error) {
    return script_failed(error);
  }
}

Result<ChangedPartition> run_change(const Fragment& fragment, data::Table rows, functions::CallContext& context) {
  try {
    ChangedPartition out;
    const Value count = run_text(fragment, std::move(rows), context);
    const Value* left = context.find_variable(kFragmentSource);
    if (!left || !left->is_plain_table()) {
      return Error{ErrorCode::kScript, "a change must leave a table: " + fragment.text};
    }
    out.rows = left->table();
    if (count.is_scalar() && !count.is_null() && types::is_integral(count.type()))
      out.changed = count.scalar().as_int64();
    return out;
  } catch (const ScriptError& error) {
    return script_failed(error);
  }
}

}  // namespace pelorus::exec
