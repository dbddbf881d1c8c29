#include "io/memory_file_system.h"

#include <algorithm>
#include <cstring>

namespace pelorus::io {

struct MemoryFileSystem::Inode {
  struct Range {
    uint64_t from;
    uint64_t to;
  };
  mutable std::mutex mutex;
  std::string content;          // guarded by mutex
  std::string durable;          // guarded by mutex; as of the last sync
  std::vector<Range> unsynced;  // guarded by mutex
  bool size_changed = false;    // guarded by mutex; truncate since the last sync
};

namespace {

using Inode = MemoryFileSystem::Inode;
constexpr uint64_t kSectorBytes = 512;
constexpr uint64_t kFileBytesMax = 4ull << 30;

Error missing(const std::string& path) { return {ErrorCode::kNotFound, "no such file or directory: " + path}; }

class MemoryFile final : public File {
 public:
  MemoryFile(std::shared_ptr<Inode> inode, std::string path, bool writable)
      : inode_(std::move(inode)), path_(std::move(path)), writable_(writable) {}

  Result<size_t> read(uint64_t offset, void* into, size_t bytes) const override {
    const std::lock_guard lock(inode_->mutex);
    if (offset >= inode_->content.size()) return size_t{0};
    const size_t count = std::min<size_t>(bytes, inode_->content.size() - offset);
    std::memcpy(into, inode_->content.data() + offset, count);
    return count;
  }
  Status write(uint64_t offset, std::span<const std::string_view> parts) override {
    if (!writable_) return Error{ErrorCode::kIo, "file is open for reading only: " + path_};
    const std::lock_guard lock(inode_->mutex);
    for (const auto part : parts) {
      if (part.empty()) continue;
      const uint64_t end = offset + part.size();
      if (end > kFileBytesMax) return Error{ErrorCode::kNoSpace, "file in memory would be too large: " + path_};
      if (end > inode_->content.size()) inode_->content.resize(end);
      std::memcpy(inode_->content.data() + offset, part.data(), part.size());
      inode_->unsynced.push_back({offset, end});
      offset = end;
    }
    return {};
  }
  Status allocate(uint64_t bytes) override {
    const std::lock_guard lock(inode_->mutex);
    if (bytes <= inode_->content.size()) return {};
    inode_->content.resize(bytes);
    inode_->size_changed = true;
    return {};
  }
  Status truncate(uint64_t bytes) override {
    const std::lock_guard lock(inode_->mutex);
    inode_->content.resize(bytes);
    inode_->size_changed = true;
    return {};
  }
  Status sync() override {
    const std::lock_guard lock(inode_->mutex);
    auto& durable = inode_->durable;
    const auto& content = inode_->content;
    durable.resize(content.size());
    for (const auto range : inode_->unsynced) {
      const uint64_t to = std::min<uint64_t>(range.to, content.size());
      if (range.from < to) std::memcpy(durable.data() + range.from, content.data() + range.from, to - range.from);
    }
    if (inode_->size_changed) durable = content;
    inode_->size_changed = false;
    inode_->unsynced.clear();
    return {};
  }
  Result<uint64_t> size() const override {
    const std::lock_guard lock(inode_->mutex);
    return static_cast<uint64_t>(inode_->content.size());
  }

 private:
  const std::shared_ptr<Inode> inode_;
  const std::string path_;
  const bool writable_;
};

/// The content a power cut may leave: each sector of each unsynced write is there or not.
std::string torn_content(const Inode& inode, std::mt19937_64& random) {
  if (inode.size_changed && random() % 2 == 0) return inode.durable;
  std::string content = inode.durable;
  if (inode.size_changed) content.resize(inode.content.size());
  for (const auto range : inode.unsynced) {
    const unsigned chance = random() % 3;  // all sectors, none, or each by itself
    for (uint64_t from = range.from; from < range.to;) {
      const uint64_t to =
          std::min({(from / kSectorBytes + 1) * kSectorBytes, range.to, static_cast<uint64_t>(inode.content.size())});
      if (to <= from) break;
      if (chance == 0 || (chance == 2 && random() % 2 == 0)) {
        if (content.size() < to) content.resize(to);
        std::memcpy(content.data() + from, inode.content.data() + from, to - from);
      }
      from = to;
    }
  }
  return content;
}

}  // namespace

class MemoryLock final : public FileLock {
 public:
  MemoryLock(MemoryFileSystem& files, std::string path, uint64_t life)
      : files_(files), path_(std::move(path)), life_(life) {}
  ~MemoryLock() override {
    const std::lock_guard lock(files_.mutex_);
    if (files_.life_ == life_) files_.locks_.erase(path_);
  }
  MemoryLock(const MemoryLock&) = delete;
  MemoryLock& operator=(const MemoryLock&) = delete;

 private:
  MemoryFileSystem& files_;
  const std::string path_;
  const uint64_t life_;
};

void MemoryFileSystem::apply(Names& names, const NameChange& change) {
  if (!change.from.empty()) names.erase(change.from);
  if (!change.to.empty()) names[change.to] = change.inode;
}

void MemoryFileSystem::change_name(NameChange change) {
  apply(names_, change);
  pending_.push_back(std::move(change));
}

Result<std::unique_ptr<File>> MemoryFileSystem::open(const std::string& path, OpenMode mode) {
  const std::lock_guard lock(mutex_);
  auto found = names_.find(path);
  if (found == names_.end()) {
    if (mode != OpenMode::kCreate || !directories_.contains(parent_path(path))) return missing(path);
    change_name({"", path, std::make_shared<Inode>()});
    found = names_.find(path);
  } else if (mode == OpenMode::kCreate) {
    const std::lock_guard inode_lock(found->second->mutex);
    found->second->content.clear();
    found->second->size_changed = true;
  }
  return std::unique_ptr<File>(std::make_unique<MemoryFile>(found->second, path, mode != OpenMode::kRead));
}

Status MemoryFileSystem::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(from);
  if (found == names_.end()) return missing(from);
  if (!directories_.contains(parent_path(to))) return missing(to);
  change_name({from, to, found->second});
  return {};
}

Status MemoryFileSystem::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!names_.contains(path)) return missing(path);
  change_name({path, "", nullptr});
  return {};
}

Status MemoryFileSystem::make_directories(const std::string& path) {
  const std::lock_guard lock(mutex_);
  for (std::string at = path; directories_.insert(at).second; at = parent_path(at)) {
  }
  return {};
}

Status MemoryFileSystem::remove_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!directories_.contains(path)) return missing(path);
  const std::string inside = path + '/';
  const auto file = names_.lower_bound(inside);
  const auto directory = directories_.lower_bound(inside);
  if ((file != names_.end() && file->first.starts_with(inside)) ||
      (directory != directories_.end() && directory->starts_with(inside))) {
    return Error{ErrorCode::kAlreadyExists, "directory is not empty: " + path};
  }
  directories_.erase(path);
  return {};
}

Status MemoryFileSystem::sync_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!directories_.contains(path)) return missing(path);
  std::vector<NameChange> rest;
  for (auto& change : pending_) {
    if (parent_path(change.to.empty() ? change.from : change.to) == path) {
      apply(durable_names_, change);
    } else {
      rest.push_back(std::move(change));
    }
  }
  pending_ = std::move(rest);
  return {};
}

Result<std::vector<std::string>> MemoryFileSystem::list(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!directories_.contains(path)) return missing(path);
  std::set<std::string> found;
  for (const auto& [name, inode] : names_) {
    if (parent_path(name) == path) found.insert(name.substr(name.rfind('/') + 1));
  }
  for (const auto& name : directories_) {
    if (name != path && parent_path(name) == path) found.insert(name.substr(name.rfind('/') + 1));
  }
  return std::vector<std::string>(found.begin(), found.end());
}

Result<bool> MemoryFileSystem::exists(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return names_.contains(path) || directories_.contains(path);
}

Result<Space> MemoryFileSystem::space(const std::string&) {
  const std::lock_guard lock(mutex_);
  uint64_t used = 0;
  for (const auto& [name, inode] : names_) {
    const std::lock_guard inode_lock(inode->mutex);
    used += inode->content.size();
  }
  return Space{kFileBytesMax, used < kFileBytesMax ? kFileBytesMax - used : 0};
}

Result<std::unique_ptr<FileLock>> MemoryFileSystem::lock(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!locks_.insert(path).second) {
    return Error{ErrorCode::kConflict, "another process uses this directory; stop it first: " + path};
  }
  return std::unique_ptr<FileLock>(std::make_unique<MemoryLock>(*this, path, life_));
}

void MemoryFileSystem::crash(CrashStyle style, uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::lock_guard lock(mutex_);
  ++life_;
  locks_.clear();
  const bool in_order = random() % 2 == 0;  // a journal keeps a first part; without one any of the changes may stay
  const size_t first_part = random() % (pending_.size() + 1);
  for (size_t i = 0; i < pending_.size(); ++i) {
    const bool kept = style == CrashStyle::kKeepAll ||
                      (style == CrashStyle::kRandom && (in_order ? i < first_part : random() % 2 == 0));
    if (kept) apply(durable_names_, pending_[i]);
  }
  pending_.clear();
  Names left;
  for (const auto& [name, old] : durable_names_) {
    auto inode = std::make_shared<Inode>();
    const std::lock_guard inode_lock(old->mutex);
    inode->content = style == CrashStyle::kDropUnsynced ? old->durable
                     : style == CrashStyle::kKeepAll    ? old->content
                                                        : torn_content(*old, random);
    inode->durable = inode->content;
    left[name] = std::move(inode);
  }
  names_ = left;
  durable_names_ = std::move(left);
  // A file that comes back brings the directories back that were removed after it.
  for (const auto& [name, inode] : names_) {
    for (auto parent = parent_path(name); directories_.insert(parent).second;) parent = parent_path(parent);
  }
}

Status MemoryFileSystem::flip_bit(const std::string& path, uint64_t bit) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  if (found == names_.end()) return missing(path);
  Inode& inode = *found->second;
  const std::lock_guard inode_lock(inode.mutex);
  if (bit / 8 >= inode.content.size()) return Error{ErrorCode::kInvalid, "no such bit in " + path};
  inode.content[bit / 8] = static_cast<char>(inode.content[bit / 8] ^ (1 << (bit % 8)));
  inode.durable = inode.content;
  return {};
}

Status MemoryFileSystem::cut(const std::string& path, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  if (found == names_.end()) return missing(path);
  Inode& inode = *found->second;
  const std::lock_guard inode_lock(inode.mutex);
  inode.content.resize(std::min<uint64_t>(bytes, inode.content.size()));
  inode.durable = inode.content;
  return {};
}

std::vector<std::string> MemoryFileSystem::files() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> found;
  for (const auto& [name, inode] : names_) found.push_back(name);
  return found;
}

std::unique_ptr<MemoryFileSystem> MemoryFileSystem::copy() const {
  auto twin = std::make_unique<MemoryFileSystem>();
  const std::lock_guard lock(mutex_);
  for (const auto& [name, old] : names_) {
    auto inode = std::make_shared<Inode>();
    const std::lock_guard inode_lock(old->mutex);
    inode->content = inode->durable = old->content;
    twin->names_[name] = std::move(inode);
  }
  twin->durable_names_ = twin->names_;
  twin->directories_ = directories_;
  return twin;
}

}  // namespace pelorus::io
