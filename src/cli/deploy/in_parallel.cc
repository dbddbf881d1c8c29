#include "cli/deploy/in_parallel.h"

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

namespace pelorus::cli::deploy {

Status in_parallel(size_t count, const std::function<Status(size_t)>& work, Interrupt& interrupt,
                   const CancellationToken& token) {
  constexpr auto kLook = std::chrono::milliseconds(5);
  std::vector<Status> results(count);
  std::atomic<size_t> left = count;
  std::vector<std::jthread> threads;
  for (size_t i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      results[i] = work(i);
      --left;
    });
  }
  while (left > 0) {
    if (interrupt.wait(kLook)) {
      token.cancel();
      break;
    }
  }
  threads.clear();  // waits
  if (token.cancelled()) return Error{ErrorCode::kCancelled, "interrupted"};
  for (auto& result : results) {
    if (!result.ok()) return result;
  }
  return {};
}

}  // namespace pelorus::cli::deploy
