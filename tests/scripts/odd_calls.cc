#include "tests/scripts/odd_calls.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <new>
#include <random>
#include <set>
#include <string_view>
#include <vector>

#include "base/script_error.h"

namespace pelorus::tests {
namespace {

namespace fs = std::filesystem;

/// Where the calls find tables.
constexpr std::string_view kTables =
    "tbl = table(1..5 as id, `a`b`c`d`e as sym, 2024.01.01 + 0..4 as date, 1.5 2.5 NULL 3 4 as v)\n"
    "keyed = keyedTable(`id, 1..3 as id, 4 5 6 as v)";

constexpr std::array<std::string_view, 88> kArguments{"NULL",
                                                      "0",
                                                      "1",
                                                      "-1",
                                                      "2",
                                                      "3",
                                                      "-5",
                                                      "10",
                                                      "100",
                                                      "1000000",
                                                      "2147483647",
                                                      "-2147483647",
                                                      "9223372036854775807l",
                                                      "-9223372036854775807l",
                                                      "1e308",
                                                      "-1e308",
                                                      "0.5",
                                                      "00i",
                                                      "00f",
                                                      "1f",
                                                      "true",
                                                      "'a'",
                                                      "char(1)",
                                                      "\"\"",
                                                      "\"abc\"",
                                                      "`a",
                                                      "\"[(\"",
                                                      "\"%s%n%d\"",
                                                      "\"SYMBOL\"",
                                                      "\"2024.01.01\"",
                                                      "\"2013.05.06T13:30:10.008\"",
                                                      "blob(\"a\")",
                                                      "2024.01.31",
                                                      "2024.01M",
                                                      "09:30:00.000",
                                                      "2024.01.01T00:00:00",
                                                      "2024.01.01T00:00:00.000000000",
                                                      "3M",
                                                      "5d",
                                                      "1h 2h",
                                                      "uuid(\"5d212a78-cc48-e3b1-4235-b4d91473ee87\")",
                                                      "ipaddr(\"1.2.3.4\")",
                                                      "point(1, 2)",
                                                      "1.25$DECIMAL64(2)",
                                                      "[1.5, 2.5]$DECIMAL32(1)",
                                                      "1:3",
                                                      "-1:1",
                                                      "1 2 3",
                                                      "[1, NULL, 3]",
                                                      "1..10",
                                                      "1.5 2.5 NULL",
                                                      "[true, false, NULL]",
                                                      "string(1..3)",
                                                      "symbol(`a`b`a)",
                                                      "[2024.01.01, NULL]",
                                                      "[NULL, NULL]",
                                                      "NULL$DOUBLE",
                                                      "take(1, 100000)",
                                                      "take(1.5 2 NULL, 1000)",
                                                      "array(INT, 0)",
                                                      "array(DOUBLE, 0)",
                                                      "array(STRING, 0)",
                                                      "array(INT[], 0)",
                                                      "[1 2, 3 4 5]$INT[]",
                                                      "(1, \"a\", NULL)",
                                                      "()",
                                                      "(1 2, 3 4 5)",
                                                      "(`a`b, 1 2)",
                                                      "tuple(1, 2)",
                                                      "matrix(1 2, 3 4)",
                                                      "matrix(1.5 NULL, 3 4)",
                                                      "matrix(DOUBLE, 0, 3)",
                                                      "matrix(`a`b, `c`d)",
                                                      "tbl",
                                                      "keyed",
                                                      "table(1:0, `a`b, [INT, STRING])",
                                                      "table(2024.01.01 2024.01.02 as t, 1.5 2 as v)",
                                                      "set(1 2 3)",
                                                      "dict(INT, INT)",
                                                      "dict(`a`b, 1 2)",
                                                      "{x -> x}",
                                                      "{x, y -> x + y}",
                                                      "sum",
                                                      "add",
                                                      "<1 + 1>",
                                                      "<select * from tbl>",
                                                      "INT",
                                                      "DOUBLE"};

/// Of functions that are left out: they wait, or reach beyond the session.
const std::set<std::string_view> kLeftOut{"sleep",    "shell",   "quit",       "rm",        "rmdir",
                                          "mkdir",    "run",     "runScript",  "test",      "httpGet",
                                          "httpPost", "httpPut", "httpDelete", "remoteRun", "xdb"};

constexpr size_t kCallBytes = 4096;
constexpr unsigned kLongestSeconds = 30;
constexpr rlim_t kMemoryBytes = rlim_t{8} << 30;

/// What the process that calls tells the one that watches.
struct Progress {
  size_t call = 0;  // the one it is at
  size_t failed = 0;
  char text[kCallBytes] = {};
};

std::string call_of(const functions::Function& function, uint64_t seed, size_t number) {
  std::mt19937_64 random(std::hash<std::string_view>()(function.name) ^ seed * 0x9e3779b97f4a7c15U ^ number << 20);
  const size_t least = function.arguments_min(), most = std::min(function.arguments_max(), least + 3);
  std::string out = std::string(function.name) + "(";
  for (size_t i = 0, count = least + random() % (most - least + 1); i < count; ++i)
    out.append(i > 0 ? ", " : "").append(kArguments[random() % kArguments.size()]);
  return out + ")";
}

/// From call number `progress->call` on, to the end.
void call_all(const OddCalls& wanted, const std::vector<const functions::Function*>& all, Progress* progress,
              const std::function<std::function<void(const std::string&)>()>& open) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const rlimit memory{kMemoryBytes, kMemoryBytes};
  ::setrlimit(RLIMIT_AS, &memory);
#endif
  auto run = open();
  run(std::string(kTables));
  for (; progress->call < all.size() * wanted.each; ++progress->call) {
    const auto text = call_of(*all[progress->call / wanted.each], wanted.seed, progress->call % wanted.each);
    std::strncpy(progress->text, text.c_str(), kCallBytes - 1);
    ::alarm(kLongestSeconds);
    try {
      run("got = " + text);
    } catch (const ScriptError&) {
    } catch (const std::bad_alloc&) {
    } catch (const std::exception& failure) {
      std::cout << text << "\n  no script error: " << failure.what() << std::endl;
      ++progress->failed;
    }
  }
}

}  // namespace

int call_oddly(const OddCalls& wanted, const functions::Registry& registry,
               const std::function<std::function<void(const std::string&)>()>& open) {
  std::vector<const functions::Function*> all;
  for (const auto& name : registry.names()) {
    const bool is_wanted = wanted.function.empty() ? !kLeftOut.contains(name) : name == wanted.function;
    if (is_wanted) all.push_back(&registry.find(name)->function());
  }
  const auto folder = fs::temp_directory_path() / ("pelorus-odd-calls-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  auto* const progress =
      new (::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Progress();
  const size_t calls = all.size() * wanted.each;
  for (; progress->call < calls; ++progress->call) {
    std::cout.flush();
    const auto child = ::fork();
    if (child == 0) {
      fs::current_path(folder);
      call_all(wanted, all, progress, open);
      std::cout.flush();
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status) && progress->call >= calls) break;
    std::cout << progress->text << "\n  "
              << (WIFSIGNALED(status) ? ::strsignal(WTERMSIG(status)) : "the process has ended") << std::endl;
    ++progress->failed;
  }
  fs::remove_all(folder);
  std::cout << calls << " odd calls of " << all.size() << " functions, " << progress->failed << " went wrong\n";
  return progress->failed == 0 && calls > 0 ? 0 : 1;
}

}  // namespace pelorus::tests
