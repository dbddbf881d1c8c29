#pragma once
// The file of backupSettings: users, groups, rights and function views (docs/formats/settings.md).

#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "meta/grants.h"
#include "meta/members.h"

namespace pelorus::controller {

struct SavedSettings {
  bool has_accounts = false;  // users and groups were asked for
  bool has_views = false;
  std::map<std::string, meta::User> users;  // with what their passwords are compared to
  std::map<std::string, meta::Group> groups;
  std::map<std::string, meta::FunctionView> views;

  template <class A>
  void fields(A& a) {
    a(has_accounts, has_views, users, groups, views);
  }
};

std::string encode_settings(const SavedSettings& settings);
/// kCorrupt naming `path`; kInvalid for a newer format.
Result<SavedSettings> decode_settings(std::string_view bytes, const std::string& path);

}  // namespace pelorus::controller
