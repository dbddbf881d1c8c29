#pragma once
// The configuration texts of new members and of those that stay. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "cli/migrate/plan.h"

namespace pelorus::cli::migrate {

/// Where something that lies at `path` for the old member lies for the new one: the operator's rules (the longest
/// beginning counts), else inside the new package what was inside the old one, else the same path.
std::string mapped_path(const std::string& path, const Addition& made, const Target& target,
                        std::string_view old_server);

/// Each of several, with commas between.
std::string mapped_paths(const std::string& paths, const Addition& made, const Target& target,
                         std::string_view old_server);
bool is_path_setting(std::string_view setting);

/// The folder itself, or below it.
bool lies_in(const std::string& path, std::string_view folder);

/// A directory that may be removed: absolute, and not a root of anything.
bool is_removable(const std::string& path);

/// Of the old member's controller.cfg with its own localSite and paths.
std::string controller_text(std::string_view like, const Addition& made, const Target& target,
                            std::string_view old_server);
/// Of an agent.cfg with own localSite, paths, `controllers` as its sites, one of them on its own host as
/// controllerSite.
std::string agent_text(std::string_view like, const Addition& made, const Target& target, std::string_view old_server,
                       const std::vector<config::Site>& controllers);
/// An agent.cfg that keeps everything but the controllers it knows. Equal text when they are the same ones already.
std::string with_controllers(std::string_view agent_cfg, const std::vector<config::Site>& controllers);
std::string nodes_text(const std::vector<Member>& members);

/// cluster.cfg with lines of `made` made from those of the node it is like. A directory that another node of its host
/// uses gets "_<alias>" behind it. Equal text when it has lines already.
std::string with_node(const std::string& cluster_cfg, const Addition& made, const Target& target,
                      const std::vector<Member>& members, std::string_view old_server);
/// cluster.cfg without the lines that name this alias alone.
std::string without_node(const std::string& cluster_cfg, std::string_view alias);
/// Directories that this node uses by lines of its own, and none of its neighbours: nodes on the same host.
std::vector<std::string> own_directories(const std::string& cluster_cfg, std::string_view alias,
                                         const std::set<std::string>& neighbours);
/// cluster.cfg in which that node has its own line with this value.
std::string with_own_value(const std::string& cluster_cfg, const std::string& alias, const std::string& setting,
                           const std::string& value);
/// A file of one member with that value.
std::string with_value(std::string_view text, const std::string& setting, const std::string& value);
std::string without_setting(std::string_view text, std::string_view setting);
/// One setting of a file's text; empty when it is not set.
std::string setting_of(std::string_view text, std::string_view name);

}  // namespace pelorus::cli::migrate
