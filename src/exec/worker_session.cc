#include "exec/worker_session.h"

#include "base/script_error.h"

namespace pelorus::exec {

Interpreter& interpreter_of(functions::CallContext& context) {
  auto* interpreter = dynamic_cast<Interpreter*>(&context);
  if (interpreter == nullptr) throw ScriptError("Jobs and handlers of streams can be set up by scripts only.");
  return *interpreter;
}

WorkerSession::WorkerSession(functions::CallContext& creator)
    : scope_(creator.random()()), interpreter_(interpreter_of(creator).surroundings(), scope_) {
  auto& session = interpreter_of(creator).session();
  scope_.caller = session.caller;
  scope_.reserve_memory = session.reserve_memory;
  for (const auto& name : session.definition_names()) scope_.define(name, session.find_definition(name));
}

}  // namespace pelorus::exec
