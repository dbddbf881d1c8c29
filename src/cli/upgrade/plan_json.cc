#include "cli/upgrade/plan_json.h"

#include <algorithm>

#include "cli/steps/answers.h"
#include "cli/upgrade/words.h"

namespace pelorus::cli::upgrade {
namespace {

namespace json = boost::json;

using steps::texts_json;

json::object member_json(const Member& member) {
  return {{"alias", member.alias},    {"role", config::mode_name(member.role)},
          {"host", member.host},      {"port", member.port},
          {"nodeUuid", member.uuid},  {"server", member.server},
          {"version", member.version}};
}

json::object program_json(const Program& program) {
  return {{"version", program.version},          {"oldestLevel", program.oldest_level},
          {"newestLevel", program.newest_level}, {"fingerprint", program.fingerprint},
          {"machine", program.machine},          {"bytes", program.bytes}};
}

json::object bare_step_json(const Step& step) {
  return {{"kind", step_name(step.kind)}, {"host", step.host}, {"server", step.server}, {"turn", step.turn}};
}

json::object turn_json(const Turn& turn) { return {{"host", turn.host}, {"members", texts_json(turn.members)}}; }

// Reading; anything amiss throws std::exception, which plan_of turns into kCorrupt.
std::string text_at(const json::object& object, const char* name) { return std::string(object.at(name).as_string()); }

int int_at(const json::object& object, const char* name) { return object.at(name).to_number<int>(); }

std::vector<std::string> texts_at(const json::object& object, const char* name) {
  std::vector<std::string> texts;
  for (const auto& item : object.at(name).as_array()) texts.emplace_back(item.as_string());
  return texts;
}

Member member_of(const json::object& object) {
  Member member;
  const auto role = config::parse_mode(text_at(object, "role"));
  if (!role) throw std::runtime_error("no such role: " + text_at(object, "role"));
  member.alias = text_at(object, "alias");
  member.role = *role;
  member.host = text_at(object, "host");
  member.port = int_at(object, "port");
  member.uuid = text_at(object, "nodeUuid");
  member.server = text_at(object, "server");
  member.version = text_at(object, "version");
  return member;
}

Step step_of(const json::object& object) {
  const auto kind = parse_step(text_at(object, "kind"));
  if (!kind) throw std::runtime_error("no such step: " + text_at(object, "kind"));
  return {*kind, text_at(object, "host"), text_at(object, "server"), int_at(object, "turn")};
}

Program program_of(const json::object& object) {
  return {text_at(object, "version"),     int_at(object, "oldestLevel"), int_at(object, "newestLevel"),
          text_at(object, "fingerprint"), text_at(object, "machine"),    object.at("bytes").to_number<int64_t>()};
}

std::string versions_of(const std::vector<Member>& members) {
  std::vector<std::string> versions;
  for (const auto& member : members) {
    const auto version = member.version.empty() ? "?" : member.version;
    if (std::find(versions.begin(), versions.end(), version) == versions.end()) versions.push_back(version);
  }
  return names_of(versions);
}

}  // namespace

json::object json_of(const Note& note, Language language) { return steps::note_json(note, say(language, note)); }

json::object json_of(const Plan& plan, Language language) {
  json::array members, turns, steps, warnings;
  for (const auto& member : plan.members) members.push_back(member_json(member));
  for (const auto& turn : plan.turns) turns.push_back(turn_json(turn));
  for (const auto& step : plan.steps) {
    auto object = bare_step_json(step);
    object["text"] = say(language, deed_of(plan, step));
    steps.push_back(std::move(object));
  }
  for (const auto& warning : plan.warnings) warnings.push_back(json_of(warning, language));
  return {{"id", plan.id},
          {"restartOnly", plan.wish.restart_only},
          {"acceptDowntime", plan.wish.accept_downtime},
          {"program", program_json(plan.program)},
          {"level", plan.level},
          {"members", std::move(members)},
          {"turns", std::move(turns)},
          {"steps", std::move(steps)},
          {"warnings", std::move(warnings)}};
}

json::object json_of(const Plan& plan, const steps::Record& record, Language language) {
  auto object = json_of(plan, language);
  object["state"] = state_name(record.state);
  auto& steps = object["steps"].as_array();
  for (size_t i = 0; i < steps.size(); ++i) {
    steps[i].as_object()["state"] = state_name(record.steps[i].state);
    steps[i].as_object()["remark"] = record.steps[i].remark;
  }
  return object;
}

std::string identity_json(const Plan& plan) {
  json::array members, turns, steps;
  for (const auto& member : plan.members) members.push_back(member_json(member));
  for (const auto& turn : plan.turns) turns.push_back(turn_json(turn));
  for (const auto& step : plan.steps) steps.push_back(bare_step_json(step));
  return json::serialize(json::object{{"restartOnly", plan.wish.restart_only},
                                      {"acceptDowntime", plan.wish.accept_downtime},
                                      {"program", program_json(plan.program)},
                                      {"level", plan.level},
                                      {"members", std::move(members)},
                                      {"turns", std::move(turns)},
                                      {"steps", std::move(steps)}});
}

Result<Plan> plan_of(const std::string& text) {
  try {
    const auto value = json::parse(text);
    const auto& object = value.as_object();
    Plan plan;
    plan.id = text_at(object, "id");
    plan.wish = {object.at("restartOnly").as_bool(), object.at("acceptDowntime").as_bool()};
    plan.program = program_of(object.at("program").as_object());
    plan.level = int_at(object, "level");
    for (const auto& member : object.at("members").as_array()) plan.members.push_back(member_of(member.as_object()));
    for (const auto& turn : object.at("turns").as_array())
      plan.turns.push_back({text_at(turn.as_object(), "host"), texts_at(turn.as_object(), "members")});
    for (const auto& step : object.at("steps").as_array()) plan.steps.push_back(step_of(step.as_object()));
    for (const auto& step : plan.steps) {
      if (step.turn >= static_cast<int>(plan.turns.size())) throw std::runtime_error("a step of no turn");
    }
    for (const auto& warning : object.at("warnings").as_array())
      plan.warnings.push_back({text_at(warning.as_object(), "code"), texts_at(warning.as_object(), "arguments")});
    if (plan.id != plan_id(plan))
      return Error{ErrorCode::kCorrupt, "plan " + plan.id + " was changed after it was made"};
    return plan;
  } catch (const std::exception& failure) {
    return Error{ErrorCode::kCorrupt, std::string("the plan cannot be understood: ") + failure.what()};
  }
}

std::string text_of(const Plan& plan, const steps::Record* record, Language language) {
  const auto count = std::to_string(plan.members.size());
  const Note head =
      plan.wish.restart_only
          ? Note{"label.head_restart", {plan.id, count}}
          : Note{"label.head_upgrade",
                 {plan.id, count, versions_of(plan.members), plan.program.version, std::to_string(plan.level)}};
  std::string text = say(language, head) + "\n";
  if (record != nullptr) text += say(language, {"label.state", {std::string(state_name(record->state))}}) + "\n";
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    text += "  " + std::to_string(i + 1) + ". " + say(language, deed_of(plan, plan.steps[i]));
    if (record != nullptr) text += "  [" + std::string(state_name(record->steps[i].state)) + "]";
    text += "\n";
  }
  for (const auto& warning : plan.warnings) text += "! " + say(language, warning) + "\n";
  return text;
}

}  // namespace pelorus::cli::upgrade
