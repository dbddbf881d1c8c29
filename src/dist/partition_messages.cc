#include "dist/partition_messages.h"

#include "wire/decode.h"
#include "wire/encode.h"

namespace pelorus::dist {

Result<std::string> pack_value(const data::Value& value) {
  wire::Chain chain;
  TRY_DONE(wire::encode(value, chain));
  return chain.flatten();
}

Result<data::Value> unpack_value(std::string_view bytes) { return wire::decode(bytes); }

Result<std::string> pack_table(const data::Table& table) { return pack_value(data::Value(table)); }

Result<data::Table> unpack_table(std::string_view bytes) {
  TRY(const auto value, unpack_value(bytes));
  if (!value.is_plain_table()) return Error{ErrorCode::kCorrupt, "a table was expected from the peer"};
  return value.table();
}

Result<FragmentMessage> pack_fragment(const exec::Fragment& fragment) {
  FragmentMessage message{
      .text = fragment.text, .definitions = fragment.definitions, .variables = {}, .user = fragment.user};
  for (const auto& [name, value] : fragment.variables) {
    TRY(auto bytes, pack_value(value));
    message.variables.emplace_back(name, std::move(bytes));
  }
  return message;
}

Result<exec::Fragment> unpack_fragment(const FragmentMessage& message) {
  exec::Fragment fragment{
      .text = message.text, .definitions = message.definitions, .variables = {}, .user = message.user};
  for (const auto& [name, bytes] : message.variables) {
    TRY(auto value, unpack_value(bytes));
    fragment.variables.emplace_back(name, std::move(value));
  }
  return fragment;
}

}  // namespace pelorus::dist
