#include "server/function_views.h"

#include <algorithm>
#include <vector>

#include "base/script_error.h"
#include "exec/session_scope.h"
#include "meta/messages.h"

namespace pelorus::server {
namespace {

/// Without a leader scripts are told soon that a name is unknown.
constexpr std::chrono::milliseconds kPatience{500};

/// Views under compilation on this thread, so that two that name each other end in an error.
thread_local std::vector<std::string> compiling;

}  // namespace

data::FunctionRef FunctionViews::find(std::string_view wanted, exec::ViewSearch search) {
  const std::string name(wanted);
  if (std::ranges::find(compiling, name) != compiling.end()) return nullptr;
  auto view = look_up(name, search);
  if (view.function || view.body.empty()) return view.function;
  auto function = compile(name, view.body);
  const std::lock_guard lock(mutex_);
  const auto found = views_.find(name);
  if (found != views_.end() && found->second.body == view.body) found->second.function = function;
  return function;
}

void FunctionViews::forget() {
  const std::lock_guard lock(mutex_);
  asked_ = {};
}

FunctionViews::View FunctionViews::look_up(const std::string& name, exec::ViewSearch search) {
  const auto known = [&] {
    const auto found = views_.find(name);
    return found == views_.end() ? View{} : found->second;
  };
  {
    const std::lock_guard lock(mutex_);
    const auto age = clock_.now() - asked_;
    const auto view = known();
    const bool asks_again = search == exec::ViewSearch::kAskAgain && view.body.empty();
    const auto period = asks_again ? std::chrono::milliseconds(0) : were_silent_ ? kSilence : kKept;
    if (asked_ != std::chrono::steady_clock::time_point{} && age < period) return view;
    asked_ = clock_.now();
  }
  const auto bytes = controllers_.call(meta::kListViews, {}, {.timeout = kPatience});
  const auto reply = bytes.ok() ? meta::decode<meta::ViewsReply>(*bytes, meta::kListViews) : bytes.error();
  const std::lock_guard lock(mutex_);
  were_silent_ = !reply.ok();
  if (were_silent_) return known();
  std::map<std::string, View, std::less<>> views;
  for (const auto& [each, view] : reply->views) {
    const auto before = views_.find(each);
    const bool is_same = before != views_.end() && before->second.body == view.body;
    views[each] = is_same ? before->second : View{view.body, nullptr};
  }
  views_ = std::move(views);
  return known();
}

data::FunctionRef FunctionViews::compile(const std::string& name, const std::string& body) const {
  exec::SessionScope scope(0);
  exec::Interpreter interpreter(surroundings_, scope);
  compiling.push_back(name);
  try {
    interpreter.run(body);
  } catch (const ScriptError& error) {
    compiling.pop_back();
    throw ScriptError("The function view " + name + " can't be used: " + error.message() +
                      ". A view may call built-in functions and other function views only.");
  }
  compiling.pop_back();
  return scope.find_definition(name);
}

}  // namespace pelorus::server
