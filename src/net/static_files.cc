#include "net/static_files.h"

#include <sys/stat.h>

#include <fstream>

#include "net/percent_decoding.h"

namespace pelorus::net {
namespace {

struct ContentType {
  std::string_view extension;
  std::string_view type;
};

constexpr ContentType kContentTypes[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".woff", "font/woff"},
    {".txt", "text/plain; charset=utf-8"},
    {".wasm", "application/wasm"},
    {".webp", "image/webp"},
    {".jpg", "image/jpeg"},
};

/// Path segments joined again; nothing when one would leave the folder or is hidden.
std::optional<std::string> safe_relative(std::string_view path) {
  const auto decoded = percent_decoded(path);
  if (!decoded || decoded->find('\\') != std::string::npos) return std::nullopt;
  std::string relative;
  size_t at = 0;
  while (at < decoded->size()) {
    const size_t end = std::min(decoded->find('/', at), decoded->size());
    const auto segment = std::string_view(*decoded).substr(at, end - at);
    at = end + 1;
    if (segment.empty()) continue;
    if (segment.front() == '.') return std::nullopt;
    relative.append("/").append(segment);
  }
  return relative;
}

/// True for a plain file; links are not followed anywhere on the way below `root`.
bool is_plain_file(const std::string& root, const std::string& relative, struct stat* facts) {
  for (size_t at = relative.find('/', 1);; at = relative.find('/', at + 1)) {
    const auto part = root + relative.substr(0, at);
    if (lstat(part.c_str(), facts) != 0 || S_ISLNK(facts->st_mode)) return false;
    if (at == std::string::npos) return S_ISREG(facts->st_mode);
  }
}

bool has_extension(std::string_view path) {
  const auto name = path.substr(path.rfind('/') + 1);
  return name.find('.') != std::string_view::npos;
}

}  // namespace

std::string_view content_type_of(std::string_view name) {
  for (const auto& row : kContentTypes) {
    if (name.ends_with(row.extension)) return row.type;
  }
  return "application/octet-stream";
}

std::optional<StaticFile> StaticFiles::find(std::string_view path, bool accepts_gzip) const {
  if (root_.empty()) return std::nullopt;
  const auto relative = safe_relative(path);
  if (!relative) return std::nullopt;
  if (!relative->empty()) {
    if (auto file = read(*relative, accepts_gzip)) return file;
    if (has_extension(*relative)) return std::nullopt;
    if (auto file = read(*relative + "/index.html", accepts_gzip)) return file;
  }
  return read("/index.html", accepts_gzip);
}

std::optional<StaticFile> StaticFiles::read(const std::string& relative, bool accepts_gzip) const {
  struct stat facts {};
  if (!is_plain_file(root_, relative, &facts)) return std::nullopt;
  StaticFile file;
  file.content_type = content_type_of(relative);
  file.immutable = relative.starts_with("/assets/");
  struct stat packed {};
  if (accepts_gzip && is_plain_file(root_, relative + ".gz", &packed) && packed.st_mtime >= facts.st_mtime) {
    file.gzip = true;
    facts = packed;
  }
  if (facts.st_size < 0 || static_cast<size_t>(facts.st_size) > kFileBytesMax) return std::nullopt;
  std::ifstream in(root_ + relative + (file.gzip ? ".gz" : ""), std::ios::binary);
  file.body.resize(static_cast<size_t>(facts.st_size));
  in.read(file.body.data(), static_cast<std::streamsize>(file.body.size()));
  if (in.gcount() != static_cast<std::streamsize>(file.body.size())) return std::nullopt;
  file.etag = "\"" + std::to_string(facts.st_size) + "-" + std::to_string(facts.st_mtim.tv_sec) + "." +
              std::to_string(facts.st_mtim.tv_nsec) + (file.gzip ? "-gz\"" : "\"");
  return file;
}

}  // namespace pelorus::net
