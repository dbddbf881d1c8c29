#include "cli/doctor/report.h"

#include <algorithm>
#include <boost/json.hpp>

namespace pelorus::cli::doctor {
namespace {

constexpr Verdict kOrder[] = {Verdict::kSkipped, Verdict::kOk, Verdict::kWarning, Verdict::kProblem};

std::string_view looks_at(const Check& check, Language language) {
  return language == Language::kChinese ? check.looks_at_zh : check.looks_at_en;
}

std::string_view word_of(Verdict verdict, Language language) {
  constexpr std::string_view kChinese[] = {"正常", "警告", "问题", "跳过"};
  return language == Language::kChinese ? kChinese[static_cast<size_t>(verdict)] : name_of(verdict);
}

Colour colour_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk: return Colour::kGood;
    case Verdict::kWarning: return Colour::kStrong;
    case Verdict::kProblem: return Colour::kBad;
    case Verdict::kSkipped: return Colour::kFaint;
  }
  return Colour::kNone;
}

}  // namespace

std::vector<Finding> judge(const Facts& facts) {
  std::vector<Finding> findings;
  for (const auto& check : all_checks()) findings.push_back({&check, check.judge(facts)});
  return findings;
}

size_t count(const std::vector<Finding>& findings, Verdict verdict) {
  return static_cast<size_t>(std::count_if(findings.begin(), findings.end(),
                                           [&](const Finding& finding) { return finding.outcome.verdict == verdict; }));
}

std::string_view name_of(Verdict verdict) {
  constexpr std::string_view kNames[] = {"ok", "warning", "problem", "skipped"};
  return kNames[static_cast<size_t>(verdict)];
}

std::string findings_json(const std::vector<Finding>& findings, Language language) {
  namespace json = boost::json;
  json::array checks;
  json::object summary;
  for (const auto verdict : {Verdict::kOk, Verdict::kWarning, Verdict::kProblem, Verdict::kSkipped}) {
    summary[name_of(verdict)] = count(findings, verdict);
  }
  for (const auto& [check, outcome] : findings) {
    const auto& fix = outcome.fix.in(language);
    checks.push_back(json::object{{"id", check->id},
                                  {"looksAt", looks_at(*check, language)},
                                  {"result", name_of(outcome.verdict)},
                                  {"reason", outcome.reason.in(language)},
                                  {"fix", fix.empty() ? json::value() : json::value(fix)}});
  }
  return json::serialize(json::object{{"summary", std::move(summary)}, {"checks", std::move(checks)}});
}

std::string findings_text(const std::vector<Finding>& findings, Language language, bool all, const Terminal& terminal) {
  std::string text;
  for (const auto verdict : kOrder) {
    if (!all && verdict != Verdict::kWarning && verdict != Verdict::kProblem) continue;
    for (const auto& [check, outcome] : findings) {
      if (outcome.verdict != verdict) continue;
      text += terminal.paint(colour_of(verdict), fit(word_of(verdict, language), 8, false)) + " " +
              fit(check->id, 18, false) + " " + outcome.reason.in(language) + "\n";
      const auto& fix = outcome.fix.in(language);
      if (!fix.empty()) text += std::string(28, ' ') + fix + "\n";
    }
  }
  for (const auto verdict : {Verdict::kProblem, Verdict::kWarning, Verdict::kOk, Verdict::kSkipped}) {
    if (verdict != Verdict::kProblem) text += language == Language::kChinese ? "，" : ", ";
    text += std::to_string(count(findings, verdict)) + " " + std::string(word_of(verdict, language));
  }
  return text + "\n";
}

}  // namespace pelorus::cli::doctor
