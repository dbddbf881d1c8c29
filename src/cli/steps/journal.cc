#include "cli/steps/journal.h"

#include <boost/json.hpp>
#include <cstdlib>

namespace pelorus::cli::steps {
namespace {

namespace json = boost::json;

constexpr uint64_t kFileBytesMax = 256 << 20;
constexpr std::string_view kStepStates[] = {"waiting", "begun", "done", "undoing", "undone"};
constexpr std::string_view kRunStates[] = {"planned", "running", "done", "rolling back", "rolled back", "finished"};

template <class State, size_t N>
State state_of(std::string_view name, const std::string_view (&names)[N]) {
  for (size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<State>(i);
  }
  throw std::runtime_error("no such state: " + std::string(name));
}

std::string text_of(const Record& record) {
  json::array steps;
  for (const auto& step : record.steps) {
    steps.push_back(json::object{{"state", state_name(step.state)},
                                 {"began", step.began_ms},
                                 {"ended", step.ended_ms},
                                 {"remark", step.remark}});
  }
  return json::serialize(
             json::object{{"state", state_name(record.state)}, {"ssh", record.ssh}, {"steps", std::move(steps)}}) +
         "\n";
}

Result<Record> record_of(const std::string& text) {
  try {
    const auto value = json::parse(text);
    const auto& object = value.as_object();
    Record record;
    record.state = state_of<RunState>(std::string(object.at("state").as_string()), kRunStates);
    record.ssh = std::string(object.at("ssh").as_string());
    for (const auto& item : object.at("steps").as_array()) {
      const auto& step = item.as_object();
      record.steps.push_back({state_of<StepState>(std::string(step.at("state").as_string()), kStepStates),
                              step.at("began").to_number<int64_t>(), step.at("ended").to_number<int64_t>(),
                              std::string(step.at("remark").as_string())});
    }
    return record;
  } catch (const std::exception& failure) {
    return Error{ErrorCode::kCorrupt, std::string("the journal cannot be understood: ") + failure.what()};
  }
}

/// An id becomes a folder's name: nothing else may come through.
Status check_id(const std::string& id) {
  if (id.size() == 12 && id.find_first_not_of("0123456789abcdef") == std::string::npos) return {};
  return Error{ErrorCode::kInvalid, "'" + id + "' is no plan's id: 12 hexadecimal digits, as the verb plan prints"};
}

bool has_ended(RunState state) { return state == RunState::kRolledBack || state == RunState::kFinished; }

/// The plan goes first: without it there is nothing. Folders are the command's own.
Status clear(io::FileSystem& files, const std::string& folder) {
  TRY_DONE(files.remove(io::join_path(folder, "plan.json")));
  TRY(const auto names, files.list(folder));
  for (const auto& name : names) {
    if (name.ends_with(".json") && name != "plan.json") TRY_DONE(files.remove(io::join_path(folder, name)));
  }
  return {};
}

}  // namespace

std::string_view state_name(StepState state) { return kStepStates[static_cast<size_t>(state)]; }
std::string_view state_name(RunState state) { return kRunStates[static_cast<size_t>(state)]; }

std::string default_state_directory(std::string_view kind) {
  const auto behind = [&](const char* folder) { return std::string(folder) + "/pelorus/" + std::string(kind); };
  const char* data = std::getenv("XDG_DATA_HOME");
  if (data != nullptr && *data == '/') return behind(data);
  const char* home = std::getenv("HOME");
  return behind((std::string(home == nullptr ? "." : home) + "/.local/share").c_str());
}

Status Journal::create(io::FileSystem& files, const std::string& directory, const std::string& id,
                       const std::string& plan, size_t steps, const std::string& ssh) {
  TRY_DONE(check_id(id));
  const auto folder = io::join_path(directory, id);
  TRY_DONE(files.make_directories(folder));
  // The journal first: a plan without one would be read as nothing.
  TRY(const bool is_there, files.exists(io::join_path(folder, "plan.json")));
  std::unique_ptr<Journal> ended;  // holds the lock until the new plan is there
  if (is_there) {
    TRY(const auto seen, read(files, directory, id));
    if (!has_ended(seen.record.state)) return {};
    TRY(ended, open(files, directory, id));
    if (!has_ended(ended->record().state)) return {};
    TRY_DONE(clear(files, folder));
  }
  Record record;
  record.steps.resize(steps);
  record.ssh = ssh;
  TRY_DONE(io::replace_file(files, io::join_path(folder, "journal.json"), text_of(record)));
  return io::replace_file(files, io::join_path(folder, "plan.json"), plan + "\n");
}

Result<Journal::Kept> Journal::read(io::FileSystem& files, const std::string& directory, const std::string& id) {
  TRY_DONE(check_id(id));
  const auto folder = io::join_path(directory, id);
  auto plan = io::read_file(files, io::join_path(folder, "plan.json"), kFileBytesMax);
  if (!plan.ok() && plan.error().code == ErrorCode::kNotFound) {
    return Error{ErrorCode::kNotFound, "there is no plan " + id + " in " + directory + "; make one with the verb plan"};
  }
  if (!plan.ok()) return plan.error();
  TRY(const auto text, io::read_file(files, io::join_path(folder, "journal.json"), kFileBytesMax));
  TRY(auto record, record_of(text));
  return Kept{std::move(plan).value(), std::move(record)};
}

Result<std::unique_ptr<Journal>> Journal::open(io::FileSystem& files, const std::string& directory,
                                               const std::string& id) {
  TRY(const auto seen, read(files, directory, id));
  const auto folder = io::join_path(directory, id);
  auto lock = files.lock(io::join_path(folder, "lock"));
  if (!lock.ok() && lock.error().code == ErrorCode::kConflict) {
    return Error{ErrorCode::kConflict, "plan " + id + " is being worked on by another process; wait for it or end it"};
  }
  if (!lock.ok()) return lock.error();
  TRY(auto found, read(files, directory, id));  // as it is now that nobody else writes
  return std::unique_ptr<Journal>(new Journal(files, folder, std::move(lock).value(), std::move(found)));
}

std::vector<std::string> Journal::list(io::FileSystem& files, const std::string& directory) {
  std::vector<std::string> ids;
  const auto names = files.list(directory);
  if (!names.ok()) return ids;
  for (const auto& name : *names) {
    if (check_id(name).ok()) ids.push_back(name);
  }
  return ids;
}

Status Journal::write(Record record) {
  TRY_DONE(io::replace_file(files_, io::join_path(folder_, "journal.json"), text_of(record)));
  kept_.record = std::move(record);
  return {};
}

Status Journal::set_run(RunState state) {
  auto record = kept_.record;
  record.state = state;
  return write(std::move(record));
}

Status Journal::set_step(size_t step, StepRecord changed) {
  auto record = kept_.record;
  record.steps.at(step) = std::move(changed);
  return write(std::move(record));
}

Status Journal::restart() {
  auto record = kept_.record;
  record.state = RunState::kPlanned;
  record.steps.assign(record.steps.size(), StepRecord());
  return write(std::move(record));
}

Status Journal::put(const std::string& name, const std::string& text) {
  return io::replace_file(files_, io::join_path(folder_, name), text);
}

Result<std::string> Journal::get(const std::string& name) const {
  return io::read_file(files_, io::join_path(folder_, name), kFileBytesMax);
}

Result<std::string> journalled(Journal& journal, const std::function<int64_t()>& now_ms, size_t step, StepState during,
                               StepState after, const std::function<Result<std::string>()>& deed) {
  StepRecord record{.state = during, .began_ms = now_ms(), .ended_ms = 0, .remark = ""};
  TRY_DONE(journal.set_step(step, record));
  auto done = deed();
  record.ended_ms = now_ms();
  if (!done.ok()) {
    record.remark = done.error().message;
    const auto written = journal.set_step(step, record);
    return written.ok() ? done.error() : written.error();
  }
  record.state = after;
  record.remark = *done;
  TRY_DONE(journal.set_step(step, record));
  return done;
}

}  // namespace pelorus::cli::steps
