#include "controller/bootstrap.h"

#include <condition_variable>
#include <memory>

namespace pelorus::controller {

void Bootstrap::register_methods(rpc::Methods& methods) {
  methods.on(
      std::string(meta::kControllerState),
      [this](const rpc::Peer&, std::string_view, const rpc::CallInfo&) -> Result<Bytes> { return encode(self()); },
      {.urgent = true, .allows_strangers = true});
}

meta::ControllerState Bootstrap::self() const {
  const std::lock_guard lock(mutex_);
  return self_;
}

void Bootstrap::set_self(meta::ControllerState self) {
  const std::lock_guard lock(mutex_);
  self_ = std::move(self);
}

BootstrapDecision Bootstrap::poll(std::chrono::milliseconds timeout, bool forced) {
  auto view = ask(timeout);
  view.forced = forced;
  return decide_bootstrap(view);
}

DamageDecision Bootstrap::poll_damaged(std::chrono::milliseconds timeout) { return decide_damage(ask(timeout)); }

BootstrapView Bootstrap::ask(std::chrono::milliseconds timeout) {
  struct Answers {
    std::mutex mutex;
    std::condition_variable changed;
    size_t waiting = 0;
    std::map<std::string, std::optional<meta::ControllerState>> states;
  };
  auto answers = std::make_shared<Answers>();
  answers->waiting = others_.size();
  for (const auto& alias : others_) {
    const auto take = [answers, alias](Result<Bytes> answer) {
      const std::lock_guard lock(answers->mutex);
      auto& state = answers->states[alias];
      if (answer.ok()) {
        const auto told = meta::decode<meta::ControllerState>(*answer, meta::kControllerState);
        if (told.ok()) state = *told;
      }
      --answers->waiting;
      answers->changed.notify_all();
    };
    peers_.call_async(alias, meta::kControllerState, Bytes(), {.timeout = timeout, .urgent = true}, take);
  }
  std::unique_lock lock(answers->mutex);
  answers->changed.wait(lock, [&] { return answers->waiting == 0; });
  return {.self = self(), .peers = std::move(answers->states)};
}

}  // namespace pelorus::controller
