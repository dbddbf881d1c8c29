#include "io/faulty_file_system.h"

namespace pelorus::io {
namespace {

constexpr std::string_view kDeeds[kOperationCount] = {"open", "read",   "write",  "reserve space for", "truncate",
                                                      "sync", "rename", "remove", "sync directory"};

class FaultyFile final : public File {
 public:
  FaultyFile(FaultyFileSystem& files, std::unique_ptr<File> inner, std::string path)
      : files_(files), inner_(std::move(inner)), path_(std::move(path)) {}

  Result<size_t> read(uint64_t offset, void* into, size_t bytes) const override {
    TRY_DONE(files_.enter(Operation::kRead, path_));
    return inner_->read(offset, into, bytes);
  }
  Status write(uint64_t offset, std::span<const std::string_view> parts) override {
    const bool crashed_before = files_.crashed();
    const Status allowed = files_.enter(Operation::kWrite, path_);
    if (allowed.ok()) return inner_->write(offset, parts);
    if (files_.crashed() && !crashed_before && !parts.empty()) {
      // The write that was under way when the power went: its first half got to the disk's cache.
      const auto half = parts.first((parts.size() + 1) / 2);
      const std::string_view torn = half.back().substr(0, half.back().size() / 2);
      for (const auto part : half.first(half.size() - 1)) {
        TRY_DONE(inner_->write_at(offset, part));
        offset += part.size();
      }
      TRY_DONE(inner_->write_at(offset, torn));
    }
    return allowed;
  }
  Status allocate(uint64_t bytes) override {
    TRY_DONE(files_.enter(Operation::kAllocate, path_));
    return inner_->allocate(bytes);
  }
  Status truncate(uint64_t bytes) override {
    TRY_DONE(files_.enter(Operation::kTruncate, path_));
    return inner_->truncate(bytes);
  }
  Status sync() override {
    TRY_DONE(files_.enter(Operation::kSync, path_));
    return inner_->sync();
  }
  Result<uint64_t> size() const override { return inner_->size(); }

 private:
  FaultyFileSystem& files_;
  const std::unique_ptr<File> inner_;
  const std::string path_;
};

}  // namespace

Status FaultyFileSystem::enter(Operation operation, const std::string& path) {
  const auto deed = std::string(kDeeds[static_cast<size_t>(operation)]);
  if (operation != Operation::kRead && operation != Operation::kOpen && !crashed_.load()) {
    if (steps_.fetch_add(1) + 1 >= crash_at_.load()) crashed_.store(true);
  }
  if (crashed_.load()) return Error{ErrorCode::kIo, "cannot " + deed + ' ' + path + ": the machine is off"};
  const bool takes_space = operation == Operation::kWrite || operation == Operation::kAllocate;
  if (takes_space && is_full(path)) return Error{ErrorCode::kNoSpace, "cannot " + deed + ' ' + path + ": no space"};
  std::function<void()> action;
  {
    const std::lock_guard lock(mutex_);
    Rule& rule = rules_[static_cast<size_t>(operation)];
    if (rule.left == 0 || path.find(rule.path_part) == std::string::npos) return {};
    --rule.left;
    action.swap(rule.action);
  }
  if (!action) {
    return Error{ErrorCode::kIo, "cannot " + deed + ' ' + path + ": input/output error"};
  }
  action();
  return {};
}

void FaultyFileSystem::set_full(bool full, std::string path_part) {
  const std::lock_guard lock(mutex_);
  full_part_ = std::move(path_part);
  full_.store(full);
}

bool FaultyFileSystem::is_full(const std::string& path) {
  if (!full_.load()) return false;
  const std::lock_guard lock(mutex_);
  return path.find(full_part_) != std::string::npos;
}

void FaultyFileSystem::fail(Operation operation, std::string path_part, int count) {
  const std::lock_guard lock(mutex_);
  rules_[static_cast<size_t>(operation)] = {std::move(path_part), count, nullptr};
}

void FaultyFileSystem::before(Operation operation, std::string path_part, std::function<void()> action) {
  const std::lock_guard lock(mutex_);
  rules_[static_cast<size_t>(operation)] = {std::move(path_part), 1, std::move(action)};
}

Result<std::unique_ptr<File>> FaultyFileSystem::open(const std::string& path, OpenMode mode) {
  TRY_DONE(enter(mode == OpenMode::kCreate ? Operation::kWrite : Operation::kOpen, path));
  TRY(auto file, inner_.open(path, mode));
  return std::unique_ptr<File>(std::make_unique<FaultyFile>(*this, std::move(file), path));
}
Status FaultyFileSystem::rename(const std::string& from, const std::string& to) {
  TRY_DONE(enter(Operation::kRename, from));
  return inner_.rename(from, to);
}
Status FaultyFileSystem::remove(const std::string& path) {
  TRY_DONE(enter(Operation::kRemove, path));
  return inner_.remove(path);
}
Status FaultyFileSystem::make_directories(const std::string& path) {
  TRY_DONE(enter(Operation::kSyncDirectory, path));
  return inner_.make_directories(path);
}
Status FaultyFileSystem::remove_directory(const std::string& path) {
  TRY_DONE(enter(Operation::kRemove, path));
  return inner_.remove_directory(path);
}
Status FaultyFileSystem::sync_directory(const std::string& path) {
  TRY_DONE(enter(Operation::kSyncDirectory, path));
  return inner_.sync_directory(path);
}
Result<std::vector<std::string>> FaultyFileSystem::list(const std::string& path) {
  TRY_DONE(enter(Operation::kOpen, path));
  return inner_.list(path);
}
Result<bool> FaultyFileSystem::exists(const std::string& path) {
  TRY_DONE(enter(Operation::kOpen, path));
  return inner_.exists(path);
}
Result<Space> FaultyFileSystem::space(const std::string& path) {
  TRY(auto space, inner_.space(path));
  if (is_full(path)) space.bytes_free = 0;
  return space;
}
Result<std::unique_ptr<FileLock>> FaultyFileSystem::lock(const std::string& path) {
  TRY_DONE(enter(Operation::kOpen, path));
  return inner_.lock(path);
}

}  // namespace pelorus::io
