// backupSettings restoreSettings

#include <algorithm>

#include "controller/functions/cluster_call.h"
#include "controller/functions/settings_file.h"
#include "functions/declare.h"
#include "io/posix_file_system.h"

namespace pelorus::controller {
namespace {

using data::Value;
using functions::Arguments;

constexpr uint64_t kFileBytesMax = 256u << 20;

/// Relative ones lie below the node's home directory.
std::string path_of(const ClusterCall& call, const Arguments& args) {
  const auto name = args.text(0, "fileName");
  if (name.empty()) args.refuse("fileName", "must name a file");
  if (name.starts_with('/')) return name;
  return io::join_path(call.context().run_script("getHomeDir()").text(), name);
}

Value names_of(const SavedSettings& settings) {
  std::vector<std::string> names;
  for (const auto& [id, user] : settings.users) names.push_back(id);
  for (const auto& [name, view] : settings.views) names.push_back(name);
  return data::Vector::of_strings(types::Type::kString, std::move(names));
}

Value back_up(const ClusterCall& call, const Arguments& args) {
  SavedSettings settings{.has_accounts = args.flag_or(1, "userPermission", true),
                         .has_views = args.flag_or(2, "functionView", true)};
  if (settings.has_accounts) {
    const auto all = call.ask<meta::AccountsReply>(meta::kListAccounts);
    settings.groups = all.groups;
    for (const auto& [id, user] : all.users) {  // one by one: only these answers hold what a password is compared to
      auto facts = call.ask<meta::UserReply>(meta::kUserFacts, meta::UserRequest{id});
      if (facts.user) settings.users.emplace(id, std::move(*facts.user));
    }
  }
  if (settings.has_views) settings.views = call.ask<meta::ViewsReply>(meta::kListViews).views;
  io::PosixFileSystem files;
  const auto written = io::replace_file(files, path_of(call, args), encode_settings(settings));
  if (!written.ok()) call.fail(written.error());
  return names_of(settings);
}

void restore_grants(const ClusterCall& call, const std::string& id, const std::set<meta::Grant>& had,
                    const std::set<meta::Grant>& wanted) {
  using Deed = meta::ChangeGrants::Deed;
  for (const auto& grant : had)
    call.change(meta::ChangeGrants{.ids = {id}, .type = grant.type, .objects = {grant.object}, .deed = Deed::kRevoke});
  for (const auto& grant : wanted) {
    call.change(meta::ChangeGrants{
        .ids = {id}, .type = grant.type, .objects = {grant.object}, .deed = grant.denied ? Deed::kDeny : Deed::kGrant});
  }
}

/// What is there and not in the file goes; the caller stays.
void remove_others(const ClusterCall& call, const SavedSettings& saved, const meta::AccountsReply& now) {
  for (const auto& [id, user] : now.users) {
    if (!saved.users.contains(id) && id != call.context().caller().user) call.change(meta::DeleteUser{id});
  }
  for (const auto& [id, group] : now.groups) {
    if (!saved.groups.contains(id)) call.change(meta::DeleteGroup{id});
  }
}

void restore_user(const ClusterCall& call, const meta::User& user, const meta::User* now) {
  if (now == nullptr) {
    call.change(meta::CreateUser{.id = user.id, .verifier = user.verifier, .groups = {}, .is_admin = user.is_admin});
  } else {
    call.change(meta::SetPassword{.id = user.id, .verifier = user.verifier});
  }
  if (user.locked) call.change(meta::LockUser{user.id, true});
  restore_grants(call, user.id, now == nullptr ? std::set<meta::Grant>{} : now->grants, user.grants);
}

/// Users and groups that there are already stay as they are unless `overwrite`; their names are taken out of `saved`.
void restore_accounts(const ClusterCall& call, SavedSettings& saved, bool overwrite) {
  const auto now = call.ask<meta::AccountsReply>(meta::kListAccounts);
  if (overwrite) remove_others(call, saved, now);
  if (!overwrite) {
    std::erase_if(saved.users, [&](const auto& entry) { return now.users.contains(entry.first); });
    std::erase_if(saved.groups, [&](const auto& entry) { return now.groups.contains(entry.first); });
  }
  for (const auto& [id, group] : saved.groups) {
    const auto known = now.groups.find(id);
    if (known == now.groups.end()) call.change(meta::CreateGroup{.id = id, .users = {}});
    restore_grants(call, id, known == now.groups.end() ? std::set<meta::Grant>{} : known->second.grants, group.grants);
  }
  for (const auto& [id, user] : saved.users) {
    const auto known = now.users.find(id);
    restore_user(call, user, known == now.users.end() ? nullptr : &known->second);
  }
  const auto there = call.ask<meta::AccountsReply>(meta::kListAccounts);
  for (const auto& [id, user] : saved.users) {
    const auto& has = there.users.at(id).groups;
    for (const auto& group : has) {
      if (!user.groups.contains(group)) call.change(meta::ChangeMembership{{id}, {group}, false});
    }
    for (const auto& group : user.groups) {
      if (there.groups.contains(group) && !has.contains(group))
        call.change(meta::ChangeMembership{{id}, {group}, true});
    }
  }
}

void restore_views(const ClusterCall& call, SavedSettings& saved, bool overwrite) {
  const auto now = call.ask<meta::ViewsReply>(meta::kListViews).views;
  if (!overwrite) std::erase_if(saved.views, [&](const auto& entry) { return now.contains(entry.first); });
  for (const auto& [name, view] : now) {
    if (overwrite && !saved.views.contains(name)) call.change(meta::DropFunctionView{name});
  }
  for (const auto& [name, view] : saved.views) call.change(meta::PutFunctionView{.view = view, .replace = true});
}

Value restore(const ClusterCall& call, const Arguments& args) {
  const bool overwrite = args.flag_or(1, "overwrite", false);
  const auto path = path_of(call, args);
  io::PosixFileSystem files;
  const auto bytes = io::read_file(files, path, kFileBytesMax);
  if (!bytes.ok()) call.fail(bytes.error());
  auto saved = decode_settings(*bytes, path);
  if (!saved.ok()) call.fail(saved.error());
  if (saved->has_accounts) restore_accounts(call, *saved, overwrite);
  if (saved->has_views) restore_views(call, *saved, overwrite);
  return names_of(*saved);
}

}  // namespace

void register_settings_functions(functions::Registry& registry, AskControllers ask) {
  const auto row = [&](std::string_view name, std::string_view parameters,
                       Value (*run)(const ClusterCall&, const Arguments&), std::string_view summary) {
    declare(registry, "users", functions::Nature::kWhole,
            {.name = name,
             .parameters = parameters,
             .run =
                 [ask, name, run](functions::CallContext& context, std::span<Value> args) {
                   const ClusterCall call(name, context, ask);
                   call.require_admin();
                   return run(call, {name, args});
                 },
             .summary = summary,
             .example = ""});
  };
  row("backupSettings", "fileName, [userPermission=true], [functionView=true]", back_up,
      "Saves users with their passwords and rights, groups and function views into a file of this node; returns the "
      "names of users and views.");
  row("restoreSettings", "fileName, [overwrite=false]", restore,
      "Takes users, groups, rights and function views from a file of backupSettings: those that are missing or, to "
      "overwrite, all of them, and removes what the file lacks; returns the names of users and views restored.");
}

}  // namespace pelorus::controller
