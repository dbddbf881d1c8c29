#include "wire/internal/body.h"

#include <cmath>

namespace pelorus::wire {
namespace {

using data::Buffer;
using data::Bytes16;
using data::Int128;
using data::Repr;
using data::Scalar;
using data::SymbolBase;
using data::Type;
using data::Value;
using data::Vector;

/// Columns grow by what has arrived, at first by no more than this.
constexpr size_t kFirstBytes = 1 << 20;
/// Below this a copy through the connection's buffer is as good.
constexpr size_t kDirectBytesMin = 32 << 10;
constexpr size_t kReserveMax = 4096;

/// `count` raw values of plain type T; grows while bytes arrive.
template <class T>
class RawValues {
 public:
  void expect(size_t more) { wanted_ += more; }
  bool complete() const { return filled_ == wanted_ * sizeof(T); }

  Step step(Input& in) {
    while (!complete()) {
      const auto room = free_room();
      const size_t count = in.copy(room.data(), room.size());
      if (count == 0) return Step::kMore;
      filled_ += count;
    }
    return Step::kDone;
  }
  std::span<char> direct() {
    if (wanted_ * sizeof(T) - filled_ < kDirectBytesMin) return {};
    return free_room();
  }
  void direct_done(size_t size) { filled_ += size; }
  Buffer<T>& values() { return values_; }

 private:
  std::span<char> free_room() {
    if (values_.size() * sizeof(T) == filled_) {
      const size_t step = std::max(kFirstBytes / sizeof(T), values_.size());
      values_.resize(std::min(wanted_, values_.size() + step));
    }
    return {reinterpret_cast<char*>(values_.data()) + filled_, values_.size() * sizeof(T) - filled_};
  }

  Buffer<T> values_;
  size_t wanted_ = 0;
  size_t filled_ = 0;
};

/// Values from outside brought into our own conventions: no NaN, booleans 0, 1 or null.
template <class T>
void normalise(Type type, Buffer<T>& values) {
  if constexpr (std::is_floating_point_v<T>) {
    for (auto& value : values) value = std::isnan(value) ? types::kNull<T> : value;
  }
  if constexpr (std::is_same_v<T, int8_t>) {
    if (type != Type::kBool) return;
    for (auto& value : values) value = value == types::kNull<int8_t> ? value : static_cast<int8_t>(value != 0);
  }
}

template <class T>
class FixedBody final : public Body {
 public:
  explicit FixedBody(const BodyShape& shape) : shape_(shape) { raw_.expect(shape.count); }
  Step step(Input& in) override { return raw_.step(in); }
  std::span<char> direct() override { return raw_.direct(); }
  void direct_done(size_t size) override { raw_.direct_done(size); }
  Vector finish() override {
    normalise(shape_.type, raw_.values());
    return Vector::adopt<T>(shape_.type, std::move(raw_.values()), shape_.scale);
  }

 private:
  const BodyShape shape_;
  RawValues<T> raw_;
};

class VoidBody final : public Body {
 public:
  explicit VoidBody(size_t count) : count_(count) {}
  Step step(Input& in) override { return in.spend_bodiless(count_) ? Step::kDone : Step::kFault; }
  Vector finish() override { return Vector::nulls(Type::kVoid, count_); }

 private:
  const size_t count_;
};

class DurationBody final : public Body {
 public:
  explicit DurationBody(size_t count) { raw_.expect(count); }
  Step step(Input& in) override { return raw_.step(in); }
  Vector finish() override {
    Vector durations(Type::kDuration);
    for (const int64_t packed : raw_.values()) {
      const types::Duration duration{.count = static_cast<int32_t>(packed), .unit = static_cast<int32_t>(packed >> 32)};
      durations.edit_any().push_back(Value(Scalar::of_duration(duration)));
    }
    return durations;
  }

 private:
  RawValues<int64_t> raw_;
};

class StringBody final : public Body {
 public:
  explicit StringBody(size_t count) : count_(count) { texts_.reserve(std::min(count, kReserveMax)); }
  Step step(Input& in) override {
    while (texts_.size() < count_) {
      const auto text = in.cstring();
      if (!text) return in.more_or_fault();
      texts_.emplace_back(*text);
    }
    in.release();
    return Step::kDone;
  }
  Vector finish() override { return Vector::adopt<std::string>(Type::kString, std::move(texts_)); }

 private:
  const size_t count_;
  Buffer<std::string> texts_;
};

/// Type 17 outside a dictionary encoding: texts, from which a base of our own is made.
class PlainSymbolBody final : public Body {
 public:
  explicit PlainSymbolBody(size_t count) : count_(count) { codes_.reserve(std::min(count, kReserveMax)); }
  Step step(Input& in) override {
    while (codes_.size() < count_) {
      const auto text = in.cstring();
      if (!text) return in.more_or_fault();
      const auto code = base_->code_of(*text);
      if (code >= SymbolBase::kSymbolsMax) {
        return in.limit("a SYMBOL vector of more than " + std::to_string(SymbolBase::kSymbolsMax) + " distinct texts");
      }
      codes_.push_back(code);
    }
    in.release();
    return Step::kDone;
  }
  Vector finish() override { return Vector::of_symbols(base_, std::move(codes_)); }

 private:
  const size_t count_;
  std::shared_ptr<SymbolBase> base_ = std::make_shared<SymbolBase>();
  Buffer<int32_t> codes_;
};

class BlobBody final : public Body {
 public:
  explicit BlobBody(size_t count) : count_(count) { blobs_.reserve(std::min(count, kReserveMax)); }
  Step step(Input& in) override {
    while (blobs_.size() < count_ || inside_) {
      if (!inside_) {
        int32_t size = 0;
        if (!in.get(&size)) return Step::kMore;
        if (size < 0) return in.corrupt("a BLOB of " + std::to_string(size) + " bytes");
        if (static_cast<size_t>(size) > in.limits().text_bytes_max) {
          return in.limit("a BLOB of " + std::to_string(size) + " bytes");
        }
        missing_ = static_cast<size_t>(size);
        blobs_.emplace_back();
        inside_ = true;
      }
      if (!fill(in)) return Step::kMore;
      inside_ = false;
    }
    return Step::kDone;
  }
  Vector finish() override { return Vector::adopt<std::string>(Type::kBlob, std::move(blobs_)); }

 private:
  bool fill(Input& in) {
    auto& blob = blobs_.back();
    const size_t count = std::min(missing_, in.left());
    const size_t had = blob.size();
    blob.resize(had + count);
    in.copy(blob.data() + had, count);
    missing_ -= count;
    return missing_ == 0;
  }

  const size_t count_;
  Buffer<std::string> blobs_;
  size_t missing_ = 0;
  bool inside_ = false;
};

class SymbolBody final : public Body {
 public:
  SymbolBody(size_t count, SymbolDictionaries& known) : known_(known) { raw_.expect(count); }
  Step step(Input& in) override {
    if (phase_ == Phase::kBaseId) {
      if (!in.get(&base_id_)) return Step::kMore;
      phase_ = Phase::kBaseSize;
    }
    if (phase_ == Phase::kBaseSize) {
      if (!in.get(&base_size_)) return Step::kMore;
      if (const auto step = open_base(in); step != Step::kDone) return step;
      phase_ = Phase::kTexts;
    }
    if (phase_ == Phase::kTexts) {
      while (static_cast<int32_t>(dictionary_->codes.size()) < base_size_) {
        const auto text = in.cstring();
        if (!text) return in.more_or_fault();
        dictionary_->codes.push_back(dictionary_->base->code_of(*text));
      }
      in.release();
      phase_ = Phase::kCodes;
    }
    if (raw_.step(in) == Step::kMore) return Step::kMore;
    return translate(in);
  }
  std::span<char> direct() override { return phase_ == Phase::kCodes ? raw_.direct() : std::span<char>(); }
  void direct_done(size_t size) override { raw_.direct_done(size); }
  Vector finish() override { return Vector::of_symbols(dictionary_->base, std::move(raw_.values())); }

 private:
  Step open_base(Input& in) {
    if (base_size_ < 0 || base_size_ > SymbolBase::kSymbolsMax) {
      return in.corrupt("a symbol base of " + std::to_string(base_size_) + " texts");
    }
    if (base_size_ > 0) {
      dictionary_ = std::make_shared<SymbolDictionary>();
      const auto expected = std::min(static_cast<size_t>(base_size_), kReserveMax);
      dictionary_->base->reserve(expected);
      dictionary_->codes.reserve(expected);
      known_[base_id_] = dictionary_;
      return Step::kDone;
    }
    const auto found = known_.find(base_id_);
    // No texts under an unknown number: only nulls can follow.
    dictionary_ = found != known_.end() ? found->second : std::make_shared<SymbolDictionary>();
    base_size_ = static_cast<int32_t>(dictionary_->codes.size());
    return Step::kDone;
  }
  Step translate(Input& in) {
    const auto& codes = dictionary_->codes;
    for (auto& code : raw_.values()) {
      if (code == 0 && codes.empty()) continue;
      if (code < 0 || static_cast<size_t>(code) >= codes.size()) {
        return in.corrupt("symbol " + std::to_string(code) + " of a base of " + std::to_string(codes.size()));
      }
      code = codes[static_cast<size_t>(code)];
    }
    return Step::kDone;
  }

  enum class Phase { kBaseId, kBaseSize, kTexts, kCodes };
  SymbolDictionaries& known_;
  Phase phase_ = Phase::kBaseId;
  int32_t base_id_ = 0;
  int32_t base_size_ = 0;
  std::shared_ptr<SymbolDictionary> dictionary_;
  RawValues<int32_t> raw_;
};

/// Blocks of row counts and elements (§6.9).
template <class T>
class ArrayBody final : public Body {
 public:
  explicit ArrayBody(const BodyShape& shape) : shape_(shape) {}

  Step step(Input& in) override {
    while (true) {
      if (phase_ == Phase::kHeader) {
        if (ends_.size() == shape_.count) return check_total(in);
        if (!in.get(&header_)) return Step::kMore;
        if (const auto step = open_block(in); step != Step::kDone) return step;
      }
      if (phase_ == Phase::kCounts) {
        if (const auto step = take_counts(in); step != Step::kDone) return step;
      }
      if (raw_.step(in) == Step::kMore) return Step::kMore;
      phase_ = Phase::kHeader;
    }
  }
  std::span<char> direct() override { return phase_ == Phase::kValues ? raw_.direct() : std::span<char>(); }
  void direct_done(size_t size) override { raw_.direct_done(size); }
  Vector finish() override {
    normalise(shape_.type, raw_.values());
    auto flat = Vector::adopt<T>(shape_.type, std::move(raw_.values()), shape_.scale);
    return Vector::array(data::Shared<Vector>(std::move(flat)), std::move(ends_));
  }

 private:
  struct __attribute__((packed)) Header {
    uint16_t rows;
    uint8_t count_width;
    uint8_t reserved;
  };
  enum class Phase { kHeader, kCounts, kValues };

  Step open_block(Input& in) {
    const uint8_t width = header_.count_width;
    if (width != 1 && width != 2 && width != 4) {
      return in.corrupt("an array vector block with counts of " + std::to_string(width) + " bytes");
    }
    if (header_.rows == 0 || header_.rows > shape_.count - ends_.size()) {
      return in.corrupt("an array vector block of " + std::to_string(header_.rows) + " rows where " +
                        std::to_string(shape_.count - ends_.size()) + " are missing");
    }
    rows_left_ = header_.rows;
    before_ = total_;
    phase_ = Phase::kCounts;
    return Step::kDone;
  }
  Step take_counts(Input& in) {
    for (; rows_left_ > 0; --rows_left_) {
      uint32_t count = 0;
      if (!take_count(in, &count)) return Step::kMore;
      total_ += count;
      if (total_ > INT32_MAX) return in.corrupt("an array vector of more than 2147483647 elements");
      ends_.push_back(static_cast<int64_t>(total_));
    }
    raw_.expect(static_cast<size_t>(total_ - before_));
    phase_ = Phase::kValues;
    return Step::kDone;
  }
  bool take_count(Input& in, uint32_t* count) {
    if (header_.count_width == 4) return in.get(count);
    if (header_.count_width == 2) {
      uint16_t narrow = 0;
      if (!in.get(&narrow)) return false;
      *count = narrow;
      return true;
    }
    uint8_t narrow = 0;
    if (!in.get(&narrow)) return false;
    *count = narrow;
    return true;
  }
  Step check_total(Input& in) {
    if (!shape_.array_elements || *shape_.array_elements == total_) return Step::kDone;
    return in.corrupt("an array vector states " + std::to_string(*shape_.array_elements) + " elements and has " +
                      std::to_string(total_));
  }

  const BodyShape shape_;
  Header header_{};
  Phase phase_ = Phase::kHeader;
  Buffer<int64_t> ends_;
  uint64_t total_ = 0;
  uint64_t before_ = 0;
  uint32_t rows_left_ = 0;
  RawValues<T> raw_;
};

bool may_be_array_element(Type type) {
  return types::is_fixed(types::repr_of(type)) && types::is_storable(type) && type != Type::kSymbol;
}

}  // namespace

std::unique_ptr<Body> make_body(const BodyShape& shape) {
  if (shape.array) {
    if (!may_be_array_element(shape.type)) return nullptr;
    return types::visit_fixed(types::repr_of(shape.type), [&]<class T>() -> std::unique_ptr<Body> {
      return std::make_unique<ArrayBody<T>>(shape);
    });
  }
  switch (shape.type) {
    case Type::kVoid: return std::make_unique<VoidBody>(shape.count);
    case Type::kSymbol: return std::make_unique<PlainSymbolBody>(shape.count);
    case Type::kString: return std::make_unique<StringBody>(shape.count);
    case Type::kBlob: return std::make_unique<BlobBody>(shape.count);
    case Type::kDuration: return std::make_unique<DurationBody>(shape.count);
    default: break;
  }
  if (!types::is_storable(shape.type) || !types::is_fixed(types::repr_of(shape.type))) return nullptr;
  return types::visit_fixed(types::repr_of(shape.type),
                            [&]<class T>() -> std::unique_ptr<Body> { return std::make_unique<FixedBody<T>>(shape); });
}

std::unique_ptr<Body> make_symbol_body(size_t count, SymbolDictionaries& known) {
  return std::make_unique<SymbolBody>(count, known);
}

}  // namespace pelorus::wire
