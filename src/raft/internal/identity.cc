#include "raft/internal/identity.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "io/checksum.h"
#include "io/process_files.h"
#include "raft/internal/open_segments.h"

namespace pelorus::raft {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kFirstLine = "pelorus raft identity 1\n";
constexpr uint64_t kIdentityBytesMax = 64 << 10;
constexpr uint64_t kMetadataBytes = 32;

std::string identity_path(const std::string& directory) { return directory + "/identity"; }

std::string encode(const Identity& identity) {
  std::string text(kFirstLine);
  text += "cluster " + identity.cluster.to_string() + "\n";
  text += "node " + identity.node.to_string() + "\n";
  text += "group " + identity.group + "\n";
  text += "id " + std::to_string(identity.id) + "\n";
  text += "alias " + identity.alias + "\n";
  text += "voter " + std::string(identity.was_voter ? "1" : "0") + "\n";
  text += "committed " + std::to_string(identity.committed_index) + "\n";
  return text + "crc32c " + std::to_string(io::crc32c(text)) + "\n";
}

Result<Identity> decode(const std::string& text, const std::string& path) {
  const Error damaged{ErrorCode::kCorrupt,
                      "identity file is damaged; restore it from a backup or rejoin as a new "
                      "member: " +
                          path};
  const auto sum_at = text.rfind("crc32c ");
  if (sum_at == std::string::npos || text.compare(0, kFirstLine.size(), kFirstLine) != 0) return damaged;
  if (text.substr(sum_at) != "crc32c " + std::to_string(io::crc32c(text.substr(0, sum_at))) + "\n") return damaged;
  std::map<std::string, std::string> values;
  std::istringstream lines(text.substr(kFirstLine.size(), sum_at - kFirstLine.size()));
  for (std::string line; std::getline(lines, line);) {
    const auto blank = line.find(' ');
    if (blank == std::string::npos) return damaged;
    values[line.substr(0, blank)] = line.substr(blank + 1);
  }
  Identity identity;
  identity.cluster = Uuid::parse(values["cluster"]);
  identity.node = Uuid::parse(values["node"]);
  identity.group = values["group"];
  identity.id = std::strtoull(values["id"].c_str(), nullptr, 10);
  identity.alias = values["alias"];
  identity.was_voter = values["voter"] == "1";
  identity.committed_index = std::strtoull(values["committed"].c_str(), nullptr, 10);
  return identity;
}

bool is_whole_metadata(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  uint64_t format = 0;
  in.read(reinterpret_cast<char*>(&format), sizeof format);
  std::error_code ignored;
  return in && format == 1 && fs::file_size(path, ignored) == kMetadataBytes;
}

Status same_owner(const Identity& known, const Identity& self, const std::string& directory) {
  const auto refuse = [&](std::string_view what, const std::string& stored, const std::string& ours) -> Status {
    return Error{ErrorCode::kDenied, "log directory belongs to another " + std::string(what) + ": " + stored +
                                         ", not " + ours + ", in " + directory};
  };
  if (known.cluster != self.cluster) return refuse("cluster", known.cluster.to_string(), self.cluster.to_string());
  if (known.node != self.node) return refuse("node", known.node.to_string(), self.node.to_string());
  if (known.group != self.group) return refuse("group", known.group, self.group);
  if (known.id != self.id) return refuse("member", std::to_string(known.id), std::to_string(self.id));
  return {};
}

}  // namespace

std::string engine_directory(const std::string& directory) { return directory + "/raft"; }

Result<StorageCheck> check_storage(const std::string& directory, const Identity& self, Identity& known) {
  const auto engine = engine_directory(directory);
  std::error_code failure;
  fs::create_directories(engine, failure);
  if (failure) return Error{ErrorCode::kIo, "cannot make the log's directory: " + failure.message() + ": " + engine};
  StorageCheck check;
  const bool first = is_whole_metadata(engine + "/metadata1");
  const bool second = is_whole_metadata(engine + "/metadata2");
  check.has_log = first || second;
  check.lost_metadata = first != second;
  const auto path = identity_path(directory);
  const bool is_empty = fs::is_empty(engine, failure);
  if (!fs::exists(path, failure)) {
    if (!is_empty)
      return Error{ErrorCode::kDenied, "log without identity file; it may be a copy of another member's: " + engine};
    known = self;
    check.is_new = true;
    return check;
  }
  io::ProcessFiles files;
  TRY(const auto text, io::read_file(files, path, kIdentityBytesMax));
  TRY(known, decode(text, path));
  TRY_DONE(same_owner(known, self, directory));
  if (known.was_voter && !check.has_log) {
    return Error{ErrorCode::kCorrupt,
                 (is_empty ? "this voter's log was wiped; it may not vote again: remove the member and add it with a "
                             "new node UUID: "
                           : "both metadata files of this voter are lost; it may not vote again: remove the member "
                             "and add it with a new node UUID: ") +
                     engine};
  }
  TRY_DONE(mend_open_segments(engine));
  return check;
}

Status write_identity(const std::string& directory, const Identity& identity) {
  io::ProcessFiles files;
  return io::replace_file(files, identity_path(directory), encode(identity));
}

}  // namespace pelorus::raft
