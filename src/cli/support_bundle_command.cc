#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <sstream>

#include "cli/connect.h"
#include "cli/process/child_process.h"
#include "cli/demo/demo_place.h"
#include "cli/doctor/examine.h"
#include "cli/doctor/report.h"
#include "cli/log_files.h"
#include "cli/redact.h"
#include "cli/value_json.h"

namespace pelorus::cli {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kLogBytes = 2 << 20;  // of the end of each log
constexpr auto kPackLimit = std::chrono::seconds(300);

/// What the cluster is asked, and the file of the answer.
constexpr std::pair<const char*, const char*> kQuestions[] = {
    {"version()", "version.json"},
    {"getClusterPerf(true)", "getClusterPerf.json"},
    {"getControllerGroup()", "getControllerGroup.json"},
    {"getClusterNodesCfg()", "getClusterNodesCfg.json"},
    {"getClusterChunksStatus()", "getClusterChunksStatus.json"},
    {"getRecoveryTaskStatus()", "getRecoveryTaskStatus.json"},
    {"getTransactionStatus()", "getTransactionStatus.json"},
    {"getMachineFacts()", "getMachineFacts.json"},
    {"getVolumes()", "getVolumes.json"},
};

std::string utc_stamp() {
  const std::time_t now = std::time(nullptr);
  tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts)};
}

/// A folder that goes with it.
class ScratchFolder {
 public:
  static Result<ScratchFolder> make() {
    std::error_code failure;
    auto pattern = (fs::temp_directory_path(failure) / "pelorus-support-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr)
      return Error{ErrorCode::kIo, "no temporary directory can be made: " + pattern};
    return ScratchFolder(pattern);
  }
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, fs::path())) {}
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  const fs::path& path() const { return path_; }

 private:
  explicit ScratchFolder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

void write(const fs::path& path, const std::string& text) {
  std::error_code ignored;
  fs::create_directories(path.parent_path(), ignored);
  std::ofstream(path, std::ios::binary) << text;
}

void write_versions(const fs::path& folder) {
  utsname machine{};
  uname(&machine);
  write(folder / "versions.txt", std::string("pelorus " PELORUS_VERSION "\nsystem ") + machine.sysname + " " +
                                     machine.release + " " + machine.machine + "\nmade " + utc_stamp() + "\n");
}

void write_configuration(const PackageConfig& package, const fs::path& folder) {
  std::vector<fs::path> files;
  if (!package.place.single_file.empty()) files.push_back(package.place.single_file);
  for (const char* name : {"controller.cfg", "agent.cfg", "cluster.cfg", "cluster.nodes"}) {
    if (!package.place.config.empty()) files.push_back(package.place.config / name);
  }
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    std::string text;
    for (std::string line; std::getline(in, line);) text += redact_setting(line) + "\n";
    if (!text.empty()) write(folder / file.filename(), text);
  }
}

void write_logs(const PackageConfig& package, const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& file : log_files(package)) files.push_back(file.path);
  std::error_code ignored;
  for (const auto& directory : {package.place.demo, package.place.demo / "log", package.place.server}) {
    if (directory.empty()) continue;
    for (const auto& entry : fs::directory_iterator(directory, ignored)) {
      if (entry.path().extension() == ".nohup") files.push_back(entry.path());
    }
  }
  for (const auto& file : files) {
    const auto lines = read_log_end(file, kLogBytes);
    if (!lines.ok()) continue;
    std::string text;
    for (const auto& line : *lines) text += redact_log(line.text) + "\n";
    write(folder / file.filename(), text);
  }
}

void write_answers(const Arguments& arguments, const fs::path& folder) {
  const auto target = live_target(arguments);
  const auto port = target.number("port", 1, 65535);
  auto options = connection_options_of(target);
  options.socket.silence = std::chrono::seconds(30);
  auto connection = client::Connection::open({target.text("host"), static_cast<int>(port.ok() ? *port : 0)}, options);
  if (!connection.ok()) {
    write(folder / "no-answer.txt", connection.error().message + "\n");
    return;
  }
  for (const auto& [question, file] : kQuestions) {
    const auto answer = (*connection)->run(question);
    if (answer.ok()) write(folder / file, value_json(answer->value_or(data::Value())) + "\n");
    if (!answer.ok()) write(folder / (std::string(file) + ".error.txt"), answer.error().message + "\n");
  }
}

/// Nobody else may read it, and it replaces nothing. Errors: kAlreadyExists, kIo.
Status copy_to_new_file(const fs::path& from, const fs::path& to) {
  const int file = open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0 && errno == EEXIST)
    return Error{ErrorCode::kAlreadyExists, "the file exists and is not replaced: " + to.string()};
  if (file < 0) return Error{ErrorCode::kIo, "cannot be made: " + to.string() + ": " + std::strerror(errno)};
  close(file);
  std::ofstream out(to, std::ios::binary);
  out << std::ifstream(from, std::ios::binary).rdbuf();
  out.close();
  if (!out) return Error{ErrorCode::kIo, "cannot be written: " + to.string()};
  return {};
}

Status pack(const fs::path& scratch, const std::string& name, const fs::path& to) {
  const auto packed = scratch / "bundle.tar.gz";
  TRY_DONE(run_program(
      {.words = {"tar", "-czf", packed.string(), "-C", scratch.string(), name}, .output = scratch / "tar.log"},
      kPackLimit, nullptr));
  return copy_to_new_file(packed, to);
}

Result<fs::path> make_bundle(const Arguments& arguments, const doctor::Facts& facts) {
  const auto name = "pelorus-support-" + utc_stamp();
  const fs::path to = arguments.has("out") ? fs::path(arguments.text("out")) : fs::path(name + ".tar.gz");
  std::error_code ignored;
  if (fs::exists(to, ignored))
    return Error{ErrorCode::kAlreadyExists, "the file exists and is not replaced: " + to.string()};
  TRY(const auto scratch, ScratchFolder::make());
  const auto folder = scratch.path() / name;
  write_versions(folder);
  auto findings = doctor::judge(facts);
  for (auto& finding : findings) finding.outcome.reason.en = redact_setting(finding.outcome.reason.en);
  std::ostringstream unused;
  const Terminal plain(unused, unused, {});
  write(folder / "doctor.json", doctor::findings_json(findings, Language::kEnglish) + "\n");
  write(folder / "doctor.txt", doctor::findings_text(findings, Language::kEnglish, true, plain));
  for (size_t i = 0; i < facts.packages.size(); ++i) {
    const auto part = folder / ("package" + std::to_string(i + 1));
    write(part / "place.txt", facts.packages[i].name + "\n");
    write_configuration(facts.packages[i].config, part / "config");
    write_logs(facts.packages[i].config, part / "log");
  }
  if (facts.live) write_answers(arguments, folder / "cluster");
  TRY_DONE(pack(scratch.path(), name, to));
  return to;
}

/// The tool's own package, where neither a package nor a node is given.
Arguments with_own_package(const Arguments& arguments) {
  std::vector<Arguments::Given> given;
  for (const auto& option : support_bundle_command().options) {
    const std::string name(option.name);
    if (arguments.has(name)) given.push_back({name, arguments.text(name)});
  }
  const bool says_where =
      arguments.has("package") || arguments.has("host") || arguments.has("port") || !arguments.words().empty();
  const auto own = own_package();
  if (!says_where && own.ok()) given.push_back({"package", own->string()});
  return {std::move(given), arguments.words()};
}

ExitCode run(const Arguments& given, Terminal& terminal) {
  const auto arguments = with_own_package(given);
  const auto facts = doctor::examine(arguments);
  if (!facts.ok()) return report(facts.error(), terminal);
  const auto made = make_bundle(arguments, *facts);
  if (!made.ok()) return report(made.error(), terminal);
  terminal.out() << made->string() << std::endl;
  terminal.err() << "Passwords and tokens of the configuration are removed; look through it before you send it."
                 << std::endl;
  return ExitCode::kDone;
}

}  // namespace

const Command& support_bundle_command() {
  static const Command command{
      .name = "support-bundle",
      .summary = "Packs what somebody needs who is to help, into one tar.gz.",
      .usage = "support-bundle [OPTIONS] [PACKAGE...]",
      .examples = {"pelorus support-bundle --package /opt/dolphindb",
                   "pelorus support-bundle --port 9901 -u admin --out /tmp/cluster.tar.gz"},
      .options = {{"out", 'o', "FILE", "the file; an existing one is not replaced", ""},
                  {"package", 'd', "DIR", "a package on this computer; more as words", ""},
                  {"host", 'H', "HOST", "a node of the live cluster", ""},
                  {"port", 'P', "PORT", "its port", ""},
                  {"user", 'u', "NAME", "who you are; without: guest", ""},
                  {"password", 'p', "TEXT", "or the environment's PELORUS_PASSWORD", ""}},
      .notes =
          "Versions, configuration without secrets, the ends of logs, getClusterPerf, chunk\n"
          "states, the doctor's result. Without options: the tool's own package.",
      .words_max = 64,
      .run = run,
  };
  return command;
}

}  // namespace pelorus::cli
