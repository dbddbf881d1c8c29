// The surface: scripts, calls by text, variables, limits.

#include "exec/interpreter.h"

#include <pthread.h>

#include <thread>

#include "exec/interpreter/frame.h"
#include "exec/interpreter/index_value.h"
#include "syntax/constants.h"
#include "syntax/print.h"

namespace pelorus::exec {
namespace {

/// Kept free below the deepest call for built-ins, which check nothing.
constexpr size_t kStackReserve = 768 * 1024;

/// The lowest address a call may use on this thread.
const char* stack_floor() {
  thread_local const char* const floor = [] {
    pthread_attr_t attributes;
    void* address = nullptr;
    size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return static_cast<const char*>(nullptr);
    pthread_attr_getstack(&attributes, &address, &size);
    pthread_attr_destroy(&attributes);
    return static_cast<const char*>(address) + std::min(kStackReserve, size / 2);
  }();
  return floor;
}

}  // namespace

/// What the parser may know of a session.
class Interpreter::Names final : public syntax::NameOracle {
 public:
  explicit Names(Interpreter* interpreter) : interpreter_(*interpreter) {}

  bool is_variable(std::string_view name) const override {
    return interpreter_.session_.find(name) != nullptr || is_shared(name);
  }
  bool is_shared(std::string_view name) const override {
    return interpreter_.surroundings_.shared.find(name).has_value();
  }
  bool is_function(std::string_view name) const override { return interpreter_.find_named(name).has_value(); }
  bool is_function_after_all(std::string_view name) const override {
    return interpreter_.find_named(name, ViewSearch::kAskAgain).has_value();
  }
  bool is_redefinable(std::string_view name) const override {
    return interpreter_.surroundings_.registry.find(name) == nullptr;
  }
  std::vector<std::string> class_members(std::string_view name) const override {
    const auto found = interpreter_.session_.find_definition(name);
    const auto* defined = dynamic_cast<const ClassFunction*>(found.get());
    return defined != nullptr ? defined->members() : std::vector<std::string>();
  }
  bool has_parameter(std::string_view function, std::string_view parameter) const override {
    const auto found = interpreter_.find_named(function);
    if (!found) return false;
    if (const auto* builtin = dynamic_cast<const functions::Builtin*>(found->function().get())) {
      for (const auto& candidate : builtin->function().parameters) {
        if (candidate.name == parameter) return true;
      }
    }
    auto user = std::dynamic_pointer_cast<const UserFunction>(found->function());
    if (const auto* defined = dynamic_cast<const ClassFunction*>(found->function().get()))
      user = defined->constructor();
    if (user != nullptr) {
      for (const auto& candidate : user->definition().parameters) {
        if (candidate.name == parameter) return true;
      }
    }
    return false;
  }

 private:
  Interpreter& interpreter_;
};

/// A public entry that runs at the session's top level and restores what ran outside.
class Interpreter::Entry {
 public:
  explicit Entry(Interpreter* interpreter) : thread_(interpreter), frame_(interpreter, nullptr, nullptr) {}

 private:
  const ThreadGuard thread_;
  const FrameGuard frame_;
};

Interpreter::ThreadGuard::ThreadGuard(Interpreter* interpreter)
    : interpreter_(interpreter), floor_(interpreter->stack_floor_) {
  if (floor_ == nullptr) interpreter->stack_floor_ = stack_floor();
}

Interpreter::Interpreter(const Surroundings& surroundings, SessionScope& session)
    : surroundings_(surroundings),
      session_(session),
      shared_(surroundings.shared, surroundings.access, session.caller) {}
Interpreter::~Interpreter() = default;

std::optional<Value> Interpreter::run_statements(std::string_view script) {
  const Entry entry(this);
  const Names names(this);
  syntax::ScriptParser parser(script);
  last_value_.reset();
  while (!parser.done()) {
    const syntax::ScriptPart part = parser.next(names);
    for (const auto& statement : part.statements) {
      check_cancelled();
      if (exec(*statement) == Flow::kReturn) {
        return_value_ = Value();
        return std::exchange(last_value_, std::nullopt);
      }
      // What an expression inside a loop or block left is no result of the script.
      if (statement->kind != syntax::StatementKind::kExpression) last_value_.reset();
    }
  }
  return std::exchange(last_value_, std::nullopt);
}

std::function<void(const std::string& error)> Interpreter::watch_query(const syntax::Query& query) {
  if (!surroundings_.query_finished) return {};
  FinishedQuery facts{.text = syntax::print(query), .error = {}, .begin_ns = surroundings_.clock.wall_ns()};
  return [this, facts = std::move(facts)](const std::string& error) {
    auto finished = facts;
    finished.error = error;
    finished.end_ns = surroundings_.clock.wall_ns();
    surroundings_.query_finished(session_.caller, finished);
  };
}

Value Interpreter::call_text(std::string_view function, std::span<Value> arguments) {
  const Entry entry(this);
  if (auto named = find_named(function)) return call(*named, arguments);
  const Names names(this);
  const syntax::ExprRef expr = syntax::parse_expression(function, names);
  const Callee callee = find_callee(*expr);
  if (callee.builtin != nullptr) return functions::invoke(*callee.builtin, *this, arguments);
  return call(callee.function, arguments);
}

Value Interpreter::parse_expression(std::string_view text) {
  const Names names(this);
  syntax::ExprRef body = syntax::parse_expression(text, names);
  return data::CodeRef(std::make_shared<CodeValue>(std::move(body)));
}

// ------------------------------------------------------------------ variables

Value* Interpreter::find_variable(std::string_view name) {
  if (!is_local_evaluation()) {
    if (Value* place = session_.find(name)) return place;
  }
  if (auto shared = shared_.find(name)) {
    return &shared_seen_.insert_or_assign(std::string(name), *std::move(shared)).first->second;
  }
  // Functions such as objByName reach session variables from inside function bodies too.
  return session_.find(name);
}

void Interpreter::assign(const std::string& name, Value value) { session_.set(name, std::move(value)); }

void Interpreter::set_variable(const std::string& name, Value value) { session_.set(name, std::move(value)); }

bool Interpreter::erase_variable(std::string_view name) { return session_.erase(name); }

std::vector<std::string> Interpreter::variable_names() { return session_.names(); }

// ------------------------------------------------------------------ limits

void Interpreter::refuse_depth(std::string_view what) const {
  throw ScriptError("The recursion is too deep: more than " + std::to_string(calls_) + " calls inside one another" +
                    (what.empty() ? "" : " at " + std::string(what)) + ".");
}

void Interpreter::check_cancelled() const {
  if (session_.cancellation.cancelled()) throw ScriptError("The statement was cancelled.");
}

void Interpreter::print(std::string_view text) {
  if (session_.print_sink) session_.print_sink(text);
}

void Interpreter::reserve_memory(int64_t bytes) {
  if (session_.reserve_memory) session_.reserve_memory(bytes);
}

void Interpreter::sleep_ms(int64_t milliseconds) {
  constexpr int64_t kSliceMs = 20;  // how late a cancellation may be noticed
  const auto end = surroundings_.clock.now() + std::chrono::milliseconds(milliseconds);
  while (surroundings_.clock.now() < end) {
    check_cancelled();
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - surroundings_.clock.now()).count();
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min(kSliceMs, std::max<int64_t>(left, 1))));
  }
}

// ------------------------------------------------------------------ t[`c, <condition>]

namespace {

/// The columns of one table as names.
class TableScope final : public Scope {
 public:
  explicit TableScope(const Value& table) : table_(table) {}
  std::optional<Value> find(std::string_view name) override {
    const auto& rows = table_.table();
    const int c = rows.find(name);
    if (c < 0) return std::nullopt;
    return Value(rows.column_shared(static_cast<size_t>(c)));
  }

 private:
  const Value& table_;
};

}  // namespace

Value Interpreter::rows_where(const Value& object, const data::CodeObject& condition) {
  Value table = object;
  if (table.is_table_object()) {
    auto rows = table.table_object()->snapshot();
    if (!rows.ok()) throw ScriptError(rows.error().message);
    table = Value(std::move(rows).value());
  }
  if (!table.is_plain_table())
    throw ScriptError("A condition can select rows of a table only, not of " + object.type_text() + ".");
  const auto* code = dynamic_cast<const CodeValue*>(&condition);
  if (code == nullptr) throw ScriptError("This code can't be used as a condition.");
  TableScope scope(table);
  return evaluate(*code, &scope);
}

}  // namespace pelorus::exec
