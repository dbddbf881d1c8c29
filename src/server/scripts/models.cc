// saveModel and loadModel.

#include "base/script_error.h"
#include "functions/declare.h"
#include "functions/file_access.h"
#include "functions/function_call.h"
#include "server/scripts/register_scripts.h"
#include "server/scripts/stored_object.h"

namespace pelorus::server {
namespace {

using data::Value;
using functions::CallContext;
using functions::FunctionCall;

constexpr uint64_t kModelBytesMax = uint64_t{4} << 30;

Value save_model(io::FileSystem& files, CallContext& context, std::span<Value> values) {
  const FunctionCall call("saveModel", context, values);
  functions::require_login(context, call.name());
  const auto path = call.arguments().text(1, "location");
  const auto packed = call.checked(pack_model(values[0]));
  call.checked(io::replace_file(files, path, stored_object(StoredKind::kModel, packed)));
  return Value::null();
}

/// Function names become the functions of this node.
Value revived(CallContext& context, const Value& value) {
  if (value.is_function()) {
    const auto name = value.function()->print();
    if (auto function = context.find_function(name)) return *std::move(function);
    throw ScriptError("loadModel => the model uses the function " + name + ", which this node does not have.");
  }
  if (value.is_tuple()) {
    std::vector<Value> parts;
    for (const auto& part : value.vector().values_any()) parts.push_back(revived(context, part));
    return data::Vector::tuple(std::move(parts));
  }
  if (!value.is_dictionary() || !value.dictionary().values().is_tuple()) return value;
  const auto& read = value.dictionary();
  const Value parts = revived(context, read.values());
  return data::Dictionary(read.keys(), parts.vector(), read.ordered());
}

Value load_model(io::FileSystem& files, CallContext& context, std::span<Value> values) {
  const FunctionCall call("loadModel", context, values);
  functions::require_login(context, call.name());
  const auto path = call.arguments().text(0, "file");
  const auto bytes = call.checked(io::read_file(files, path, kModelBytesMax));
  const auto told = [&](auto result) {
    if (!result.ok()) throw ScriptError("loadModel => the file " + path + " can't be used: " + result.error().message);
    return std::move(result).value();
  };
  return revived(context, told(unpack_model(told(stored_payload(bytes, StoredKind::kModel)))));
}

}  // namespace

void register_models_on_disk(functions::Registry& registry, io::FileSystem& files) {
  functions::declare(
      registry, "models", functions::Nature::kCommand,
      {.name = "saveModel",
       .parameters = "model, location",
       .run = [&files](CallContext& c, std::span<Value> v) { return save_model(files, c, v); },
       .summary = "Writes a fitted model, a dictionary, to a file of the node; the file is whole and on "
                  "disk when it returns.",
       .example = "m = ols(1.0 2.1 2.9 4.0, 1 2 3 4, true, 2); saveModel(m, \"/tmp/pelorus-example-model\")"});
  functions::declare(registry, "models", functions::Nature::kWhole,
                     {.name = "loadModel",
                      .parameters = "file",
                      .run = [&files](CallContext& c, std::span<Value> v) { return load_model(files, c, v); },
                      .summary = "Reads a model that saveModel wrote; a damaged file is refused.",
                      .example = "saveModel(dict(`a`b, 1 2), \"/tmp/pelorus-example-model-2\"); "
                                 "loadModel(\"/tmp/pelorus-example-model-2\")[`b]",
                      .result = "2"});
}

}  // namespace pelorus::server
