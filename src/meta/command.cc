#include "meta/command.h"

namespace pelorus::meta {
namespace {

constexpr uint8_t kFormat = 1;

/// In the order of the variant.
constexpr std::string_view kNames[] = {
    "FoundCluster",         "PutNode",         "RemoveNode",       "RegisterNode",     "PutConfiguration",
    "NoteImport",           "CreateDatabase",  "DropDatabase",     "CreateTable",      "DropTable",
    "AlterTable",           "DropPartitions",  "AddPartitions",    "BeginTransaction", "Decide",
    "CompleteTransactions", "ChangeReplicas",  "ForceVersion",     "CreateUser",       "DeleteUser",
    "SetPassword",          "LockUser",        "CreateGroup",      "DeleteGroup",      "ChangeMembership",
    "ChangeGrants",         "PutFunctionView", "DropFunctionView", "PutRecord",        "MarkNode",
    "TakeOverState",        "RaiseLevel",      "AlterDatabase",
};
static_assert(std::size(kNames) == std::variant_size_v<Command>);

template <size_t I = 0>
Result<Command> decode_tagged(uint16_t tag, std::string_view body) {
  if constexpr (I == std::variant_size_v<Command>) {
    return Error{ErrorCode::kCorrupt, "unknown metadata command: " + std::to_string(tag)};
  } else {
    using T = std::variant_alternative_t<I, Command>;
    if (T::kTag != tag) return decode_tagged<I + 1>(tag, body);
    TRY(auto command, decode<T>(body, "metadata command " + std::to_string(tag)));
    return Command(std::move(command));
  }
}

}  // namespace

Bytes encode_command(const Command& command) {
  Bytes out;
  ByteWriter writer(out);
  writer.put(kFormat);
  std::visit(
      [&](const auto& object) {
        writer.put(std::decay_t<decltype(object)>::kTag);
        Encoder(out).put(object);
      },
      command);
  return out;
}

std::string_view name_of(const Command& command) { return kNames[command.index()]; }

uint32_t level_of(const Command& command) {
  return std::visit(
      []<class T>(const T&) -> uint32_t {
        if constexpr (requires { T::kLevel; }) return T::kLevel;
        return 1;
      },
      command);
}

Result<Command> decode_command(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto format = reader.get<uint8_t>();
  const auto tag = reader.get<uint16_t>();
  if (!reader.ok() || format != kFormat) {
    return Error{ErrorCode::kCorrupt, "metadata command of an unknown format: " + std::to_string(format)};
  }
  return decode_tagged(tag, bytes.substr(reader.position()));
}

}  // namespace pelorus::meta
