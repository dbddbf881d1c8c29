#pragma once
// A message as a list of byte ranges, so that columns go to the disk from where they lie.

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pelorus::storage {

/// Views are valid while the columns they were taken from live. Not copyable: it owns some of what it views.
class PartList {
 public:
  PartList() = default;
  PartList(PartList&&) = default;
  PartList& operator=(PartList&&) = default;
  PartList(const PartList&) = delete;
  PartList& operator=(const PartList&) = delete;

  void add_view(std::string_view bytes) {
    if (!bytes.empty()) parts_.push_back(bytes);
    bytes_ += bytes.size();
  }
  template <class T>
  void add_values(std::span<const T> values) {
    add_view({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
  }
  void add_owned(std::string bytes) {
    owned_.push_back(std::move(bytes));
    add_view(owned_.back());
  }
  std::span<const std::string_view> parts() const { return parts_; }
  size_t bytes() const { return bytes_; }
  /// All of it in one string.
  std::string joined() const {
    std::string all;
    all.reserve(bytes_);
    for (const auto part : parts_) all.append(part);
    return all;
  }

 private:
  std::vector<std::string_view> parts_;
  std::deque<std::string> owned_;  // stable addresses
  size_t bytes_ = 0;
};

}  // namespace pelorus::storage
