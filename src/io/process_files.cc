#include "io/process_files.h"

#include <algorithm>
#include <utility>

#include "base/fault_point.h"

namespace pelorus::io {
namespace {

bool is_digits(std::string_view text, std::string_view digits) {
  return !text.empty() && text.find_first_not_of(digits) == std::string_view::npos;
}

/// A kind of file, how its last name looks, and which operations it sees.
struct Kind {
  std::string_view name;
  bool (*is_named)(std::string_view file);
  std::vector<std::string_view> operations;
};

/// docs/formats has a page for each.
const std::vector<Kind>& kinds() {
  static const std::vector<Kind> kKinds = {
      {"redo_log_state", [](std::string_view file) { return file == "log_state"; }, {"write", "sync", "rename"}},
      {"redo_log",
       [](std::string_view file) { return file.ends_with(".wal") || file.starts_with("spare_"); },
       {"allocate", "write", "sync", "rename", "remove"}},
      {"column_file", [](std::string_view file) { return file.ends_with(".col"); }, {"write", "sync", "remove"}},
      {"manifest", [](std::string_view file) { return file == "manifest"; }, {"write", "sync", "rename", "remove"}},
      {"identity",
       [](std::string_view file) { return file == "identity" || file.ends_with("_identity"); },
       {"write", "sync", "rename"}},
      {"foundation", [](std::string_view file) { return file == "foundation"; }, {"write", "sync", "rename"}},
      {"single_log", [](std::string_view file) { return file.starts_with("log-"); }, {"write", "sync", "remove"}},
      {"snapshot", [](std::string_view file) { return file == "snapshot"; }, {"write", "sync", "rename"}},
      {"stream_log", [](std::string_view file) { return file.ends_with(".rows"); }, {"write", "sync", "remove"}},
      {"redo_directory",
       [](std::string_view file) { return file.starts_with("redoLog") || file.starts_with("redo_log"); },
       {"sync"}},
      {"chunk_directory",
       [](std::string_view file) { return file.size() == 16 && is_digits(file, "0123456789abcdef"); },
       {"make", "sync", "remove"}},
  };
  return kKinds;
}

std::string name_of(const Kind& kind, std::string_view operation, std::string_view moment) {
  return std::string(kind.name) + '.' + std::string(operation) + '.' + std::string(moment);
}

/// Files that are about to replace others are named for those.
Status pass(const std::string& path, std::string_view operation, std::string_view moment) {
  if (!faults_are_ordered()) return {};
  std::string_view file(path);
  file.remove_prefix(std::min(file.size(), file.rfind('/') + 1));
  if (file.ends_with(".new")) file.remove_suffix(4);
  for (const auto& kind : kinds()) {
    if (kind.is_named(file)) return pass_fault(name_of(kind, operation, moment));
  }
  return {};
}

template <class Deed>
Status around(const std::string& path, std::string_view operation, const Deed& deed) {
  TRY_DONE(pass(path, operation, "before"));
  TRY_DONE(deed());
  return pass(path, operation, "after");
}

class ProcessFile final : public File {
 public:
  ProcessFile(std::unique_ptr<File> inner, std::string path) : inner_(std::move(inner)), path_(std::move(path)) {}

  Result<size_t> read(uint64_t offset, void* into, size_t bytes) const override {
    return inner_->read(offset, into, bytes);
  }
  Status write(uint64_t offset, std::span<const std::string_view> parts) override {
    return around(path_, "write", [&] { return inner_->write(offset, parts); });
  }
  Status allocate(uint64_t bytes) override {
    return around(path_, "allocate", [&] { return inner_->allocate(bytes); });
  }
  Status truncate(uint64_t bytes) override { return inner_->truncate(bytes); }
  Status sync() override {
    return around(path_, "sync", [&] { return inner_->sync(); });
  }
  Result<uint64_t> size() const override { return inner_->size(); }

 private:
  const std::unique_ptr<File> inner_;
  const std::string path_;
};

}  // namespace

std::vector<std::string> file_fault_names() {
  std::vector<std::string> names;
  for (const auto& kind : kinds()) {
    for (const auto operation : kind.operations) {
      names.push_back(name_of(kind, operation, "before"));
      names.push_back(name_of(kind, operation, "after"));
    }
  }
  return names;
}

Result<std::unique_ptr<File>> ProcessFiles::open(const std::string& path, OpenMode mode) {
  TRY(auto file, inner_.open(path, mode));
  if (mode == OpenMode::kRead) return file;
  return std::unique_ptr<File>(std::make_unique<ProcessFile>(std::move(file), path));
}

Status ProcessFiles::rename(const std::string& from, const std::string& to) {
  return around(to, "rename", [&] { return inner_.rename(from, to); });
}

Status ProcessFiles::remove(const std::string& path) {
  return around(path, "remove", [&] { return inner_.remove(path); });
}

Status ProcessFiles::make_directories(const std::string& path) {
  if (!faults_are_ordered()) return inner_.make_directories(path);
  TRY(const bool there, inner_.exists(path));
  if (there) return inner_.make_directories(path);
  return around(path, "make", [&] { return inner_.make_directories(path); });
}

Status ProcessFiles::remove_directory(const std::string& path) {
  return around(path, "remove", [&] { return inner_.remove_directory(path); });
}

Status ProcessFiles::sync_directory(const std::string& path) {
  return around(path, "sync", [&] { return inner_.sync_directory(path); });
}

}  // namespace pelorus::io
