#include "exec/language_functions.h"

#include "exec/catalog_names.h"
#include "exec/learning/register_learning.h"

#include "exec/interpreter/index_value.h"
#include "exec/user_function.h"
#include "functions/arguments.h"
#include "functions/assemble.h"
#include "functions/declare.h"
#include "functions/indexing.h"
#include "syntax/operators.h"

namespace pelorus::exec {
namespace {

using data::Type;
using data::Vector;
using functions::CallContext;
using functions::Declaration;
using functions::Nature;

constexpr std::string_view kFamily = "language";

/// at(flags): positions of true; at(x, i): x[i], a tuple i being a path; at(f, arguments): a call.
Value at(CallContext& context, std::span<Value> values) {
  const Value& x = values[0];
  if (values.size() == 1) {
    const bool is_matrix = x.is_matrix() && x.matrix().values.type() == Type::kBool;
    if (is_matrix) {
      std::vector<Value> flat{Value(x.matrix().values)};
      return at(context, flat);
    }
    if (!x.is_vector() || x.is_tuple() || x.vector().is_array() ||
        (x.vector().type() != Type::kBool && !types::is_integral(x.vector().type())))
      functions::usage_error("at", "X must be a vector of booleans or integers.");
    Vector positions(Type::kInt);
    if (x.vector().type() != Type::kBool) {
      // Position i as often as element i says.
      const auto counts = functions::as_longs("at", x.vector_shared());
      for (size_t i = 0; i < counts->size(); ++i) {
        const int64_t count = std::max<int64_t>(counts->values<int64_t>()[i], 0);
        for (int64_t k = 0; k < count; ++k) positions.edit<int32_t>().push_back(static_cast<int32_t>(i));
      }
      return positions;
    }
    const auto flags = x.vector().values<int8_t>();
    for (size_t i = 0; i < flags.size(); ++i) {
      if (flags[i] == 1) positions.edit<int32_t>().push_back(static_cast<int32_t>(i));
    }
    return positions;
  }
  const Value& index = values[1];
  if (x.is_function()) {
    std::vector<Value> arguments;
    if (index.is_tuple()) {
      arguments.assign(index.vector().values_any().begin(), index.vector().values_any().end());
    } else {
      arguments.push_back(index);
    }
    return context.call(x, std::span<Value>(arguments));
  }
  if (index.is_tuple()) return index_value(x, index.vector().values_any());
  return index_value(x, values.subspan(1));
}

/// The function that an operator calls; other names stay.
std::string_view named_by(std::string_view sign) {
  if (sign == "!") return syntax::function_of(syntax::UnaryOperator::kNot);
  if (sign == ":") return "pair";
  const auto* row = syntax::find_operator(sign);
  return row ? row->function : sign;
}

Value function_by_name(CallContext& context, std::span<Value> values) {
  const std::string name(named_by(functions::Arguments("funcByName", values).text(0, "name")));
  if (auto function = context.find_function(name)) return *std::move(function);
  throw ScriptError("Can't find the function " + name + ".");
}

/// x@i: every member of a tuple i indexes x by itself.
Value each_at(CallContext& context, std::span<Value> values) {
  if (!values[1].is_tuple()) return at(context, values);
  std::vector<Value> parts;
  for (const auto& part : values[1].vector().values_any()) {
    std::vector<Value> arguments{values[0], part};
    parts.push_back(at(context, arguments));
  }
  return functions::assemble(std::move(parts));
}

/// partial(f, arguments...): f with its first arguments given, as f{arguments} writes it.
Value partial(CallContext&, std::span<Value> values) {
  if (!values[0].is_function()) functions::usage_error("partial", "func must be a function.");
  std::vector<Value> bound(values.begin() + 1, values.end());
  return data::FunctionRef(std::make_shared<PartialFunction>(values[0].function(), std::move(bound)));
}

/// setAttr(object, name, value)
Value set_attribute(CallContext&, std::span<Value> values) {
  const functions::Arguments a("setAttr", values);
  const auto object = data::instance_of(a[0]);
  if (object == nullptr) a.refuse("object", "must be an object of a class.");
  const auto done = object->set(a.text(1, "name"), a[2]);
  if (!done.ok()) throw ScriptError(done.error().message);
  return Value::null();
}

/// member(X, Y): what X.Y gives; any key of a dictionary.
Value member(CallContext&, std::span<Value> values) {
  const functions::Arguments a("member", values);
  if (!a[1].is_text() && a[0].is_dictionary() && a[1].is_scalar()) return a[0].dictionary().get(a[1].scalar());
  return functions::member_value(a[0], a.text(1, "Y"));
}

data::InstanceObject& object_argument(const functions::Arguments& a) {
  const auto object = data::instance_of(a[0]);
  if (object == nullptr) a.refuse("obj", "must be an object of a class.");
  return *object;
}

Value attribute_names(CallContext&, std::span<Value> values) {
  std::vector<std::string> names;
  for (const auto& field : object_argument(functions::Arguments("attributeNames", values)).fields())
    names.push_back(field.name);
  return Vector::of_strings(Type::kString, std::move(names));
}

Value attribute_values(CallContext&, std::span<Value> values) {
  data::Dictionary all(Type::kString, Type::kAny, true);
  for (auto& [name, value] : object_argument(functions::Arguments("attributeValues", values)).values())
    all.set(types::Scalar::of_string(name), value);
  return all;
}

/// Of an object or of a class.
Value attribute_types(CallContext&, std::span<Value> values) {
  const functions::Arguments a("attributeTypes", values);
  const auto* defined = a[0].is_function() ? dynamic_cast<const ClassFunction*>(a[0].function().get()) : nullptr;
  const auto& fields = defined != nullptr ? *defined->fields() : object_argument(a).fields();
  std::vector<std::string> names, types;
  for (const auto& field : fields) {
    names.push_back(field.name);
    types.push_back(field.type_text);
  }
  return data::Table({"attr", "type"}, {Vector::of_strings(Type::kString, std::move(names)),
                                        Vector::of_strings(Type::kString, std::move(types))});
}

/// Outside of queries, which put the groups together themselves: one array.
Value to_array(CallContext&, std::span<Value> values) {
  const auto elements = functions::Arguments("toArray", values).vector(0, "X");
  return Vector::array(elements, {static_cast<int64_t>(elements->size())});
}

/// A function of as many arguments as the first one takes.
Value compose(CallContext&, std::span<Value> values) {
  const functions::Arguments a("compose", values);
  for (const size_t i : {0, 1}) {
    if (!a[i].is_function()) a.refuse(i == 0 ? "first" : "second", "must be a function.");
  }
  const Value first = a[0], second = a[1];
  functions::Function row;
  row.name = "compose(" + first.function()->print() + ", " + second.function()->print() + ")";
  row.parameters = {{"X", true}};
  row.variadic = true;
  row.run = [first, second](CallContext& context, std::span<Value> arguments) {
    return context.call(second, {context.call(first, arguments)});
  };
  return data::FunctionRef(std::make_shared<functions::Builtin>(std::move(row)));
}

}  // namespace

void register_language_functions(functions::Registry& registry) {
  const auto row = [&](Declaration d) { functions::declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  row({"at", "X, [index]", at, "Elements at an index, or the positions of true values.", "at(3 5 1 > 2)", "[0,1]"});
  row({"eachAt", "X, index", each_at, "Elements at each member of an index.", "8 3 5 @ (1 2)", "[3,5]"});
  row({"funcByName", "name", function_by_name, "The function of that name.", "funcByName(\"mul\")(6, 7)", "42"});
  row({"partial", "func, args...", partial, "A function with its first arguments given.", "partial(sub, 10)(3)", "7"});
  row({"compose", "first, second", compose, "The function that gives the result of first to second.",
       "compose(cumsum, last)(1 2 3)", "6"});
  functions::declare(registry, kFamily, Nature::kCommand,
                     {"setAttr", "object, name, value", set_attribute,
                      "Sets a field of an object of a class; the value becomes the field's type.",
                      "class Quote { price :: DOUBLE\n def Quote(p) { price = p } }\n"
                      "q = Quote(1); setAttr(q, `price, 2); q.price",
                      "2.0"});
  row({"member", "X, Y", member, "A column of a table, a value of a dictionary, a field of an object: what X.Y gives.",
       "member(table(1 2 as a, 3 4 as b), `b)", "[3,4]"});
  row({"attributeNames", "obj", attribute_names, "The names of the fields of an object of a class.",
       "class Quote { price :: DOUBLE\n size :: INT\n def Quote() { price = 1 } }\nattributeNames(Quote())",
       "[\"price\",\"size\"]"});
  row({"attributeValues", "obj", attribute_values, "The fields of an object of a class, by name.",
       "class Quote { price :: DOUBLE\n def Quote() { price = 1 } }\nattributeValues(Quote())", "odict{\"price\"->1}"});
  row({"attributeTypes", "obj", attribute_types, "The fields of a class, or of an object of one, and their types.",
       "class Quote { price :: DOUBLE\n def Quote() { price = 1 } }\nattributeTypes(Quote)",
       "table{attr:[\"price\"],type:[\"DOUBLE\"]}"});
  functions::declare(registry, kFamily, Nature::kAggregate,
                     {"toArray", "X", to_array, "In a query with group by: the values of each group as an array.",
                      "select toArray(v) as v from table(`a`b`a as k, 1 2 3 as v) group by k",
                      "table{k:[\"a\",\"b\"],v:[[1,3],[2]]}"});
  register_catalog_names(registry);
  register_metaprogramming(registry);
  register_files_to_run(registry);
  register_tests_to_run(registry);
  register_charts(registry);
  register_genetic_programming(registry);
}

}  // namespace pelorus::exec
