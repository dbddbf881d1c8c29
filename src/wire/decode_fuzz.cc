// libFuzzer: whatever is decoded must encode, and decode again to the same bytes.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace pelorus;
  const std::string_view in(reinterpret_cast<const char*>(bytes), size);
  wire::DecodeLimits limits;
  limits.bodiless_elements_max = 1 << 16;

  if (auto value = wire::decode(in, limits); value.ok()) {
    wire::Chain first;
    CHECK(wire::encode(*value, first).ok());
    const auto encoded = first.flatten();
    auto again = wire::decode(encoded, limits);
    CHECK_WITH(again.ok(), again.ok() ? "" : again.error().message);
    wire::Chain second;
    CHECK(wire::encode(*again, second).ok());
    CHECK(second.flatten() == encoded);
  }

  // The same bytes in pieces of three, as a request.
  wire::RequestReader reader({.arguments = limits});
  for (size_t at = 0; at < size && !reader.done();) {
    const auto taken = reader.feed(in.substr(at, 3));
    if (!taken.ok()) break;
    at += *taken;
  }
  return 0;
}
