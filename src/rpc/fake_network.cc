#include "rpc/fake_network.h"

#include <algorithm>
#include <atomic>

#include "base/check.h"

namespace pelorus::rpc {
namespace {

const Uuid kCluster = Uuid::parse("00000000-0000-4000-8000-00000000c105");

}  // namespace

/// One call; answered once, by whatever comes first.
struct FakeNetwork::Call {
  std::string method;
  Bytes payload;
  CallInfo info;
  std::atomic<bool> answered{false};
  Done done;

  void finish(Result<Bytes> result) {
    if (!answered.exchange(true)) done(std::move(result));
  }
};

class FakeNetwork::Node final : public Caller {
 public:
  Node(FakeNetwork& network, const std::string& alias, config::NodeMode role) : network_(network) {
    peer_.identity = {kCluster, Uuid::random(), alias, role, 1};
    peer_.address = "fake:" + alias;
    peer_.is_member = true;
  }

  void call_async(const std::string& alias, std::string_view method, Bytes payload, CallOptions options,
                  Done done) override {
    auto call = std::make_shared<Call>();
    call->method = method;
    call->payload = std::move(payload);
    call->info.deadline = std::chrono::steady_clock::now() + options.timeout;
    call->info.urgent = options.urgent;
    if (options.cancellation) call->info.cancelled = *options.cancellation;
    call->done = std::move(done);
    network_.send(peer_.identity.alias, alias, std::move(call));
  }

  Methods methods_;
  Peer peer_;

 private:
  FakeNetwork& network_;
};

FakeNetwork::FakeNetwork(FakeNetworkOptions options)
    : options_(options), workers_({"fake-network", options.workers, 1 << 20}) {
  clockwork_ = std::thread([this] { run_timers(); });
}

FakeNetwork::~FakeNetwork() { stop(); }

Methods& FakeNetwork::add(const std::string& alias, config::NodeMode role) {
  const std::lock_guard lock(mutex_);
  auto& node = nodes_[alias];
  if (!node) {
    node = std::make_unique<Node>(*this, alias, role);
    node->methods_.complete();
  }
  return node->methods_;
}

Caller& FakeNetwork::caller(const std::string& alias) {
  const std::lock_guard lock(mutex_);
  const auto found = nodes_.find(alias);
  CHECK_WITH(found != nodes_.end(), alias);
  return *found->second;
}

void FakeNetwork::send(const std::string& from, const std::string& to, std::shared_ptr<Call> call) {
  std::chrono::milliseconds wait{0};
  bool is_lost = false;
  {
    std::unique_lock lock(mutex_);
    if (stopping_ || is_cut(from, to) || !nodes_.contains(to)) {
      lock.unlock();
      return call->finish(Error{ErrorCode::kUnavailable, "cannot connect to '" + to + "'"});
    }
    call->info.id = next_call_++;
    is_lost = take_one(dropped_requests_, {from, to});
    if (const auto found = delays_.find({from, to}); found != delays_.end()) wait = found->second;
  }
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(call->info.deadline - std::chrono::steady_clock::now());
  after(is_lost ? std::min(left, options_.loss_noticed_after) : left, [call, to] {
    call->finish(Error{ErrorCode::kOutcomeUnknown, "no answer came from '" + to + "'"});
  });
  if (is_lost) return;
  const auto deliver_now = [this, from, to, call] {
    if (!workers_.submit([this, from, to, call] { deliver(from, to, call); })) {
      call->finish(Error{ErrorCode::kUnavailable, "too many calls wait"});
    }
  };
  if (wait.count() == 0) return deliver_now();
  after(wait, deliver_now);
}

void FakeNetwork::deliver(const std::string& from, const std::string& to, const std::shared_ptr<Call>& call) {
  const Methods* methods = nullptr;  // nodes are never removed
  Peer peer;
  {
    std::unique_lock lock(mutex_);
    if (stopping_ || is_cut(from, to)) {
      lock.unlock();
      return call->finish(Error{ErrorCode::kOutcomeUnknown, "the connection to '" + to + "' ended"});
    }
    methods = &nodes_.at(to)->methods_;
    peer = nodes_.at(from)->peer_;
    ++delivered_;
  }
  auto result = methods->answer(methods->find(call->method).get(), call->method, peer, call->payload, call->info);
  bool is_lost = false;
  {
    const std::lock_guard lock(mutex_);
    is_lost = is_cut(to, from) || take_one(dropped_answers_, {to, from});
  }
  if (is_lost) result = Error{ErrorCode::kOutcomeUnknown, "the connection to '" + to + "' ended"};
  call->finish(std::move(result));
}

bool FakeNetwork::is_cut(const std::string& from, const std::string& to) const {
  return crashed_.contains(from) || crashed_.contains(to) || cuts_.contains({from, to}) || cuts_.contains({to, from});
}

bool FakeNetwork::take_one(std::map<Link, int>& drops, const Link& link) {
  const auto found = drops.find(link);
  if (found == drops.end() || found->second == 0) return false;
  --found->second;
  return true;
}

void FakeNetwork::cut(const std::string& left, const std::string& right) {
  const std::lock_guard lock(mutex_);
  cuts_.insert({left, right});
}

void FakeNetwork::isolate(const std::string& alias) {
  const std::lock_guard lock(mutex_);
  for (const auto& [other, node] : nodes_) {
    if (other != alias) cuts_.insert({alias, other});
  }
}

void FakeNetwork::heal() {
  const std::lock_guard lock(mutex_);
  cuts_.clear();
}

void FakeNetwork::drop_requests(const std::string& from, const std::string& to, int count) {
  const std::lock_guard lock(mutex_);
  dropped_requests_[{from, to}] = count;
}

void FakeNetwork::drop_answers(const std::string& from, const std::string& to, int count) {
  const std::lock_guard lock(mutex_);
  dropped_answers_[{from, to}] = count;
}

void FakeNetwork::delay(const std::string& from, const std::string& to, std::chrono::milliseconds by) {
  const std::lock_guard lock(mutex_);
  delays_[{from, to}] = by;
}

void FakeNetwork::crash(const std::string& alias) {
  const std::lock_guard lock(mutex_);
  crashed_.insert(alias);
}

void FakeNetwork::start(const std::string& alias) {
  const std::lock_guard lock(mutex_);
  crashed_.erase(alias);
}

uint64_t FakeNetwork::delivered() const {
  const std::lock_guard lock(mutex_);
  return delivered_;
}

void FakeNetwork::after(std::chrono::milliseconds wait, std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  timers_.push({std::chrono::steady_clock::now() + wait, next_timer_++, std::move(task)});
  timer_set_.notify_one();
}

void FakeNetwork::run_timers() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (timers_.empty()) {
      timer_set_.wait(lock);
      continue;
    }
    const auto due = timers_.top().due;
    if (std::chrono::steady_clock::now() < due) {
      timer_set_.wait_until(lock, due);
      continue;
    }
    const auto task = timers_.top().task;
    timers_.pop();
    lock.unlock();
    task();
    lock.lock();
  }
}

void FakeNetwork::stop() {
  std::vector<std::function<void()>> left;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
    timer_set_.notify_all();
  }
  clockwork_.join();
  workers_.stop();
  {
    const std::lock_guard lock(mutex_);
    for (; !timers_.empty(); timers_.pop()) left.push_back(timers_.top().task);
  }
  // Every call has a timer that ends it; a late end of an answered one does nothing.
  for (const auto& task : left) task();
}

}  // namespace pelorus::rpc
