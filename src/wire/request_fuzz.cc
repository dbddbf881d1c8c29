// libFuzzer: a stream of requests is read the same whatever pieces it comes in.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "wire/encode.h"
#include "wire/request.h"

namespace {

using namespace pelorus;

/// What was read: texts, names and encoded arguments of each request, then the error's code if there was one.
std::vector<std::string> read_in_pieces(std::string_view in, size_t piece) {
  wire::RequestLimits limits;
  limits.body_bytes_max = 1 << 16;
  limits.arguments.bodiless_elements_max = 1 << 12;
  wire::RequestReader reader(limits);
  std::vector<std::string> seen;
  while (!in.empty()) {
    const auto taken = reader.feed(in.substr(0, piece));
    if (!taken.ok()) {
      seen.push_back("error " + std::to_string(static_cast<int>(taken.error().code)));
      return seen;
    }
    CHECK(*taken > 0);
    in.remove_prefix(*taken);
    if (!reader.done()) continue;
    const auto request = reader.take();
    seen.push_back(request.text);
    seen.insert(seen.end(), request.names.begin(), request.names.end());
    for (const auto& argument : request.arguments) {
      wire::Chain chain;
      CHECK(wire::encode(argument, chain).ok());
      seen.push_back(chain.flatten());
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  const std::string_view in(reinterpret_cast<const char*>(bytes + 1), size - 1);
  CHECK(read_in_pieces(in, in.size()) == read_in_pieces(in, size_t{1} + bytes[0] % 32));
  return 0;
}
