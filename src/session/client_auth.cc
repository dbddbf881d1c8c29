#include "session/client_auth.h"

#include <algorithm>
#include <cctype>

namespace pelorus::session {
namespace {

constexpr std::string_view kOpen[] = {
    "isClientAuth",
    "getNodeType",
    "getNodeAlias",
    "login",
    "authenticateByTicket",
    "getControllerAlias",
    "version",
    "license",
    "getActiveMaster",
    "getClusterPerf",
    "loadClusterNodesConfigs",
    "getConfig",
    "oauthLogin",
    "getCurrentSessionAndUser",
    "getDynamicPublicKey",
    "scramClientFirst",
    "scramClientFinal",
    "isNodeInitialized",
    "getRequiredAPIVersion",
};

bool is_open(std::string_view name) { return std::find(std::begin(kOpen), std::end(kOpen), name) != std::end(kOpen); }

bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

void skip_blanks(std::string_view& text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
}

/// Drops a quoted text, a number or a word; false when something else stands there.
bool skip_literal(std::string_view& text) {
  if (text.empty()) return false;
  const char quote = text.front();
  if (quote == '\'' || quote == '"') {
    size_t at = 1;
    while (at < text.size() && text[at] != quote) at += text[at] == '\\' ? 2 : 1;
    if (at >= text.size()) return false;
    text.remove_prefix(at + 1);
    return true;
  }
  if (!is_word(quote)) return false;
  while (!text.empty() && (is_word(text.front()) || text.front() == '.')) text.remove_prefix(1);
  return true;
}

/// `name(literal, …)` with an optional semicolon, and nothing else.
bool is_open_call(std::string_view text) {
  skip_blanks(text);
  size_t size = 0;
  while (size < text.size() && is_word(text[size])) ++size;
  if (!is_open(text.substr(0, size))) return false;
  text.remove_prefix(size);
  skip_blanks(text);
  if (text.empty() || text.front() != '(') return false;
  text.remove_prefix(1);
  skip_blanks(text);
  while (!text.empty() && text.front() != ')') {
    if (!skip_literal(text)) return false;
    skip_blanks(text);
    if (!text.empty() && text.front() == ',') text.remove_prefix(1);
    skip_blanks(text);
  }
  if (text.empty()) return false;
  text.remove_prefix(1);
  skip_blanks(text);
  if (!text.empty() && text.front() == ';') text.remove_prefix(1);
  skip_blanks(text);
  return text.empty();
}

}  // namespace

bool may_run_before_login(const wire::Request& request) {
  switch (request.kind) {
    case wire::RequestKind::kConnect: return true;
    case wire::RequestKind::kFunction: return is_open(request.text);
    case wire::RequestKind::kScript: return is_open_call(request.text);
    case wire::RequestKind::kUpload: return false;
  }
  return false;
}

}  // namespace pelorus::session
