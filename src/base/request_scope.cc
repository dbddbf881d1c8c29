#include "base/request_scope.h"

namespace pelorus {
namespace {

thread_local RequestScope* innermost = nullptr;

}  // namespace

RequestScope::RequestScope(std::string client, uint64_t sequence)
    : client_(std::move(client)), sequence_(sequence), outer_(innermost) {
  innermost = this;
}

RequestScope::~RequestScope() { innermost = outer_; }

RequestScope::WriteNumber RequestScope::next_write() {
  if (innermost == nullptr || innermost->writes_ == kWritesMax) return {};
  // Each place in the request is a client of its own, whose numbers grow from request to request.
  return {innermost->client_ + "#" + std::to_string(++innermost->writes_), innermost->sequence_};
}

}  // namespace pelorus
