#include "cli/redact.h"

#include <algorithm>
#include <cctype>

#include "base/letter_case.h"
#include "config/setting.h"

namespace pelorus::cli {
namespace {

constexpr std::string_view kWideEquals = "＝";
constexpr std::string_view kSecretWords[] = {"password", "passwd", "pwd", "secret", "token", "credential"};
constexpr std::string_view kToldPassword = "User admin has the password ";

/// The setting's name that ends at `end`: letters only, so that a value glued before it does not count.
std::string_view name_before(std::string_view line, size_t end) {
  while (end > 0 && line[end - 1] == ' ') --end;
  auto begin = end;
  while (begin > 0 && (std::isalpha(static_cast<unsigned char>(line[begin - 1])) || line[begin - 1] == '_')) --begin;
  return line.substr(begin, end - begin);
}

}  // namespace

bool is_secret_setting(std::string_view name) {
  name = name.substr(name.rfind('.') + 1);  // node1.metricsToken
  if (const auto* setting = config::find_setting(name)) return setting->is_secret;
  const auto lower = lowered(name);
  return std::any_of(std::begin(kSecretWords), std::end(kSecretWords),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

std::string shown_value(std::string_view name, const std::string& value) {
  return is_secret_setting(name) ? std::string(kRedacted) : value;
}

std::string redact_setting(const std::string& line) {
  for (size_t at = 0; at < line.size(); ++at) {
    const bool is_wide = std::string_view(line).substr(at).starts_with(kWideEquals);
    if (line[at] != '=' && !is_wide) continue;
    if (!is_secret_setting(name_before(line, at))) continue;
    return line.substr(0, at + (is_wide ? kWideEquals.size() : 1)) + std::string(kRedacted);
  }
  return line;
}

std::string redact_log(const std::string& line) {
  const auto at = line.find(kToldPassword);
  return at == std::string::npos ? redact_setting(line)
                                 : line.substr(0, at + kToldPassword.size()) + std::string(kRedacted);
}

}  // namespace pelorus::cli
