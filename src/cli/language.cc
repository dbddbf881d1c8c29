#include "cli/language.h"

#include <cstdlib>

namespace pelorus::cli {

Option language_option() { return {"lang", '\0', "en|zh", "language; without: by the environment", ""}; }

Result<Language> language_of(const Arguments& arguments) {
  const auto wanted = arguments.text("lang");
  if (wanted == "zh") return Language::kChinese;
  if (wanted == "en") return Language::kEnglish;
  if (arguments.has("lang")) return Error{ErrorCode::kInvalid, "--lang is en or zh, not '" + wanted + "'"};
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0')
      return std::string_view(value).starts_with("zh") ? Language::kChinese : Language::kEnglish;
  }
  return Language::kEnglish;
}

}  // namespace pelorus::cli
