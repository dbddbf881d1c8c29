#include "exec/interpreter.h"

#include <gtest/gtest.h>

#include <thread>

#include "exec/language_functions.h"
#include "functions/builtins/register_builtins.h"

namespace pelorus::exec {
namespace {

class NoQueries final : public SqlRunner {
 public:
  Value run_query(const syntax::Query&, Evaluator&, Scope*) override { throw ScriptError("no queries"); }
  Value run_update(const syntax::Update&, Evaluator&) override { throw ScriptError("no queries"); }
  Value run_delete(const syntax::Delete&, Evaluator&) override { throw ScriptError("no queries"); }
  Value run_insert(const syntax::Insert&, Evaluator&) override { throw ScriptError("no queries"); }
  Value run_definition(const syntax::Expr&, Evaluator&) override { throw ScriptError("no queries"); }
  Value run_over(const syntax::Over&, Evaluator&, Scope*) override { throw ScriptError("no queries"); }
};

class InterpreterTest : public testing::Test {
 public:
  InterpreterTest() {
    functions::register_builtins(registry_);
    register_language_functions(registry_);
    session_.print_sink = [this](std::string_view text) { printed_ += text; };
  }
  std::string error_of(const std::string& script) {
    try {
      interpreter_.run(script);
    } catch (const ScriptError& error) {
      return error.message();
    }
    return "no error";
  }
  int64_t number(const std::string& script) { return interpreter_.run(script).scalar().as_int64(); }

  functions::Registry registry_;
  NodeSharedObjects shared_;
  NoQueries sql_;
  SystemClock clock_;
  Surroundings surroundings_{registry_, shared_, sql_, clock_, {}, {}};
  SessionScope session_{1};
  Interpreter interpreter_{surroundings_, session_};
  std::string printed_;
};

TEST_F(InterpreterTest, a_run_tells_a_value_from_none) {
  EXPECT_FALSE(interpreter_.run_statements("x = 5").has_value());
  EXPECT_FALSE(interpreter_.run_statements("def f(a){ return a }").has_value());
  EXPECT_FALSE(interpreter_.run_statements("for(i in 1..3){ i }").has_value());
  EXPECT_FALSE(interpreter_.run_statements("").has_value());
  ASSERT_TRUE(interpreter_.run_statements("x").has_value());
  ASSERT_TRUE(interpreter_.run_statements("NULL").has_value());
}

TEST_F(InterpreterTest, variables_and_definitions_outlive_a_run) {
  interpreter_.run("x = 5\ndef double_it(a){ return a * 2 }");
  EXPECT_EQ(number("double_it(x)"), 10);
  session_.set("y", Value::of_int(7));
  EXPECT_EQ(number("x + y"), 12);
}

TEST_F(InterpreterTest, call_text_takes_names_partials_and_lambdas) {
  std::vector<Value> arguments{Value::of_int(3), Value::of_int(4)};
  EXPECT_EQ(interpreter_.call_text("add", arguments).scalar().as_int64(), 7);
  std::vector<Value> one{Value::of_int(3)};
  EXPECT_EQ(interpreter_.call_text("add{10}", one).scalar().as_int64(), 13);
  std::vector<Value> again{Value::of_int(3)};
  EXPECT_EQ(interpreter_.call_text("x -> x * x", again).scalar().as_int64(), 9);
  EXPECT_THROW(interpreter_.call_text("no_such_function", again), ScriptError);
}

TEST_F(InterpreterTest, mutable_parameters_write_to_the_callers_values) {
  interpreter_.run("def grow(mutable v){ v.append!(9) }");
  std::vector<Value> arguments{interpreter_.run("1 2")};
  interpreter_.call_text("grow", arguments);
  EXPECT_EQ(data::size_of(arguments[0]), 3u);
}

TEST_F(InterpreterTest, cancellation_ends_a_loop_and_cannot_be_caught) {
  std::thread killer([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    session_.cancellation.cancel();
  });
  EXPECT_EQ(error_of("try { while(true){ } } catch(ex) { }"), "The statement was cancelled.");
  killer.join();
  session_.cancellation = {};
  EXPECT_EQ(number("1 + 1"), 2);
}

TEST_F(InterpreterTest, endless_recursion_is_an_error_on_a_small_stack_too) {
  interpreter_.run("def deep(n){ return deep(n + 1) }");
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 2 << 20);
  pthread_t thread;
  const auto body = [](void* test) -> void* {
    EXPECT_NE(static_cast<InterpreterTest*>(test)->error_of("deep(0)").find("recursion is too deep"),
              std::string::npos);
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, body, this), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

TEST_F(InterpreterTest, shared_objects_are_seen_by_other_sessions_and_inside_functions) {
  interpreter_.run("t = table(1 2 as a)\nshare t as st");
  SessionScope other_session(2);
  Interpreter other(surroundings_, other_session);
  EXPECT_EQ(data::size_of(other.run("st")), 2u);
  other.run("st.append!(table(3 4 5 as a))");
  EXPECT_EQ(data::size_of(interpreter_.run("t")), 5u);
  EXPECT_EQ(data::size_of(interpreter_.run("def f(){ return st }\nf()")), 5u);
  EXPECT_THROW(other.run("t"), ScriptError);
}

TEST_F(InterpreterTest, modules_are_read_by_path) {
  Surroundings with_modules{
      registry_, shared_, sql_, clock_, {}, [](std::string_view path) -> std::optional<std::string> {
        if (path != "a::b") return std::nullopt;
        return "module a::b\ndef helping(x){ return x + 1 }\ndef twice(x){ return helping(x) * 2 }";
      }};
  SessionScope session(3);
  Interpreter interpreter(with_modules, session);
  EXPECT_EQ(interpreter.run("use a::b\ngo\ntwice(4)").scalar().as_int64(), 10);
  EXPECT_EQ(interpreter.run("a::b::twice(4)").scalar().as_int64(), 10);
  EXPECT_THROW(interpreter.run("use c::d"), ScriptError);
}

TEST_F(InterpreterTest, function_views_are_found_after_definitions_and_built_ins) {
  interpreter_.run("def seen(x){ return x * 100 }");
  const auto view = session_.find_definition("seen");
  Surroundings with_views{registry_,
                          shared_,
                          sql_,
                          clock_,
                          [view](std::string_view name, ViewSearch search) {
                            const bool is_new = name == "heardOfWhenAskedAgain" && search == ViewSearch::kAskAgain;
                            return name == "seen" || is_new ? view : data::FunctionRef();
                          },
                          {}};
  SessionScope session(4);
  Interpreter interpreter(with_views, session);
  EXPECT_EQ(interpreter.run("seen(2)").scalar().as_int64(), 200);
  EXPECT_EQ(interpreter.run("heardOfWhenAskedAgain(2)").scalar().as_int64(), 200);
}

TEST_F(InterpreterTest, definitions_print_to_text_that_defines_them_again) {
  interpreter_.run("def f(a, b = 2){ c = a\n for(i in 1..3){ if(i > 2) break\n c += i * b }\n return c }");
  const int64_t before = number("f(1)");
  const std::string text = session_.find_definition("f")->print();
  interpreter_.run(text);
  EXPECT_EQ(number("f(1)"), before);
}

TEST_F(InterpreterTest, errors_carry_frames_and_place) {
  interpreter_.run("def inner(x){ return x + (1, \"a\", x[`k]) }\ndef outer(x){ return inner(x) }");
  const std::string message = error_of("1\n2\nouter(5)");
  EXPECT_EQ(message.find("outer() => inner() => "), 0u) << message;
}

TEST_F(InterpreterTest, code_keeps_the_locals_it_was_made_with) {
  interpreter_.run("def make(n){ return <n * 10 + y> }");
  interpreter_.run("y = 1");
  EXPECT_EQ(number("make(4).eval()"), 41);
}

}  // namespace
}  // namespace pelorus::exec
