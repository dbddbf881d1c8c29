#pragma once
// Functions and code of a session as texts that mean the same in another session.

#include <string>
#include <vector>

#include "data/value.h"
#include "functions/call_context.h"

namespace pelorus::exec {

/// The function as a script that another session can run once it knows the definitions.
std::string function_text(const data::FunctionObject& function);
/// Script that defines those functions of the session that the texts mention, and those which these mention.
std::string definitions_for(functions::CallContext& context, const std::vector<std::string>& texts);
/// Code that stands by itself: locals it mentions become their values. Other values as they are.
data::Value closed_code(const data::Value& value);
/// The value as a script that gives it once the definitions are known. ScriptError for what has no such text: handles,
/// tables with an identity.
std::string value_text(const data::Value& value);

}  // namespace pelorus::exec
