#include "cli/migrate/journal.h"

#include <cstdlib>

#include "cli/migrate/plan_json.h"

namespace pelorus::cli::migrate {
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

Result<Plan> read_plan(io::FileSystem& files, const std::string& folder) {
  auto text = io::read_file(files, io::join_path(folder, "plan.json"), kFileBytesMax);
  if (!text.ok()) return text.error();
  boost::system::error_code failure;
  const auto value = json::parse(*text, failure);
  if (failure)
    return Error{ErrorCode::kCorrupt, "the plan cannot be understood: " + folder + "/plan.json: " + failure.message()};
  TRY(auto plan, plan_of(value));
  if (plan.id != plan_id(plan))
    return Error{ErrorCode::kCorrupt, "the plan was changed after it was made: " + folder + "/plan.json"};
  return plan;
}

/// An id becomes a folder's name: nothing else may come through.
Status check_id(const std::string& id) {
  if (id.size() == 12 && id.find_first_not_of("0123456789abcdef") == std::string::npos) return {};
  return Error{ErrorCode::kInvalid,
               "'" + id + "' is no plan's id: 12 hexadecimal digits, as `pelorus migrate plan` prints"};
}

}  // namespace

std::string_view state_name(StepState state) { return kStepStates[static_cast<size_t>(state)]; }
std::string_view state_name(RunState state) { return kRunStates[static_cast<size_t>(state)]; }

std::string default_state_directory() {
  const char* data = std::getenv("XDG_DATA_HOME");
  if (data != nullptr && *data == '/') return std::string(data) + "/pelorus/migrations";
  const char* home = std::getenv("HOME");
  return std::string(home == nullptr ? "." : home) + "/.local/share/pelorus/migrations";
}

Status Journal::create(io::FileSystem& files, const std::string& directory, const Plan& plan,
                       const std::string& plan_json, const std::string& ssh) {
  const auto folder = io::join_path(directory, plan.id);
  TRY_DONE(files.make_directories(folder));
  // The journal first: a plan without one would be read as nothing.
  TRY(const bool is_there, files.exists(io::join_path(folder, "plan.json")));
  if (is_there) return {};
  Record record;
  record.steps.resize(plan.steps.size());
  record.ssh = ssh;
  TRY_DONE(io::replace_file(files, io::join_path(folder, "journal.json"), text_of(record)));
  return io::replace_file(files, io::join_path(folder, "plan.json"), plan_json + "\n");
}

Result<std::pair<Plan, Record>> Journal::read(io::FileSystem& files, const std::string& directory,
                                              const std::string& id) {
  TRY_DONE(check_id(id));
  const auto folder = io::join_path(directory, id);
  auto plan = read_plan(files, folder);
  if (!plan.ok() && plan.error().code == ErrorCode::kNotFound) {
    return Error{ErrorCode::kNotFound,
                 "there is no plan " + id + " in " + directory + "; make one: pelorus migrate plan"};
  }
  if (!plan.ok()) return plan.error();
  TRY(const auto text, io::read_file(files, io::join_path(folder, "journal.json"), kFileBytesMax));
  TRY(auto record, record_of(text));
  if (record.steps.size() != plan->steps.size()) {
    return Error{ErrorCode::kCorrupt, "the journal does not fit its plan: " + folder};
  }
  return std::pair{std::move(plan).value(), std::move(record)};
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
  return std::unique_ptr<Journal>(
      new Journal(files, folder, std::move(lock).value(), std::move(found.first), std::move(found.second)));
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
  record_ = std::move(record);
  return {};
}

Status Journal::set_run(RunState state) {
  auto record = record_;
  record.state = state;
  return write(std::move(record));
}

Status Journal::set_step(size_t step, StepRecord changed) {
  auto record = record_;
  record.steps.at(step) = std::move(changed);
  return write(std::move(record));
}

Status Journal::restart() {
  auto record = record_;
  record.state = RunState::kPlanned;
  record.steps.assign(plan_.steps.size(), StepRecord());
  return write(std::move(record));
}

Status Journal::put(const std::string& name, const std::string& text) {
  return io::replace_file(files_, io::join_path(folder_, name), text);
}

Result<std::string> Journal::get(const std::string& name) const {
  return io::read_file(files_, io::join_path(folder_, name), kFileBytesMax);
}

}  // namespace pelorus::cli::migrate
