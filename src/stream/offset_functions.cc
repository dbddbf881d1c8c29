// removeTopicOffset getTopicProcessedOffset.

#include "functions/arguments.h"
#include "functions/declare.h"
#include "stream/functions.h"

namespace pelorus::stream {
namespace {

using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::Nature;

Value processed(StreamServices& services, std::span<Value> args) {
  const auto next = services.topic_offsets.find(Arguments("getTopicProcessedOffset", args).text(0, "topic"));
  return Value::of_long(next ? *next - 1 : -1);
}

Value forget(StreamServices& services, std::span<Value> args) {
  services.topic_offsets.remove(Arguments("removeTopicOffset", args).text(0, "topic"));
  return Value::null();
}

}  // namespace

void register_topic_offsets(functions::Registry& registry, StreamServices& services) {
  const auto bound = [&services](auto* run) {
    return [&services, run](CallContext&, std::span<Value> args) { return run(services, args); };
  };
  functions::declare(
      registry, "streams", Nature::kWhole,
      {"getTopicProcessedOffset", "topic", bound(processed),
       "The number of the last row that a subscription with persistOffset has handled; -1: none is known.",
       "getTopicProcessedOffset(\"nothing\")", "-1"});
  functions::declare(registry, "streams", Nature::kCommand,
                     {"removeTopicOffset",
                      "topic",
                      bound(forget),
                      "Forgets how far the subscribers of a topic have come.",
                      "removeTopicOffset(\"nothing\")",
                      {}});
}

}  // namespace pelorus::stream
