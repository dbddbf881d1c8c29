#include "cli/package_place.h"

#include <algorithm>

namespace pelorus::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kClusterFiles[] = {"controller.cfg", "agent.cfg", "cluster.cfg", "cluster.nodes"};

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool holds_cluster_files(const fs::path& directory) {
  return std::any_of(std::begin(kClusterFiles), std::end(kClusterFiles),
                     [&](std::string_view name) { return is_there(directory / name); });
}

/// The clusterDemo/ and server/ above a config directory, where they have those names.
void look_above(PackagePlace& place) {
  const auto demo = place.config.parent_path();
  if (demo.filename() != "clusterDemo") return;
  place.demo = demo;
  place.server = demo.parent_path();
}

PackagePlace of_server(const fs::path& server) {
  PackagePlace place{.server = server, .demo = {}, .config = {}, .single_file = {}};
  if (is_there(server / "clusterDemo")) place.demo = server / "clusterDemo";
  if (holds_cluster_files(server / "clusterDemo" / "config")) place.config = server / "clusterDemo" / "config";
  if (is_there(server / "dolphindb.cfg")) place.single_file = server / "dolphindb.cfg";
  return place;
}

}  // namespace

std::vector<fs::path> PackagePlace::log_directories() const {
  std::vector<fs::path> all;
  if (!demo.empty() && is_there(demo / "log")) all.push_back(demo / "log");
  if (!server.empty()) all.push_back(server);  // dolphindb.log of a single node
  return all;
}

std::vector<fs::path> PackagePlace::node_directories() const {
  std::vector<fs::path> all;
  std::error_code ignored;
  for (const auto& parent : {demo.empty() ? fs::path() : demo / "data", server}) {
    if (parent.empty()) continue;
    for (const auto& entry : fs::directory_iterator(parent, ignored)) {
      if (is_there(entry.path() / "node.lock") || is_there(entry.path() / "node.pid")) all.push_back(entry.path());
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

Result<PackagePlace> find_package(const fs::path& given) {
  std::error_code failure;
  const auto path = fs::absolute(given, failure).lexically_normal();
  const auto directory = path.has_filename() ? path : path.parent_path();
  if (!is_there(directory)) return Error{ErrorCode::kNotFound, "there is no " + given.string()};
  if (!fs::is_directory(directory, failure)) {
    PackagePlace place;
    const bool is_clusters =
        std::find(std::begin(kClusterFiles), std::end(kClusterFiles), directory.filename()) != std::end(kClusterFiles);
    if (!is_clusters) place.single_file = directory;
    if (!is_clusters) place.server = directory.parent_path();
    if (is_clusters) place.config = directory.parent_path();
    if (is_clusters) look_above(place);
    return place;
  }
  if (is_there(directory / "server" / "clusterDemo") || is_there(directory / "server" / "dolphindb.cfg")) {
    return of_server(directory / "server");
  }
  if (is_there(directory / "clusterDemo") || is_there(directory / "dolphindb.cfg")) return of_server(directory);
  PackagePlace place;
  if (holds_cluster_files(directory / "config")) {
    place = {.server = directory.parent_path(), .demo = directory, .config = directory / "config", .single_file = {}};
    return place;
  }
  if (holds_cluster_files(directory)) {
    place.config = directory;
    look_above(place);
    return place;
  }
  return Error{ErrorCode::kNotFound,
               given.string() +
                   " is no package and holds none of controller.cfg, agent.cfg, cluster.cfg, cluster.nodes; "
                   "give the package's server directory, its clusterDemo/config or a file"};
}

}  // namespace pelorus::cli
