#include "stream/graph/full_name.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/letter_case.h"
#include "base/script_error.h"
#include "exec/catalog_names.h"

namespace pelorus::stream {
namespace {

std::vector<std::string> parts_of(std::string_view name) {
  std::vector<std::string> parts{""};
  for (const char letter : name) {
    if (letter == '.')
      parts.emplace_back();
    else
      parts.back() += letter;
  }
  return parts;
}

bool is_plain(const std::string& part) {
  constexpr size_t kLettersMax = 200;
  const auto is_allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !part.empty() && part.size() <= kLettersMax && std::all_of(part.begin(), part.end(), is_allowed);
}

}  // namespace

std::string full_name(functions::CallContext& context, std::string_view function, std::string_view schema,
                      const std::string& name) {
  const auto refuse = [&](const std::string& reason) {
    throw ScriptError(std::string(function) + ": " + reason + " Write catalog." + std::string(schema) +
                      ".name, or the name alone after `use catalog`.");
  };
  auto parts = parts_of(name);
  if (!std::all_of(parts.begin(), parts.end(), is_plain) || parts.size() > 3)
    refuse("[" + name + "] is no name: its parts consist of letters, digits and underscores.");
  if (parts.size() == 1) parts.insert(parts.begin(), std::string(schema));
  if (parts.size() == 2) parts.insert(parts.begin(), exec::current_catalog(context));
  if (lowered(parts[1]) != schema) refuse("[" + name + "] does not name something of " + std::string(schema) + ".");
  if (parts[0].empty()) refuse("there is no current catalog that [" + name + "] could be in.");
  return parts[0] + "." + std::string(schema) + "." + parts[2];
}

bool is_stream_name(std::string_view name) {
  const auto parts = parts_of(name);
  return parts.size() == 3 && lowered(parts[1]) == meta::kStreamSchema;
}

std::string_view last_part(std::string_view full_name) { return full_name.substr(full_name.rfind('.') + 1); }

}  // namespace pelorus::stream
