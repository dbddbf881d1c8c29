#pragma once
// Coroutine names of the network layer. Rules: arguments by value, no lambda coroutines with captures, no temporaries
// with destructors inside a co_await expression.

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 mistakes the coroutine frames' own operator delete for a foreign one.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>

#include "base/thread_pool.h"

namespace pelorus::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using Executor = asio::any_io_executor;
template <class T>
using Awaitable = asio::awaitable<T>;
using TlsStream = asio::ssl::stream<tcp::socket>;

/// Completion as a tuple that begins with the error code: nothing is thrown.
inline constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

/// Wakes coroutines of one strand. Look at the condition before every wait(): notify() is not remembered.
class Signal {
 public:
  explicit Signal(const Executor& executor) : timer_(executor, asio::steady_timer::time_point::max()) {}
  Awaitable<void> wait() { co_await timer_.async_wait(kAwait); }
  void notify() { timer_.cancel(); }

 private:
  asio::steady_timer timer_;
};

/// Calls `expired` on the strand when a set time passes; never after the object is gone.
class Deadline {
 public:
  Deadline(const Executor& executor, std::function<void()> expired)
      : state_(std::make_shared<State>(executor, std::move(expired))) {}
  ~Deadline() {
    state_->expired = nullptr;
    state_->timer.cancel();
  }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  void set(std::chrono::milliseconds after) {
    state_->timer.expires_after(after);
    state_->timer.async_wait([state = state_](const boost::system::error_code& error) {
      if (!error && state->expired) state->expired();
    });
  }
  void clear() { state_->timer.cancel(); }

 private:
  struct State {
    State(const Executor& executor, std::function<void()> call) : timer(executor), expired(std::move(call)) {}
    asio::steady_timer timer;
    std::function<void()> expired;
  };
  std::shared_ptr<State> state_;
};

/// Runs `work` on the pool and resumes on the caller's strand. False: the pool refused it.
inline Awaitable<bool> run_on(ThreadPool& pool, std::function<void()> work) {
  return asio::async_initiate<const asio::use_awaitable_t<>, void(bool)>(
      [&pool](auto handler, std::function<void()> given) {
        const auto waiter = std::make_shared<decltype(handler)>(std::move(handler));
        const auto resume = [waiter](bool ran) {
          asio::post(asio::get_associated_executor(*waiter), [waiter, ran] { std::move (*waiter)(ran); });
        };
        const bool accepted = pool.submit([resume, given = std::move(given)] {
          given();
          resume(true);
        });
        if (!accepted) resume(false);
      },
      asio::use_awaitable, std::move(work));
}

}  // namespace pelorus::net
