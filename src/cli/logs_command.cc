#include <sys/stat.h>

#include <algorithm>

#include "cli/config/config_command.h"
#include "cli/connect.h"
#include "cli/demo/demo_place.h"
#include "cli/process/interrupt.h"
#include "cli/log_files.h"
#include "config/nearest_name.h"

namespace pelorus::cli {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kBytesMax = 64 << 20;  // of each log
constexpr auto kFollowPause = std::chrono::milliseconds(200);

struct Wanted {
  bool errors = false;  // warnings too
  std::string since;    // as logs write times
  size_t lines = 0;     // of each log; 0: all
};

/// Which lines of a log are shown; those without a time go with the one before.
class Filter {
 public:
  explicit Filter(const Wanted& wanted) : wanted_(wanted) {}
  bool takes(const LogLine& line) {
    if (!line.time.empty()) {
      const bool is_bad = line.level == "ERROR" || line.level == "WARNING";
      last_ = line.time >= wanted_.since && (!wanted_.errors || is_bad);
    }
    return last_;
  }

 private:
  const Wanted& wanted_;
  bool last_ = false;
};

struct Shown {
  std::string time;
  const LogFile* file;
  std::string text;
};

class Logs {
 public:
  Logs(std::vector<LogFile> files, Wanted wanted, Terminal& terminal)
      : files_(std::move(files)), wanted_(std::move(wanted)), terminal_(terminal), read_(files_.size()) {}

  Status show() {
    std::vector<Shown> all;
    for (size_t i = 0; i < files_.size(); ++i) {
      TRY(const auto lines, read_log_end(files_[i].path, kBytesMax, &read_[i].size));
      read_[i].file = file_number(files_[i].path);
      add(files_[i], lines, all);
    }
    print(std::move(all));
    return {};
  }

  void follow() {
    Interrupt interrupt;
    while (terminal_.out().good() && !interrupt.wait(kFollowPause)) {
      std::vector<Shown> all;
      for (size_t i = 0; i < files_.size(); ++i) add_new(i, all);
      print(std::move(all));
    }
  }

 private:
  struct Position {
    int64_t size = 0;
    uint64_t file = 0;  // its inode: a rotated log is another file
  };

  static uint64_t file_number(const fs::path& path) {
    struct stat facts {};
    return stat(path.c_str(), &facts) == 0 ? facts.st_ino : 0;
  }

  void add(const LogFile& file, const std::vector<LogLine>& lines, std::vector<Shown>& all) const {
    Filter filter(wanted_);
    std::vector<Shown> taken;
    std::string time;
    for (const auto& line : lines) {
      if (!line.time.empty()) time = line.time;
      if (filter.takes(line)) taken.push_back({time, &file, line.text});
    }
    const auto skip = wanted_.lines > 0 && taken.size() > wanted_.lines ? taken.size() - wanted_.lines : 0;
    all.insert(all.end(), taken.begin() + static_cast<std::ptrdiff_t>(skip), taken.end());
  }

  void add_new(size_t i, std::vector<Shown>& all) {
    std::error_code failure;
    const auto size = static_cast<int64_t>(fs::file_size(files_[i].path, failure));
    const auto number = file_number(files_[i].path);
    if (failure || number == 0) return;  // between two files
    if (number != read_[i].file || size < read_[i].size) read_[i] = {0, number};
    if (size == read_[i].size) return;
    // One byte more, so that the line feed before the first new line shows that it is whole.
    const auto lines = read_log_end(files_[i].path, size - read_[i].size + (read_[i].size > 0 ? 1 : 0), &read_[i].size);
    if (lines.ok()) add(files_[i], *lines, all);
  }

  void print(std::vector<Shown> all) {
    std::stable_sort(all.begin(), all.end(),
                     [](const Shown& left, const Shown& right) { return left.time < right.time; });
    for (const auto& line : all) {
      if (files_.size() > 1) terminal_.out() << fit(line.file->alias, 14, false) << " ";
      terminal_.out() << line.text << "\n";
    }
    terminal_.out().flush();
  }

  const std::vector<LogFile> files_;
  const Wanted wanted_;
  Terminal& terminal_;
  std::vector<Position> read_;
};

Result<std::vector<LogFile>> choose_files(const Arguments& arguments) {
  const auto own = own_package();
  if (arguments.text("package").empty() && !own.ok()) {
    return Error{ErrorCode::kInvalid, "say whose logs: --package DIR, a package or its server directory"};
  }
  TRY(const auto place, find_package(arguments.text("package").empty() ? *own : fs::path(arguments.text("package"))));
  auto files = log_files(read_package(place));
  if (files.empty())
    return Error{ErrorCode::kUnavailable, "no node of " + place.server.string() + " has written a log"};
  if (arguments.words().empty()) return files;
  const auto& alias = arguments.words()[0];
  std::vector<std::string_view> names;
  std::vector<LogFile> one;
  for (const auto& file : files) {
    names.push_back(file.alias);
    if (file.alias == alias) one.push_back(file);
  }
  if (!one.empty()) return one;
  std::string listed;
  for (const auto name : names) listed += (listed.empty() ? "" : ", ") + std::string(name);
  return Error{ErrorCode::kNotFound,
               "no log of '" + alias + "'" + config::did_you_mean(alias, names) + "; there are " + listed};
}

ExitCode run(const Arguments& arguments, Terminal& terminal) {
  Wanted wanted{.errors = arguments.has("errors"), .since = {}, .lines = 0};
  const auto lines = arguments.number("lines", 0, 100'000'000);
  if (!lines.ok()) return report(lines.error(), terminal);
  wanted.lines = static_cast<size_t>(*lines);
  if (arguments.has("since")) {
    const auto age = parse_age(arguments.text("since"));
    if (!age.ok()) return report(age.error(), terminal);
    wanted.since = log_time_before(*age);
    wanted.lines = 0;
  }
  auto files = choose_files(arguments);
  if (!files.ok()) return report(files.error(), terminal);
  Logs logs(std::move(*files), std::move(wanted), terminal);
  if (const auto shown = logs.show(); !shown.ok()) return report(shown.error(), terminal);
  if (arguments.has("follow")) logs.follow();
  return ExitCode::kDone;
}

}  // namespace

const Command& logs_command() {
  static const Command command{
      .name = "logs",
      .summary = "Shows the logs of a package's nodes, in the order of time.",
      .usage = "logs [ALIAS] [OPTIONS]",
      .examples = {"pelorus logs", "pelorus logs controller1 --errors --since 1h",
                   "pelorus logs node1 --package /opt/dolphindb --follow"},
      .options = {{"package", 'd', "DIR", "the package; without: the tool's own", ""},
                  {"errors", 'e', "", "errors and warnings only", ""},
                  {"since", 's', "AGE", "not older than 90s, 15m, 1h or 2d", ""},
                  {"lines", 'n', "N", "the last N of each log; 0: all", "100"},
                  {"follow", 'f', "", "go on with new lines until Ctrl-C", ""}},
      .notes = "Logs lie where the package's scripts put them; of each the last 64 MB are read.",
      .words_max = 1,
      .run = run,
  };
  return command;
}

}  // namespace pelorus::cli
