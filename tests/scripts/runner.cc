// Runs golden scripts (*.test) and the conformance corpus. Usage:
//   script_runner [--update] FILE-OR-FOLDER…      golden files; exit status 1 if a check fails
//   script_runner [--verbose] --cases FILE.jsonl  conformance cases: pass and fail per area, then every failure
//   script_runner --server HOST:PORT --cases FILE.jsonl   the same on a running node
//   script_runner [--server HOST:PORT] --printed  scripts from standard input, their printed values: printed.h
//   script_runner --examples                      the example of every built-in's documentation
//   script_runner --odd-calls [SEED [EACH [FUNCTION]]]   built-ins with arguments that nobody would give them:
//   odd_calls.h

#include <unistd.h>

#include <boost/json.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>

#include "client/connection.h"
#include "controller/functions.h"
#include "exec/interpreter.h"
#include "exec/language_functions.h"
#include "exec/sql_functions.h"
#include "exec/sql_runner.h"
#include "functions/builtins/register_builtins.h"
#include "io/process_files.h"
#include "stream/functions.h"
#include "tests/scripts/canonical.h"
#include "tests/scripts/metadata.h"
#include "tests/scripts/odd_calls.h"
#include "tests/scripts/printed.h"

namespace pelorus::tests {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kSeed = 7;

/// A session of its own for each file or case, on one registry.
class Bench {
 public:
  Bench() {
    functions::register_builtins(registry_);
    exec::register_language_functions(registry_);
    exec::register_sql_functions(registry_);
    streams_.node = "localhost:0:bench";
    streams_.files = &files_;
    streams_.persistence_folder = folder_.string();
    streams_.topic_offsets.open(files_, folder_.string());
    streams_.alias = "bench";
    streams_.ask_controllers = [this](std::string_view method, const Bytes& payload, std::chrono::milliseconds) {
      return metadata_.answer(method, payload);
    };
    stream::register_stream_functions(registry_, streams_);
    controller::register_catalog_functions(
        registry_, [this](std::string_view method, const Bytes& payload) { return metadata_.answer(method, payload); });
  }

  ~Bench() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  const functions::Registry& registry() const { return registry_; }

  class Session {
   public:
    explicit Session(Bench& bench)
        : bench_(bench),
          scope_(kSeed),
          surroundings_{bench.registry_, shared_, bench.sql_, bench.clock_, {}, {}},
          interpreter_(surroundings_, scope_) {
      surroundings_.access = &access_;
      scope_.caller.user = "admin";
      scope_.caller.is_admin = true;
      scope_.print_sink = [this](std::string_view text) { printed_ += std::string(text) + "\n"; };
    }
    ~Session() {
      bench_.streams_.clear();
      bench_.metadata_ = Metadata();
      std::error_code ignored;
      fs::remove_all(bench_.folder_, ignored);
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Errors: as the interpreter throws them.
    data::Value value_of(const std::string& script) {
      printed_.clear();
      return interpreter_.run(script);
    }

    Ran ran(const std::string& script) {
      try {
        data::Value value = value_of(script);
        return {.value = std::move(value), .printed = printed_, .error = {}};
      } catch (const ScriptError& error) {
        return {.value = {}, .printed = printed_, .error = error.message()};
      }
    }

    /// The canonical value, or "error TEXT".
    std::string run(const std::string& script) {
      const Ran outcome = ran(script);
      if (!outcome.error.empty()) return "error " + outcome.error;
      const bool is_silent = outcome.value.is_void() && !outcome.printed.empty();
      return is_silent ? outcome.printed.substr(0, outcome.printed.size() - 1) : canonical(outcome.value);
    }

   private:
    Bench& bench_;
    exec::NodeSharedObjects shared_;
    exec::SharedAccess access_;
    exec::SessionScope scope_;
    exec::Surroundings surroundings_;
    exec::Interpreter interpreter_;
    std::string printed_;
  };

 private:
  functions::Registry registry_;
  exec::QueryRunner sql_;
  SystemClock clock_;
  io::ProcessFiles files_;
  const fs::path folder_ = fs::temp_directory_path() / ("pelorus-streams-" + std::to_string(::getpid()));
  Metadata metadata_;
  stream::StreamServices streams_;
};

std::string read(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// ------------------------------------------------------------------ golden files

/// "> script" lines (each further one continues the script), then the expected lines up to a blank one.
struct Check {
  size_t line = 0;
  std::string script;
  std::string expected;
};

struct GoldenFile {
  std::vector<std::string> lines;  // comments and blanks kept for --update
  std::vector<Check> checks;
};

GoldenFile parse_golden(const std::string& text) {
  GoldenFile file;
  std::istringstream stream(text);
  std::string line;
  size_t number = 0;
  bool in_script = false;
  bool in_result = false;
  while (std::getline(stream, line)) {
    ++number;
    if (line.starts_with(">")) {
      const std::string code = line.substr(std::min<size_t>(line.size(), line.starts_with("> ") ? 2 : 1));
      if (in_script) {
        file.checks.back().script += "\n" + code;
      } else {
        file.checks.push_back({number, code, ""});
      }
      in_script = true;
      in_result = false;
    } else if (line.empty() || (line.starts_with("#") && !in_script && !in_result)) {
      in_script = in_result = false;
    } else if (in_script || in_result) {
      auto& expected = file.checks.back().expected;
      expected += (expected.empty() ? "" : "\n") + line;
      in_script = false;
      in_result = true;
    }
    file.lines.push_back(line);
  }
  return file;
}

bool check_matches(const std::string& expected, const std::string& actual) {
  if (expected.starts_with("error")) {
    const std::string text = expected.size() > 6 ? expected.substr(6) : "";
    return actual.starts_with("error ") && actual.find(text) != std::string::npos;
  }
  return matches(expected, actual);
}

/// The file with results as they are now; comments stay where they were.
std::string updated(const GoldenFile& file, const std::vector<std::string>& actual) {
  std::string text;
  size_t next = 0;
  bool in_script = false;
  bool skip = false;
  for (const auto& line : file.lines) {
    const bool is_script = line.starts_with(">");
    if (in_script && !is_script) {
      const bool kept = check_matches(file.checks[next].expected, actual[next]);
      text += (kept ? file.checks[next].expected : actual[next]) + "\n";
      ++next;
      skip = !line.empty();
      in_script = false;
      if (skip) continue;
    }
    if (skip && !line.empty() && !is_script) continue;
    skip = false;
    in_script = is_script;
    text += line + "\n";
  }
  if (in_script) text += actual[next] + "\n";
  return text;
}

struct Count {
  size_t passed = 0;
  size_t failed = 0;
};

void run_golden(Bench* bench, const fs::path& path, bool update, Count* count) {
  const GoldenFile file = parse_golden(read(path));
  Bench::Session session(*bench);
  std::vector<std::string> actual;
  for (const auto& check : file.checks) {
    actual.push_back(session.run(check.script));
    const bool ok = check_matches(check.expected, actual.back());
    ++(ok ? count->passed : count->failed);
    if (ok || update) continue;
    std::cout << path.string() << ":" << check.line << "\n  > " << check.script << "\n  expected " << check.expected
              << "\n  actual   " << actual.back() << "\n";
  }
  if (update) std::ofstream(path) << updated(file, actual);
}

int run_files(Bench* bench, const std::vector<std::string>& arguments, bool update) {
  std::vector<fs::path> files;
  for (const auto& argument : arguments) {
    if (!fs::is_directory(argument)) {
      files.emplace_back(argument);
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator(argument)) {
      if (entry.path().extension() == ".test") files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  Count count;
  for (const auto& file : files) run_golden(bench, file, update, &count);
  std::cout << count.passed << " checks passed, " << count.failed << " failed, " << files.size() << " files\n";
  return count.failed == 0 && count.passed > 0 ? 0 : 1;
}

// ------------------------------------------------------------------ conformance

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool case_passes(const std::string& expected, const std::string& actual) {
  constexpr std::string_view kError = "ERROR:";
  if (!expected.starts_with(kError)) return !actual.starts_with("error ") && matches(expected, actual);
  const size_t text = expected.find_first_not_of(' ', kError.size());
  if (!actual.starts_with("error ")) return false;
  return text == std::string::npos || lower(actual).find(lower(expected.substr(text))) != std::string::npos;
}

/// Runs a script in a session of its own and gives what Bench::Session::run gives.
using RunScript = std::function<std::string(const std::string& script)>;

/// On a running node, as its administrator with the stock password.
std::string run_on_server(const client::Endpoint& node, const std::string& script) {
  auto connection = client::Connection::open(node, {.user = "admin", .password = "123456"});
  if (!connection.ok()) return "error " + connection.error().message;
  const auto answer = (*connection)->run(script);
  if (!answer.ok()) return "error " + answer.error().message;
  return canonical(answer.value().value_or(data::Value::null()));
}

/// Scripts of standard input in one session, in this process or on a running node.
int print_values(Bench* bench, const client::Endpoint* node) {
  if (node == nullptr) {
    Bench::Session session(*bench);
    answer_printed(std::cin, std::cout, [&](const std::string& script) { return session.ran(script); });
    return 0;
  }
  std::string printed;
  auto connection =
      client::Connection::open(*node, {.user = "admin", .password = "123456", .print = [&](std::string_view text) {
                                         printed += std::string(text) + "\n";
                                       }});
  if (!connection.ok()) {
    std::cerr << connection.error().message << "\n";
    return 1;
  }
  answer_printed(std::cin, std::cout, [&](const std::string& script) -> Ran {
    printed.clear();
    const auto answer = (*connection)->run(script);
    if (!answer.ok()) return {.value = {}, .printed = printed, .error = answer.error().message};
    return {.value = answer.value().value_or(data::Value::null()), .printed = printed, .error = {}};
  });
  return 0;
}

int run_cases(const RunScript& run, const std::string& path, bool verbose) {
  std::ifstream file(path);
  std::map<std::string, Count> areas;
  std::string failures;
  std::string line;
  while (std::getline(file, line)) {
    if (line.empty()) continue;
    const auto object = boost::json::parse(line).as_object();
    const auto text = [&](const char* key) { return std::string(object.at(key).as_string()); };
    if (verbose) std::cerr << text("id") << "\n";
    const std::string actual = run(text("script"));
    const bool ok = case_passes(text("expect"), actual);
    ++(ok ? areas[text("area")].passed : areas[text("area")].failed);
    if (!ok)
      failures +=
          text("id") + "\n  " + text("script") + "\n  expected " + text("expect") + "\n  actual   " + actual + "\n";
  }
  std::cout << failures;
  Count all;
  for (const auto& [area, count] : areas) {
    std::printf("%-14s %4zu passed %4zu failed\n", area.c_str(), count.passed, count.failed);
    all.passed += count.passed;
    all.failed += count.failed;
  }
  std::printf("%-14s %4zu passed %4zu failed\n", "all", all.passed, all.failed);
  return all.passed + all.failed > 0 ? 0 : 1;
}

// ------------------------------------------------------------------ function sheet

/// Runs the example of every built-in's documentation against the result it promises.
int run_examples(Bench* bench) {
  Count count;
  for (const auto& name : bench->registry().names()) {
    const auto& documentation = bench->registry().find(name)->function().doc;
    if (documentation.example.empty()) {
      std::cout << name << " has no example\n";
      ++count.failed;
      continue;
    }
    Bench::Session session(*bench);
    const std::string actual = session.run(std::string(documentation.example));
    const std::string expected(documentation.result);
    const bool ok = !actual.starts_with("error ") && (expected.empty() || matches(expected, actual));
    ++(ok ? count.passed : count.failed);
    if (ok) continue;
    std::cout << name << "\n  > " << documentation.example << "\n  expected " << expected << "\n  actual   " << actual
              << "\n";
  }
  std::cout << count.passed << " examples hold, " << count.failed << " do not\n";
  return count.failed == 0 && count.passed > 0 ? 0 : 1;
}

int run_odd_calls(const std::vector<std::string>& arguments) {
  OddCalls wanted;
  if (!arguments.empty()) wanted.seed = std::stoull(arguments[0]);
  if (arguments.size() > 1) wanted.each = std::stoull(arguments[1]);
  if (arguments.size() > 2) wanted.function = arguments[2];
  const Bench names;
  return call_oddly(wanted, names.registry(), [] {
    const auto bench = std::make_shared<Bench>();
    const auto session = std::make_shared<Bench::Session>(*bench);
    return [bench, session](const std::string& script) { (void)session->value_of(script); };
  });
}

}  // namespace
}  // namespace pelorus::tests

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto flag = [&](const std::string& name) { return std::erase(arguments, name) > 0; };
  const bool update = flag("--update");
  const bool verbose = flag("--verbose");
  const bool cases = flag("--cases");
  const bool examples = flag("--examples");
  const bool printed = flag("--printed");
  if (flag("--odd-calls")) return pelorus::tests::run_odd_calls(arguments);
  const bool server = flag("--server");
  if (arguments.empty() && !examples && !printed) {
    std::cerr << "usage: script_runner [--update] FILE-OR-FOLDER... | "
                 "script_runner [--verbose] [--server HOST:PORT] --cases FILE.jsonl | "
                 "script_runner [--server HOST:PORT] --printed | script_runner --examples\n";
    return 2;
  }
  std::optional<pelorus::client::Endpoint> node;
  if (server) {
    const auto parsed = pelorus::client::parse_endpoint(arguments.empty() ? "" : arguments[0]);
    if (!parsed.ok() || (cases && arguments.size() < 2)) {
      std::cerr << "--server needs HOST:PORT\n";
      return 2;
    }
    node = parsed.value();
    arguments.erase(arguments.begin());
  }
  pelorus::tests::Bench bench;
  if (examples) return pelorus::tests::run_examples(&bench);
  if (printed) return pelorus::tests::print_values(&bench, node ? &*node : nullptr);
  if (!cases) return pelorus::tests::run_files(&bench, arguments, update);
  const auto run = [&](const std::string& script) {
    return node ? pelorus::tests::run_on_server(*node, script) : pelorus::tests::Bench::Session(bench).run(script);
  };
  return pelorus::tests::run_cases(run, arguments[0], verbose);
}
