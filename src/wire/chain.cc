#include "wire/chain.h"

namespace pelorus::wire {

void Chain::put_raw(const void* data, size_t size) {
  if (size == 0) return;
  if (pieces_.empty() || pieces_.back().data != nullptr || pieces_.back().own.size() + size > kOwnBytesMax) {
    pieces_.emplace_back();
  }
  pieces_.back().own.append(static_cast<const char*>(data), size);
  size_ += size;
}

void Chain::put_cstring(std::string_view text) {
  put_text(text.substr(0, text.find('\0')));
  put<char>('\0');
}

void Chain::refer(const void* data, size_t size) {
  if (size < kReferBytesMin) return put_raw(data, size);
  pieces_.push_back({{}, static_cast<const char*>(data), size});
  size_ += size;
}

void Chain::append(Chain other) {
  for (auto& piece : other.pieces_) {
    if (piece.data == nullptr) {
      put_text(piece.own);
    } else {
      size_ += piece.size;
      pieces_.push_back(std::move(piece));
    }
  }
  for (auto& owner : other.kept_) kept_.push_back(std::move(owner));
}

std::vector<std::string_view> Chain::pieces() const {
  std::vector<std::string_view> views;
  views.reserve(pieces_.size());
  for (const auto& piece : pieces_) {
    views.push_back(piece.data != nullptr ? std::string_view(piece.data, piece.size) : std::string_view(piece.own));
  }
  return views;
}

std::string Chain::flatten() const {
  std::string all;
  all.reserve(size_);
  for (const auto& view : pieces()) all.append(view);
  return all;
}

void Chain::clear() {
  pieces_.clear();
  kept_.clear();
  size_ = 0;
}

}  // namespace pelorus::wire
