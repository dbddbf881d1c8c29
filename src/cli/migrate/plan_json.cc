#include "cli/migrate/plan_json.h"

#include "cli/steps/answers.h"

namespace pelorus::cli::migrate {
namespace {

namespace json = boost::json;

using steps::texts_json;

json::object target_json(const Target& target) {
  json::array paths;
  for (const auto& rule : target.paths) paths.push_back(json::object{{"from", rule.from}, {"to", rule.to}});
  json::object object{{"hosts", texts_json(target.hosts)},
                      {"replaced", target.replaced},
                      {"controllersOnly", target.controllers_only},
                      {"acceptRisk", target.accept_risk},
                      {"directory", target.directory},
                      {"paths", std::move(paths)}};
  // Left out where they say nothing, so that ids of other plans stay what they were.
  if (!target.moved.empty()) object["moved"] = json::object{{"from", target.moved}, {"to", target.moved_to}};
  if (!target.directory_host.empty()) object["directoryHost"] = target.directory_host;
  if (target.to_cluster) object["toCluster"] = true;
  if (target.offline) object["offline"] = true;
  if (!target.sources.empty()) object["sources"] = texts_json(target.sources);
  return object;
}

json::array moves_json(const std::vector<DirectoryMove>& moves) {
  json::array array;
  for (const auto& move : moves)
    array.push_back(
        json::object{{"alias", move.alias}, {"setting", move.setting}, {"from", move.from}, {"to", move.to}});
  return array;
}

/// `lasting`: only what does not change while the cluster works.
json::object member_json(const Member& member, bool lasting) {
  json::object object{{"alias", member.alias},   {"role", config::mode_name(member.role)},
                      {"host", member.host},     {"port", member.port},
                      {"nodeUuid", member.uuid}, {"online", member.online},
                      {"votes", member.votes},   {"draining", member.draining},
                      {"server", member.server}};
  if (!lasting) {
    object["leads"] = member.leads;
    object["chunks"] = member.chunks;
  }
  return object;
}

json::object addition_json(const Addition& made) {
  return {{"alias", made.alias},   {"role", config::mode_name(made.role)},
          {"host", made.host},     {"port", made.port},
          {"server", made.server}, {"like", made.like}};
}

json::object bare_step_json(const Step& step) {
  return {{"kind", step_name(step.kind)}, {"subject", step.subject}, {"host", step.host}};
}

/// Reading; anything amiss throws boost::system::system_error or std::exception, which plan_of turns into kCorrupt.
std::string text_of(const json::object& object, const char* name) { return std::string(object.at(name).as_string()); }

std::vector<std::string> texts_of(const json::value& value) {
  std::vector<std::string> texts;
  for (const auto& item : value.as_array()) texts.emplace_back(item.as_string());
  return texts;
}

NodeMode role_of(const json::object& object) {
  const auto mode = config::parse_mode(text_of(object, "role"));
  if (!mode) throw std::runtime_error("no such role: " + text_of(object, "role"));
  return *mode;
}

Note note_of(const json::object& object) { return {text_of(object, "code"), texts_of(object.at("arguments"))}; }

Target target_of(const json::object& object) {
  Target target;
  target.hosts = texts_of(object.at("hosts"));
  target.replaced = text_of(object, "replaced");
  target.controllers_only = object.at("controllersOnly").as_bool();
  target.accept_risk = object.at("acceptRisk").as_bool();
  target.directory = text_of(object, "directory");
  for (const auto& rule : object.at("paths").as_array()) {
    target.paths.push_back({text_of(rule.as_object(), "from"), text_of(rule.as_object(), "to")});
  }
  if (const auto* moved = object.if_contains("moved")) {
    target.moved = text_of(moved->as_object(), "from");
    target.moved_to = text_of(moved->as_object(), "to");
  }
  if (object.contains("directoryHost")) target.directory_host = text_of(object, "directoryHost");
  target.to_cluster = object.contains("toCluster");
  target.offline = object.contains("offline");
  if (const auto* sources = object.if_contains("sources")) target.sources = texts_of(*sources);
  return target;
}

Addition addition_of(const json::object& object) {
  return {text_of(object, "alias"),           role_of(object),           text_of(object, "host"),
          object.at("port").to_number<int>(), text_of(object, "server"), text_of(object, "like")};
}

std::vector<Addition> relocations_of(const json::object& object) {
  std::vector<Addition> relocations;
  const auto* found = object.if_contains("relocations");
  if (found == nullptr) return relocations;
  for (const auto& made : found->as_array()) relocations.push_back(addition_of(made.as_object()));
  return relocations;
}

std::vector<DirectoryMove> moves_of(const json::object& object) {
  std::vector<DirectoryMove> moves;
  const auto* found = object.if_contains("moves");
  if (found == nullptr) return moves;
  for (const auto& item : found->as_array()) {
    const auto& move = item.as_object();
    moves.push_back({text_of(move, "alias"), text_of(move, "setting"), text_of(move, "from"), text_of(move, "to")});
  }
  return moves;
}

Member member_of(const json::object& object) {
  Member member;
  member.alias = text_of(object, "alias");
  member.role = role_of(object);
  member.host = text_of(object, "host");
  member.port = object.at("port").to_number<int>();
  member.uuid = text_of(object, "nodeUuid");
  member.online = object.at("online").as_bool();
  member.votes = object.at("votes").as_bool();
  member.draining = object.at("draining").as_bool();
  member.server = text_of(object, "server");
  member.leads = object.at("leads").as_bool();
  member.chunks = object.at("chunks").to_number<int64_t>();
  return member;
}

Step step_of(const json::object& object) {
  const auto kind = parse_step(text_of(object, "kind"));
  if (!kind) throw std::runtime_error("no such step: " + text_of(object, "kind"));
  const auto& effect = object.at("effect").as_object();
  return {*kind, text_of(object, "subject"), text_of(object, "host"), object.at("bytes").to_number<int64_t>(),
          note_of(effect)};
}

}  // namespace

json::object json_of(const Note& note, Language language) { return steps::note_json(note, say(language, note)); }

json::object json_of(const Plan& plan, Language language) {
  json::array before, additions, relocations, steps, warnings;
  for (const auto& member : plan.before) before.push_back(member_json(member, false));
  for (const auto& made : plan.additions) additions.push_back(addition_json(made));
  for (const auto& made : plan.relocations) relocations.push_back(addition_json(made));
  for (const auto& step : plan.steps) {
    auto object = bare_step_json(step);
    object["text"] = say(language, deed_of(step));
    object["bytes"] = step.bytes;
    object["effect"] = json_of(step.effect, language);
    object["undo"] = json_of(undo_of(step), language);
    steps.push_back(std::move(object));
  }
  for (const auto& warning : plan.warnings) warnings.push_back(json_of(warning, language));
  return {{"id", plan.id},
          {"target", target_json(plan.target)},
          {"before", std::move(before)},
          {"additions", std::move(additions)},
          {"relocations", std::move(relocations)},
          {"leaving", texts_json(plan.leaving)},
          {"moves", moves_json(plan.moves)},
          {"steps", std::move(steps)},
          {"hostsThatMayFail", json::object{{"before", plan.fails_before}, {"after", plan.fails_after}}},
          {"warnings", std::move(warnings)}};
}

Result<Plan> plan_of(const json::value& value) {
  try {
    const auto& object = value.as_object();
    Plan plan;
    plan.id = text_of(object, "id");
    plan.target = target_of(object.at("target").as_object());
    for (const auto& member : object.at("before").as_array()) plan.before.push_back(member_of(member.as_object()));
    for (const auto& made : object.at("additions").as_array()) plan.additions.push_back(addition_of(made.as_object()));
    plan.relocations = relocations_of(object);
    plan.leaving = texts_of(object.at("leaving"));
    plan.moves = moves_of(object);
    for (const auto& step : object.at("steps").as_array()) plan.steps.push_back(step_of(step.as_object()));
    const auto& fails = object.at("hostsThatMayFail").as_object();
    plan.fails_before = fails.at("before").to_number<int>();
    plan.fails_after = fails.at("after").to_number<int>();
    for (const auto& warning : object.at("warnings").as_array()) plan.warnings.push_back(note_of(warning.as_object()));
    return plan;
  } catch (const std::exception& failure) {
    return Error{ErrorCode::kCorrupt, std::string("the plan cannot be understood: ") + failure.what()};
  }
}

std::string identity_json(const Plan& plan) {
  json::array members, steps, additions;
  for (const auto& member : plan.before) members.push_back(member_json(member, true));
  for (const auto& step : plan.steps) steps.push_back(bare_step_json(step));
  for (const auto& made : plan.additions) additions.push_back(addition_json(made));
  json::object identity{{"target", target_json(plan.target)},
                        {"members", std::move(members)},
                        {"additions", std::move(additions)},
                        {"leaving", texts_json(plan.leaving)},
                        {"steps", std::move(steps)}};
  if (!plan.moves.empty()) identity["moves"] = moves_json(plan.moves);
  if (!plan.relocations.empty()) {
    json::array relocations;
    for (const auto& made : plan.relocations) relocations.push_back(addition_json(made));
    identity["relocations"] = std::move(relocations);
  }
  return json::serialize(identity);
}

}  // namespace pelorus::cli::migrate
