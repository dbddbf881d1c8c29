// test(scriptFile): the cases of a test script, each in a session of its own.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/script_error.h"
#include "exec/interpreter.h"
#include "exec/language_functions.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "functions/file_access.h"

namespace pelorus::exec {
namespace {

using functions::Arguments;
using functions::CallContext;

namespace fs = std::filesystem;

constexpr std::string_view kMark = "@testing";

/// What stands between one @testing line and the next.
struct TestCase {
  std::string name;
  size_t line = 0;      // where it begins, from 1
  bool fails = false;   // exception=1: an error is what is expected
  bool is_off = false;  // disable=1
  std::string script;
};

bool has_option(std::string_view head, std::string_view name) {
  std::string tight;
  std::copy_if(head.begin(), head.end(), std::back_inserter(tight),
               [](unsigned char c) { return std::isspace(c) == 0; });
  return tight.find("," + std::string(name) + "=1") != std::string::npos ||
         tight.find("," + std::string(name) + "=true") != std::string::npos;
}

std::string name_in(std::string_view head, size_t line) {
  const auto open = head.find('"');
  const auto close = open == std::string_view::npos ? open : head.find('"', open + 1);
  if (close == std::string_view::npos) return "line " + std::to_string(line);
  return std::string(head.substr(open + 1, close - open - 1));
}

/// Scripts before the first mark belong to every case; a file without a mark is one case.
std::vector<TestCase> cases_of(const std::string& text, const std::string& file) {
  std::vector<TestCase> cases;
  std::string shared;
  std::istringstream in(text);
  std::string row;
  for (size_t line = 1; std::getline(in, row); ++line) {
    const auto first = row.find_first_not_of(" \t");
    if (first != std::string::npos && std::string_view(row).substr(first).starts_with(kMark)) {
      cases.push_back({.name = name_in(row, line),
                       .line = line,
                       .fails = has_option(row, "exception"),
                       .is_off = has_option(row, "disable"),
                       .script = shared});
    } else {
      (cases.empty() ? shared : cases.back().script) += row + "\n";
    }
  }
  if (cases.empty()) cases.push_back({.name = file, .line = 1, .script = shared});
  return cases;
}

/// Why a case failed; nothing when it passed.
std::optional<std::string> failure_of(const TestCase& test, Interpreter& around) {
  SessionScope apart(around.session().random());
  apart.caller = around.session().caller;
  apart.cancellation = around.session().cancellation;
  apart.reserve_memory = around.session().reserve_memory;
  try {
    Interpreter(around.surroundings(), apart).run(test.script);
  } catch (const ScriptError& error) {
    if (apart.cancellation.cancelled()) throw;
    return test.fails ? std::nullopt : std::optional(error.message());
  }
  return test.fails ? std::optional<std::string>("an error was expected and did not come") : std::nullopt;
}

std::string read_script(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw ScriptError("test: can't read the file " + path.string() + ".");
  return text.str();
}

std::vector<fs::path> files_of(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(path, error)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  if (error) throw ScriptError("test: can't read the directory " + path + ": " + error.message() + ".");
  std::sort(files.begin(), files.end());
  return files;
}

std::string report_of(const std::string& path, Interpreter& around) {
  std::string lines;
  size_t run = 0, failed = 0;
  for (const auto& file : files_of(path)) {
    lines += file.string() + "\n";
    for (const auto& test : cases_of(read_script(file), file.filename().string())) {
      if (test.is_off) continue;
      ++run;
      const auto failure = failure_of(test, around);
      failed += failure ? 1 : 0;
      if (failure) lines += "  FAILED " + test.name + " (line " + std::to_string(test.line) + "): " + *failure + "\n";
    }
  }
  return lines + "#Test cases: " + std::to_string(run) + "\n#Failed cases: " + std::to_string(failed) + "\n";
}

/// test(scriptFile, [outputFile], [testMemLeaking=false])
Value run_tests(CallContext& context, std::span<Value> values) {
  const Arguments a("test", values);
  functions::require_login(context, "test");
  auto* interpreter = dynamic_cast<Interpreter*>(&context);
  if (interpreter == nullptr) throw ScriptError("test: only scripts can run tests.");
  const auto report = report_of(a.text(0, "scriptFile"), *interpreter);
  if (!a.has(1) || a[1].is_void()) {
    context.print(report);
    return Value::null();
  }
  const auto path = a.text(1, "outputFile");
  std::ofstream file(path, std::ios::binary);
  file << report;
  file.flush();
  if (!file) throw ScriptError("test: can't write the file " + path + ".");
  return Value::null();
}

}  // namespace

void register_tests_to_run(functions::Registry& registry) {
  functions::declare(
      registry, "session", functions::Nature::kCommand,
      {"test", "scriptFile, [outputFile], [testMemLeaking=false]", run_tests,
       "Runs the cases of a test script, or of all files of a directory, each in a session of its own: a "
       "case begins with a line @testing: case=\"name\" (exception=1: it has to fail, disable=1: it is left "
       "out) and fails at its first error or untrue assert. The report is shown, or written to outputFile.",
       "saveTextFile(\"@testing: case=\\\"sums\\\"\\nassert 1, 1 + 1 == 2\\n\", "
       "\"/tmp/pelorus-example-test\")\n"
       "test(\"/tmp/pelorus-example-test\", \"/tmp/pelorus-example-test-report\")\n"
       "file(\"/tmp/pelorus-example-test-report\").readLines()",
       "[\"/tmp/pelorus-example-test\",\"#Test cases: 1\",\"#Failed cases: 0\"]"});
}

}  // namespace pelorus::exec
