#include "session/revive_texts.h"

#include <string>

#include "base/script_error.h"
#include "wire/opaque.h"

namespace pelorus::session {

void revive_texts(ScriptHost& host, std::vector<data::Value>& arguments, const StatementSurroundings& with) {
  for (auto& argument : arguments) {
    std::string text;
    if (argument.is_function()) {
      if (dynamic_cast<const wire::FunctionText*>(argument.function().get()) == nullptr) continue;
      text = argument.function()->print();
    } else if (argument.is_code()) {
      if (dynamic_cast<const wire::CodeText*>(argument.code().get()) == nullptr) continue;
      text = argument.code()->print();
      if (!text.starts_with('<')) text = "< " + text + " >";
    } else {
      continue;
    }
    auto live = host.run(text, with);
    if (!live) throw ScriptError("Can't recognize function name " + text);
    argument = std::move(*live);
  }
}

}  // namespace pelorus::session
