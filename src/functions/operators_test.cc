#include <gtest/gtest.h>

#include "functions/builtins/register_builtins.h"
#include "functions/fake_call_context.h"
#include "types/format_value.h"

namespace pelorus::functions {
namespace {

using data::Type;
using data::Vector;
using types::Scalar;

/// Calls built-ins by name and prints what comes back, elements separated by commas, nulls as "null".
class Functions : public testing::Test {
 protected:
  Functions() : context(registry) { register_builtins(registry); }

  Value call(std::string_view name, std::vector<Value> args) {
    const auto found = registry.find(name);
    if (!found) throw ScriptError("unknown function " + std::string(name));
    return invoke(*found, context, args);
  }
  static std::string text(const Scalar& scalar) { return scalar.is_null() ? "null" : types::format_value(scalar); }
  static std::string text(const Value& value) {
    if (value.is_scalar()) return text(value.scalar());
    std::string out;
    const auto elements = *elements_of(value);
    for (size_t i = 0; i < elements->size(); ++i) out += (i > 0 ? "," : "") + text(elements->at(i));
    return "[" + out + "]";
  }
  std::string show(std::string_view name, std::vector<Value> args) { return text(call(name, std::move(args))); }

  static Value ints(std::initializer_list<int32_t> values) { return Vector::of<int32_t>(Type::kInt, values); }
  static Value longs(std::initializer_list<int64_t> values) { return Vector::of<int64_t>(Type::kLong, values); }
  static Value reals(std::initializer_list<double> values) { return Vector::of<double>(Type::kDouble, values); }
  static Value one(int32_t v) { return Value::of_int(v); }
  static Value strings(std::vector<std::string> texts) { return Vector::of_strings(Type::kString, std::move(texts)); }
  static constexpr int32_t kNone = types::kNull<int32_t>;

  Registry registry;
  FakeCallContext context;
};

TEST_F(Functions, integers_divide_downwards_and_by_zero_to_null) {
  EXPECT_EQ(show("div", {one(-17), one(5)}), "-4");
  EXPECT_EQ(show("mod", {one(-17), one(5)}), "3");
  EXPECT_EQ(show("mod", {one(17), one(-5)}), "-3");
  EXPECT_EQ(show("div", {ints({-9, -4, 0, 4, 9}), one(4)}), "[-3,-1,0,1,2]");
  EXPECT_EQ(show("div", {one(7), one(0)}), "null");
  EXPECT_EQ(show("ratio", {one(7), one(0)}), "null");
}

TEST_F(Functions, null_in_gives_null_out_and_overflow_wraps_onto_it) {
  EXPECT_EQ(show("add", {ints({4, kNone, 6}), one(1)}), "[5,null,7]");
  EXPECT_EQ(show("add", {one(5), Value::null()}), "null");
  EXPECT_EQ(call("add", {one(5), Value::null()}).type(), Type::kInt);
  EXPECT_EQ(show("add", {one(2147483647), one(1)}), "null");
}

TEST_F(Functions, results_have_the_wider_type) {
  EXPECT_EQ(call("add", {one(1), Value::of_long(2)}).type(), Type::kLong);
  EXPECT_EQ(call("add", {one(1), Value::of_double(2)}).type(), Type::kDouble);
  EXPECT_EQ(call("ratio", {one(4), one(2)}).type(), Type::kDouble);
  EXPECT_EQ(call("add", {Value::of_bool(true), Value::of_bool(true)}).type(), Type::kInt);
  EXPECT_EQ(call("lt", {one(4), one(2)}).type(), Type::kBool);
}

TEST_F(Functions, null_is_smallest_and_equal_to_itself) {
  EXPECT_EQ(show("lt", {one(1), Value::null()}), "false");
  EXPECT_EQ(show("gt", {one(1), Value::null()}), "true");
  EXPECT_EQ(show("eq", {Value::null(), Value::null()}), "true");
  EXPECT_EQ(show("or", {Value::null(), Value::of_bool(true)}), "true");
  EXPECT_EQ(show("and", {Value::of_bool(true), Scalar::null_of(Type::kBool)}), "null");
}

TEST_F(Functions, temporals_move_in_their_own_unit_and_wrap_at_midnight) {
  const Value day = Scalar::of<int32_t>(Type::kDate, 18320);  // 2020.02.28
  EXPECT_EQ(show("add", {day, one(2)}), "2020.03.01");
  EXPECT_EQ(show("add", {Scalar::of<int32_t>(Type::kMinute, 23 * 60 + 58), one(5)}), "00:03m");
  EXPECT_EQ(show("sub", {day, day}), "0");
  EXPECT_EQ(call("sub", {day, day}).type(), Type::kInt);
  EXPECT_THROW(call("add", {day, day}), ScriptError);
}

TEST_F(Functions, texts_concatenate_and_compare_by_bytes) {
  EXPECT_EQ(show("add", {strings({"ab", "cd"}), Value::of_string("x")}), "[abx,cdx]");
  EXPECT_EQ(show("gt", {Value::of_string("IBM"), Value::of_string("C")}), "true");
  const Value symbols = call("symbol", {strings({"b", "a", "b"})});
  EXPECT_EQ(show("eq", {symbols, Value::of_string("b")}), "[true,false,true]");
  EXPECT_THROW(call("div", {Value::of_string("a"), one(1)}), ScriptError);
}

TEST_F(Functions, decimals_keep_their_places) {
  const Value a = call("decimal32", {Value::of_double(1.25), one(2)});
  const Value b = call("decimal32", {Value::of_double(2.5), one(1)});
  EXPECT_EQ(show("add", {a, b}), "3.75");
  EXPECT_EQ(show("mul", {a, b}), "3.125");
  EXPECT_EQ(show("eq", {b, Value::of_double(2.5)}), "true");
  EXPECT_EQ(show("div", {a, b}), "0.50");
}

TEST_F(Functions, a_vector_meets_every_column_of_a_matrix) {
  const Value m = call("cast", {ints({1, 2, 3, 4, 5, 6}), call("pair", {one(2), one(3)})});
  EXPECT_EQ(show("add", {m, ints({10, 20})}), "[11,22,13,24,15,26]");
  EXPECT_THROW(call("add", {m, ints({1, 2, 3})}), ScriptError);
  EXPECT_EQ(show("sum", {m}), "[3,7,11]");
}

TEST_F(Functions, lengths_must_agree) {
  EXPECT_THROW(call("add", {ints({1, 2, 3}), ints({1, 2})}), ScriptError);
  EXPECT_EQ(show("add", {ints({}), one(1)}), "[]");
}

TEST_F(Functions, mixed_widths_agree_with_the_plain_loop_over_block_borders) {
  data::Buffer<int32_t> left;
  data::Buffer<double> right;
  for (int i = 0; i < 3000; ++i) {
    left.push_back(i % 7 == 0 ? kNone : i);
    right.push_back(i * 0.5);
  }
  const Value sum = call("add", {Vector::adopt(Type::kInt, left), Vector::adopt(Type::kDouble, right)});
  for (int i = 0; i < 3000; ++i) {
    const double expected = i % 7 == 0 ? types::kNull<double> : i * 1.5;
    ASSERT_EQ(sum.vector().values<double>()[static_cast<size_t>(i)], expected) << i;
  }
}

TEST_F(Functions, take_repeats_and_counts_from_the_end) {
  const Value x = ints({8, 3, 5, 9, 1, 7});
  EXPECT_EQ(show("take", {x, one(8)}), "[8,3,5,9,1,7,8,3]");
  EXPECT_EQ(show("take", {x, one(-2)}), "[1,7]");
  EXPECT_EQ(show("take", {ints({7, 8, 9}), ints({2, 0, 1})}), "[7,7,9]");
  EXPECT_THROW(call("take", {Value::null(), one(3)}), ScriptError);
}

TEST_F(Functions, rand_of_symbols_shares_their_base) {
  const Value symbols = call("symbol", {strings({"a", "b"})});
  const Value sample = call("rand", {symbols, one(1000)});
  EXPECT_EQ(sample.vector().size(), 1000u);
  EXPECT_EQ(sample.vector().symbols_shared(), symbols.vector().symbols_shared());
  EXPECT_THROW(call("rand", {one(0), one(3)}), ScriptError);
}

TEST_F(Functions, append_converts_what_fits_and_refuses_the_rest_unchanged) {
  std::vector<Value> args = {ints({1, 2, 3}), Value::of_long(4)};
  call("append!", args);
  Value x = ints({1, 2, 3});
  std::vector<Value> refused = {x, Value::of_string("a")};
  EXPECT_THROW(invoke(*registry.find("append!"), context, refused), ScriptError);
  EXPECT_EQ(refused[0].vector().size(), 3u);
}

TEST_F(Functions, a_fault_within_one_is_an_error_of_its_call) {
  const auto failing = [&](const auto& fault) {
    return Builtin(
        {.name = "fails", .variadic = true, .run = [fault](CallContext&, std::span<Value>) -> Value { throw fault; }});
  };
  const auto told = [&](const Builtin& builtin) {
    std::vector<Value> args = {ints({1, 2})};
    try {
      invoke(builtin, context, args);
    } catch (const ScriptError& error) {
      return error.message();
    }
    return std::string();
  };
  EXPECT_EQ(told(failing(std::length_error("max_size"))),
            "The function [fails] would make more elements than any memory holds.");
  EXPECT_EQ(told(failing(std::bad_variant_access())),
            "The function [fails] does not accept these arguments: FAST INT VECTOR (forms that do not go together).");
  EXPECT_NE(told(failing(std::out_of_range("place 3"))).find("(place 3)"), std::string::npos);
}

TEST_F(Functions, table_takes_names_from_the_call_and_repeats_scalars) {
  context.name_arguments({"a", "b"});
  const Value t = call("table", {ints({1, 2}), one(7)});
  EXPECT_EQ(t.table().names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(t.table().rows(), 2u);
  EXPECT_THROW(call("table", {ints({1, 2}), ints({1, 2, 3})}), ScriptError);
}

TEST_F(Functions, table_insert_accepts_the_name_of_a_table_and_a_trailing_hole) {
  context.name_arguments({"a"});
  context.set_variable("t", call("table", {ints({1, 2})}));
  EXPECT_EQ(show("tableInsert", {Value::of_string("t"), ints({3, 4}), Value::missing()}), "2");
  EXPECT_EQ(context.find_variable("t")->table().rows(), 4u);
  EXPECT_THROW(call("tableInsert", {Value::of_string("t"), strings({"x"})}), ScriptError);
  EXPECT_EQ(context.find_variable("t")->table().rows(), 4u);
}

TEST_F(Functions, schema_has_five_columns_of_column_definitions) {
  context.name_arguments({"a", "b"});
  const Value schema = call("schema", {call("table", {ints({1}), call("decimal64", {one(1), one(3)})})});
  const auto definitions = schema.dictionary().get("colDefs").table();
  EXPECT_EQ(definitions.names(), (std::vector<std::string>{"name", "typeString", "typeInt", "extra", "comment"}));
  EXPECT_EQ(definitions.column(3).scalar_at(1).as_int64(), 3);
  EXPECT_TRUE(definitions.column(3).is_null_at(0));
}

TEST_F(Functions, aggregates_skip_nulls_and_give_null_for_nothing_else) {
  EXPECT_EQ(show("sum", {ints({4, kNone, 6})}), "10");
  EXPECT_EQ(call("sum", {ints({4})}).type(), Type::kLong);
  EXPECT_EQ(show("avg", {ints({4, kNone, 6})}), "5");
  EXPECT_EQ(show("max", {ints({4, kNone, 6})}), "6");
  EXPECT_EQ(show("sum", {ints({kNone, kNone})}), "null");
  EXPECT_EQ(show("sum", {ints({})}), "null");
  EXPECT_EQ(show("count", {ints({4, kNone, 6})}), "2");
  EXPECT_EQ(show("max", {strings({"pear", "fig", "plum"})}), "plum");
  EXPECT_THROW(call("sum", {strings({"a"})}), ScriptError);
}

TEST_F(Functions, grouped_forms_agree_with_the_whole_vector) {
  const Vector values = Vector::of<int32_t>(Type::kInt, {5, 1, kNone, 7, 2, 9});
  const std::vector<uint32_t> groups = {0, 1, 0, 1, 0, 1};
  for (const auto* name : {"sum", "avg", "min", "max", "count", "first", "last", "std", "var", "sum2", "prod"}) {
    const auto& grouped = registry.find(name)->function().grouped;
    ASSERT_NE(grouped.run, nullptr) << name;
    ASSERT_TRUE(grouped.accepts(values)) << name;
    const auto result = grouped.run(values, groups, 2);
    EXPECT_EQ(text(result.at(0)), show(name, {ints({5, kNone, 2})})) << name;
    EXPECT_EQ(text(result.at(1)), show(name, {ints({1, 7, 9})})) << name;
  }
}

}  // namespace
}  // namespace pelorus::functions
