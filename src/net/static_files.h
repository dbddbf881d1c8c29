#pragma once
// The files of the web pages: a folder on disk, read as it is asked for.

#include <optional>
#include <string>
#include <string_view>

namespace pelorus::net {

struct StaticFile {
  std::string body;
  std::string_view content_type;
  std::string etag;        // quoted
  bool gzip = false;       // body is the pre-compressed neighbour
  bool immutable = false;  // its name carries a hash: browsers may keep it for ever
};

/// Thread-safe. Reads from disk: call on threads that may block.
class StaticFiles {
 public:
  /// Empty: there are no pages.
  explicit StaticFiles(std::string root) : root_(std::move(root)) {}

  /// The file behind a request path (percent-encoded, without query). "/" and folders give index.html, as does every
  /// path without an extension (addresses inside the pages). Nothing: 404. Never leaves the folder, never follows
  /// links.
  std::optional<StaticFile> find(std::string_view path, bool accepts_gzip) const;

  static constexpr size_t kFileBytesMax = 64 << 20;

 private:
  std::optional<StaticFile> read(const std::string& relative, bool accepts_gzip) const;

  const std::string root_;
};

/// By the name's extension; application/octet-stream for unknown ones.
std::string_view content_type_of(std::string_view name);

}  // namespace pelorus::net
