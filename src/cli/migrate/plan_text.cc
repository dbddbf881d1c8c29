#include "cli/migrate/plan_text.h"

#include <algorithm>
#include <map>

#include "cli/migrate/plan_json.h"
#include "cli/terminal.h"
#include "cli/value_text.h"

namespace pelorus::cli::migrate {
namespace {

struct HostRow {
  std::string now, then;
};

void append(std::string& list, const std::string& alias) { list += (list.empty() ? "" : " ") + alias; }

/// Hosts in the target's order, then those that leave.
std::string hosts_table(const Plan& plan, Language language) {
  std::vector<std::string> order = plan.target.hosts;
  std::map<std::string, HostRow> rows;
  for (const auto& member : plan.before) {
    if (std::find(order.begin(), order.end(), member.host) == order.end()) order.push_back(member.host);
    append(rows[member.host].now, member.alias);
    if (!plan.leaves(member.alias)) append(rows[plan.host_after(member)].then, member.alias);
  }
  for (const auto& made : plan.additions) append(rows[made.host].then, made.alias);
  TextTable table;
  table.names = {"host", say(language, {"label.before", {}}), say(language, {"label.after", {}})};
  table.right = {false, false, false};
  for (const auto& host : order) {
    table.rows.push_back(
        {host, rows[host].now.empty() ? "-" : rows[host].now, rows[host].then.empty() ? "-" : rows[host].then});
  }
  return text_table(table, 0);
}

std::string step_line(const Step& step, size_t number, Language language) {
  std::string text = fit(std::to_string(number), 3, true) + "  " + say(language, deed_of(step));
  if (step.bytes != 0) text += " (" + say(language, {"label.bytes", {}}) + " " + bytes_text(step.bytes) + ")";
  return text;
}

}  // namespace

std::string text_of(const Plan& plan, Language language) {
  std::string text = say(language, {"label.plan", {plan.id}}) + "\n\n" + hosts_table(plan, language) + "\n\n" +
                     say(language, {"label.hosts_fail", {}}) + ": " + std::to_string(plan.fails_before) + " -> " +
                     std::to_string(plan.fails_after) + "\n";
  for (const auto& warning : plan.warnings)
    text += say(language, {"label.warning", {}}) + ": " + say(language, warning) + "\n";
  for (const auto& move : plan.moves) {
    if (move.from == move.to && plan.relocation(move.alias) == nullptr) continue;  // only set aside
    text += move.alias + "  " + move.setting + ": " + move.from + " -> " + move.to + "\n";
  }
  text += "\n" + say(language, {"label.steps", {}}) + ":\n";
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const auto& step = plan.steps[i];
    text += step_line(step, i + 1, language) + "\n";
    std::string facts;
    if (step.effect.code != "effect.none")
      facts += say(language, {"label.effect", {}}) + ": " + say(language, step.effect);
    if (undo_of(step).code != "undo.none") {
      facts += (facts.empty() ? "" : "; ") + say(language, {"label.undo", {}}) + ": " + say(language, undo_of(step));
    }
    if (!facts.empty()) text += "       " + facts + "\n";
  }
  return text;
}

std::string text_of(const Plan& plan, const Record& record, Language language) {
  std::string text = say(language, {"label.plan", {plan.id}}) + ", " + say(language, {"label.state", {}}) + ": " +
                     std::string(state_name(record.state)) + "\n";
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const auto& step = record.steps[i];
    text += step_line(plan.steps[i], i + 1, language) + ": " + std::string(state_name(step.state));
    if (step.ended_ms > step.began_ms) text += ", " + std::to_string((step.ended_ms - step.began_ms) / 1000) + " s";
    if (!step.remark.empty()) text += " (" + step.remark + ")";
    text += "\n";
  }
  return text;
}

boost::json::object json_of(const Plan& plan, const Record& record, Language language) {
  auto object = json_of(plan, language);
  object["state"] = state_name(record.state);
  auto& steps = object.at("steps").as_array();
  for (size_t i = 0; i < record.steps.size(); ++i) {
    auto& step = steps[i].as_object();
    step["state"] = state_name(record.steps[i].state);
    step["began"] = record.steps[i].began_ms;
    step["ended"] = record.steps[i].ended_ms;
    step["remark"] = record.steps[i].remark;
  }
  return object;
}

}  // namespace pelorus::cli::migrate
