#include "cli/deploy/package_facts.h"

#include <openssl/evp.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>

namespace pelorus::cli::deploy {
namespace {

namespace fs = std::filesystem;

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

/// What the nodes of a package that was used leave in it.
bool is_made_by_nodes(const std::string& relative) {
  for (const std::string_view place : {"clusterDemo/data/", "clusterDemo/log/", "clusterDemo/config/"}) {
    if (relative.starts_with(place)) return true;
  }
  return relative == ".fingerprint";
}

Result<std::vector<fs::path>> files_of(const fs::path& server) {
  std::error_code failure;
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(server, failure)) {
    if (entry.is_regular_file() && !is_made_by_nodes(entry.path().lexically_relative(server).string()))
      files.push_back(entry.path());
  }
  if (failure) return Error{ErrorCode::kIo, server.string() + ": " + failure.message()};
  std::ranges::sort(files);
  return files;
}

}  // namespace

Status stage_package(const fs::path& server, const fs::path& to) {
  std::error_code failure;
  TRY(const auto files, files_of(server));
  // Those that are empty, or empty without what nodes made.
  for (const auto* folder :
       {"clusterDemo/data", "clusterDemo/log", "clusterDemo/config", "modules", "plugins", "web"}) {
    fs::create_directories(to / folder, failure);
    if (failure) return Error{ErrorCode::kIo, (to / folder).string() + ": " + failure.message()};
  }
  for (const auto& file : files) {
    const auto target = to / file.lexically_relative(server);
    fs::create_directories(target.parent_path(), failure);
    fs::create_hard_link(file, target, failure);
    if (failure) fs::copy_file(file, target, failure);
    if (failure) return Error{ErrorCode::kIo, target.string() + ": " + failure.message()};
  }
  return {};
}

Result<PackageFacts> read_package(const fs::path& server) {
  std::error_code failure;
  TRY(const auto files, files_of(server));
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> digest(EVP_MD_CTX_new());
  EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr);
  PackageFacts facts;
  std::vector<char> buffer(1 << 20);
  for (const auto& file : files) {
    const auto name = file.lexically_relative(server).string() + "\n";
    EVP_DigestUpdate(digest.get(), name.data(), name.size());
    // The program has two names (a hard link): its bytes count once.
    if (file.filename() == "pelorusd" && fs::equivalent(file, server / "dolphindb", failure)) continue;
    std::ifstream in(file, std::ios::binary);
    while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
      EVP_DigestUpdate(digest.get(), buffer.data(), static_cast<size_t>(in.gcount()));
      facts.bytes += static_cast<double>(in.gcount());
    }
    if (in.bad()) return Error{ErrorCode::kIo, "cannot be read: " + file.string()};
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes;
  unsigned size = 0;
  EVP_DigestFinal_ex(digest.get(), bytes.data(), &size);
  constexpr char kDigits[] = "0123456789abcdef";
  for (unsigned i = 0; i < 16; ++i) {
    facts.fingerprint += kDigits[bytes[i] >> 4];
    facts.fingerprint += kDigits[bytes[i] & 15];
  }
  utsname system{};
  uname(&system);
  facts.machine = system.machine;
  return facts;
}

}  // namespace pelorus::cli::deploy
