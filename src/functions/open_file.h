#pragma once
// What file(…) gives a script.

#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>

#include "data/usable_handle.h"
#include "functions/arguments.h"

namespace pelorus::functions {

/// A file of the node. One lock for each, as several sessions may share a handle.
class OpenFile final : public data::UsableHandle {
 public:
  OpenFile(std::string path, FILE* file) : path_(std::move(path)), file_(file) {}
  ~OpenFile() override { OpenFile::close(); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  std::string kind() const override { return "file handle"; }
  std::string describe() const override { return "file " + path_; }

  void close() override {
    const std::lock_guard lock(mutex_);
    if (file_ != nullptr) std::fclose(file_);
    file_ = nullptr;
  }
  /// Runs `work` on the open file; ScriptError when it is closed.
  template <class F>
  auto with(F&& work) {
    const std::lock_guard lock(mutex_);
    if (file_ == nullptr) throw ScriptError("The file " + path_ + " is closed.");
    return work(file_);
  }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  std::mutex mutex_;
  FILE* file_;  // guarded by mutex_; null once closed
};

/// The open file behind a value; ScriptError naming the function when it is none.
inline OpenFile& file_of(std::string_view function, const Value& value) {
  auto* file = value.is_handle() ? dynamic_cast<OpenFile*>(value.handle().get()) : nullptr;
  if (file == nullptr) usage_error(function, "handle must be an open file.");
  return *file;
}

/// All of it, handed to the system; ScriptError otherwise.
inline void write_all(OpenFile& to, std::string_view bytes) {
  to.with([&](FILE* file) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size() || std::fflush(file) != 0)
      throw ScriptError("Can't write the file " + to.path() + ".");
    return 0;
  });
}

}  // namespace pelorus::functions
