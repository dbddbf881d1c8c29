#include "server/node_identity.h"

#include <charconv>
#include <map>
#include <sstream>

namespace pelorus::server {
namespace {

constexpr uint64_t kIdentityBytesMax = 4096;

uint32_t level_of(const std::string& text) {
  uint32_t level = 0;
  std::from_chars(text.data(), text.data() + text.size(), level);
  return level;
}

std::string path_in(const std::filesystem::path& directory) { return (directory / "identity").string(); }

}  // namespace

Status save_identity(io::FileSystem& files, const std::filesystem::path& directory, const NodeIdentity& identity) {
  TRY_DONE(files.make_directories(directory.string()));
  auto text = "alias=" + identity.alias + "\nnode=" + identity.node.to_string() +
              "\ncluster=" + identity.cluster.to_string() + "\n";
  if (!identity.log.empty()) text += "log=" + identity.log + "\n";
  if (!identity.data.empty()) text += "data=" + identity.data + "\n";
  if (identity.level > 0) text += "level=" + std::to_string(identity.level) + "\n";
  return io::replace_file(files, path_in(directory), text);
}

Status check_place(io::FileSystem& files, const std::string& kept, const std::string& now, const std::string& setting) {
  if (kept.empty() || kept == now) return {};
  const auto names = files.list(kept);
  if (!names.ok() || names->empty()) return {};
  return Error{ErrorCode::kInvalid, "nothing of this node is in " + now + ", where " + setting +
                                        " leads; what it keeps is in " + kept + ". Correct " + setting +
                                        " (where its line is gone the default counts), or bring the files along"};
}

Status check_not_left(io::FileSystem& files, const std::filesystem::path& directory, const std::string& alias) {
  const auto path = (directory / "moved").string();
  TRY(const bool is_left, files.exists(path));
  if (!is_left) return {};
  TRY(const auto text, io::read_file(files, path, kIdentityBytesMax));
  return Error{ErrorCode::kConflict, "node " + alias + " lives at " + text.substr(0, text.find('\n')) +
                                         " now; this is the copy it left behind, and two of them may not run. To have "
                                         "it here again: pelorus migrate rollback. The mark is the file " +
                                         path};
}

Result<NodeIdentity> load_identity(io::FileSystem& files, const std::filesystem::path& directory,
                                   const std::string& alias) {
  const auto path = path_in(directory);
  TRY(const bool exists, files.exists(path));
  if (!exists) {
    NodeIdentity made{.alias = alias, .node = Uuid::random(), .cluster = {}};
    TRY_DONE(save_identity(files, directory, made));
    return made;
  }
  TRY(const auto text, io::read_file(files, path, kIdentityBytesMax));
  std::map<std::string, std::string> fields;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (const auto equals = line.find('='); equals != std::string::npos)
      fields[line.substr(0, equals)] = line.substr(equals + 1);
  }
  const NodeIdentity found{.alias = fields["alias"],
                           .node = Uuid::parse(fields["node"]),
                           .cluster = Uuid::parse(fields["cluster"]),
                           .log = fields["log"],
                           .data = fields["data"],
                           .level = level_of(fields["level"])};
  if (found.node.is_nil())
    return Error{ErrorCode::kCorrupt,
                 path + " holds no node UUID; restore it from a copy, or empty the directory to join as a new node"};
  if (found.alias != alias) {
    return Error{ErrorCode::kInvalid, path + " belongs to node " + found.alias + ", not to " + alias +
                                          "; each node needs a directory of its own"};
  }
  return found;
}

}  // namespace pelorus::server
