#include "net/sniff.h"

#include <algorithm>

namespace pelorus::net {
namespace {

struct Beginning {
  std::string_view bytes;
  Protocol protocol;
};

constexpr Beginning kBeginnings[] = {
    {"API ", Protocol::kNative},  {"API2 ", Protocol::kNative},  {"GET ", Protocol::kHttp},
    {"HEAD ", Protocol::kHttp},   {"POST ", Protocol::kHttp},    {"PUT ", Protocol::kHttp},
    {"DELETE ", Protocol::kHttp}, {"OPTIONS ", Protocol::kHttp}, {"\x16\x03", Protocol::kTls},
    {"PRPC", Protocol::kRpc},     {"PRFT", Protocol::kRaft},
};

}  // namespace

Protocol sniff(std::string_view first_bytes) {
  bool undecided = false;
  for (const auto& beginning : kBeginnings) {
    if (first_bytes.starts_with(beginning.bytes)) return beginning.protocol;
    undecided |= beginning.bytes.starts_with(first_bytes);
  }
  return undecided ? Protocol::kUndecided : Protocol::kUnknown;
}

}  // namespace pelorus::net
