#include "cli/process/captured_run.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <thread>

#include "cli/process/child_process.h"

namespace pelorus::cli {
namespace {

using Clock = std::chrono::steady_clock;

/// A file descriptor that is closed in the end.
class Handle {
 public:
  Handle() = default;
  explicit Handle(int file) : file_(file) {}
  Handle(Handle&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~Handle() { close(); }
  int get() const { return file_; }
  bool is_open() const { return file_ >= 0; }
  void close() {
    if (file_ >= 0) ::close(file_);
    file_ = -1;
  }

 private:
  int file_ = -1;
};

struct Pipe {
  Handle read, write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Error{ErrorCode::kIo, std::string("no pipe: ") + std::strerror(errno)};
  return Pipe{Handle(ends[0]), Handle(ends[1])};
}

void never_wait(const Handle& handle) {
  if (handle.is_open()) fcntl(handle.get(), F_SETFL, fcntl(handle.get(), F_GETFL) | O_NONBLOCK);
}

/// Takes what is there; closes `from` at its end.
void drain(Handle& from, std::string& into) {
  std::array<char, 65536> buffer;
  while (from.is_open()) {
    const ssize_t count = read(from.get(), buffer.data(), buffer.size());
    if (count > 0) {
      into.append(buffer.data(), static_cast<size_t>(count));
    } else if (count < 0 && errno == EINTR) {
      continue;
    } else {
      if (count == 0 || errno != EAGAIN) from.close();
      return;
    }
  }
}

/// Our ends of a program's streams; those not used are closed.
struct Conversation {
  Handle input, output, errors;
  std::string_view left;  // of what it is to read
  Ran ran;
  std::function<void()> meanwhile;

  void feed() {
    while (input.is_open() && !left.empty()) {
      const ssize_t count = write(input.get(), left.data(), left.size());
      if (count > 0) {
        left.remove_prefix(static_cast<size_t>(count));
      } else if (count < 0 && errno == EINTR) {
        continue;
      } else if (count < 0 && errno == EAGAIN) {
        return;
      } else {
        left = {};  // it reads no more
      }
    }
    input.close();
  }
  void turn(std::chrono::milliseconds at_most) {
    std::array<pollfd, 3> waits{pollfd{input.get(), POLLOUT, 0}, pollfd{output.get(), POLLIN, 0},
                                pollfd{errors.get(), POLLIN, 0}};
    poll(waits.data(), waits.size(), static_cast<int>(at_most.count()));
    feed();
    drain(output, ran.out);
    drain(errors, ran.err);
    if (meanwhile) meanwhile();
  }
};

/// Passes bytes from one pipe to another, on a thread of its own: both ends are closed once either program has gone.
class Pump {
 public:
  ~Pump() {
    if (thread_.joinable()) thread_.join();
  }
  void start(Handle from, Handle to, int64_t bytes_per_second_max) {
    thread_ = std::thread([this, from = std::move(from), to = std::move(to), bytes_per_second_max] {
      pass(from.get(), to.get(), bytes_per_second_max);
    });
  }
  int64_t passed() const { return passed_; }

 private:
  void pass(int from, int to, int64_t bytes_per_second_max) {
    constexpr size_t kAtOnce = 64 << 10;
    const auto began = Clock::now();
    while (true) {
      const ssize_t count = splice(from, nullptr, to, nullptr, kAtOnce, SPLICE_F_MOVE);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return;
      passed_ += count;
      if (bytes_per_second_max <= 0) continue;
      const std::chrono::duration<double> due(static_cast<double>(passed_) / static_cast<double>(bytes_per_second_max));
      std::this_thread::sleep_until(began + std::chrono::duration_cast<Clock::duration>(due));
    }
  }

  std::atomic<int64_t> passed_{0};
  std::thread thread_;
};

/// Until `child` ends. Errors: kTimeout, kCancelled.
Status converse(Conversation& with, ChildProcess& child, const RunLimits& limits, const std::string& name) {
  constexpr auto kStep = std::chrono::milliseconds(10);
  const auto give_up = Clock::now() + limits.at_most;
  for (const auto* handle : {&with.input, &with.output, &with.errors}) never_wait(*handle);
  with.feed();
  while (true) {
    const auto status = child.poll();
    if (status) {
      with.ran.status = *status;
      drain(with.output, with.ran.out);
      drain(with.errors, with.ran.err);
      return {};
    }
    if (limits.cancellation.cancelled()) {
      child.kill();
      return Error{ErrorCode::kCancelled, "interrupted"};
    }
    if (Clock::now() >= give_up) {
      child.kill();
      return Error{ErrorCode::kTimeout, name + " did not end in " + std::to_string(limits.at_most.count()) + " ms"};
    }
    with.turn(kStep);
  }
}

}  // namespace

Result<Ran> run_captured(const std::vector<std::string>& words, std::string_view input, const RunLimits& limits) {
  TRY(auto in, make_pipe());
  TRY(auto out, make_pipe());
  TRY(auto err, make_pipe());
  TRY(auto child, ChildProcess::start_with(words, {in.read.get(), out.write.get(), err.write.get()}));
  in.read.close();
  out.write.close();
  err.write.close();
  Conversation with{std::move(in.write), std::move(out.read), std::move(err.read), input, {}, {}};
  TRY_DONE(converse(with, child, limits, words[0]));
  return std::move(with.ran);
}

Result<Ran> run_piped(const std::vector<std::string>& left, const std::vector<std::string>& right,
                      const RunLimits& limits, const Flow& flow) {
  Pump pump;  // ends when the programs have ended, so they are destroyed first
  TRY(auto written, make_pipe());
  TRY(auto read, make_pipe());
  TRY(auto out, make_pipe());
  TRY(auto err, make_pipe());
  TRY(auto source, ChildProcess::start_with(left, {-1, written.write.get(), err.write.get()}));
  TRY(auto sink, ChildProcess::start_with(right, {read.read.get(), out.write.get(), err.write.get()}));
  for (auto* handle : {&written.write, &read.read, &out.write, &err.write}) handle->close();
  pump.start(std::move(written.read), std::move(read.write), flow.bytes_per_second_max);
  Conversation with{{}, std::move(out.read), std::move(err.read), {}, {}, {}};
  if (flow.watched) with.meanwhile = [&] { flow.watched(pump.passed()); };
  TRY_DONE(converse(with, sink, limits, right[0]));
  // Its reader is gone: it has ended, or does so with the next byte it writes.
  TRY(const int status, source.wait(std::chrono::seconds(10), nullptr));
  if (flow.watched) flow.watched(pump.passed());
  if (with.ran.status == 0 && status != 0) {
    return Error{ErrorCode::kIo, left[0] + " ended with status " + std::to_string(status) + ": " + with.ran.err};
  }
  return std::move(with.ran);
}

Result<Ran> run_with_file(const std::vector<std::string>& words, int file, FileEnd end, const RunLimits& limits) {
  TRY(auto out, make_pipe());
  TRY(auto err, make_pipe());
  const bool is_input = end == FileEnd::kInput;
  TRY(auto child,
      ChildProcess::start_with(words, {is_input ? file : -1, is_input ? out.write.get() : file, err.write.get()}));
  out.write.close();
  err.write.close();
  Conversation with{{}, std::move(out.read), std::move(err.read), {}, {}, {}};
  TRY_DONE(converse(with, child, limits, words[0]));
  return std::move(with.ran);
}

}  // namespace pelorus::cli
