#include "wire/internal/frame.h"

namespace pelorus::wire {
namespace {

using data::Type;
using data::Value;
using data::Vector;

/// Rows, columns, a scale for decimals, then the elements. Also pairs, which are vectors of two.
class VectorFrame final : public Frame {
 public:
  VectorFrame(ObjectFlag flag, SymbolDictionaries* dictionaries)
      : flag_(flag), dictionaries_(dictionaries != nullptr ? *dictionaries : own_dictionaries_) {
    if (flag.type != kExtendedSymbol) split_type_code(flag.type, &type_, &array_);
  }

  Step step(Input& in) override {
    if (!has_size_) {
      if (!in.get(&size_)) return Step::kMore;
      has_size_ = true;
    }
    if (body_ == nullptr) {
      if (types::is_decimal(type_) && !in.get(&scale_)) return Step::kMore;
      if (const auto step = open(in); step != Step::kDone) return step;
    }
    return body_->step(in);
  }
  std::span<char> direct() override { return body_ != nullptr ? body_->direct() : std::span<char>(); }
  void direct_done(size_t size) override { body_->direct_done(size); }
  Value result() override {
    if (is_pair()) return Value(data::Pair{body_->finish()});
    return Value(body_->finish());
  }

 private:
  struct Size {
    int32_t rows;
    int32_t columns;  // of an array vector: its elements
  };
  bool is_pair() const { return flag_.form == static_cast<uint8_t>(data::Form::kPair); }

  Step open(Input& in) {
    if (size_.rows < 0 || size_.columns < 0) {
      return in.corrupt("a vector of " + std::to_string(size_.rows) + " rows");
    }
    if (!array_ && size_.columns != 1) {
      return in.corrupt("a vector of " + std::to_string(size_.columns) + " columns");
    }
    if (is_pair() && size_.rows != 2) return in.corrupt("a pair of " + std::to_string(size_.rows) + " elements");
    if (!is_scale_valid(type_, scale_)) return in.corrupt("a decimal of scale " + std::to_string(scale_));
    const auto count = static_cast<size_t>(size_.rows);
    if (flag_.type == kExtendedSymbol) {
      body_ = make_symbol_body(count, dictionaries_);
    } else {
      body_ = make_body({.type = type_,
                         .array = array_,
                         .count = count,
                         .scale = scale_,
                         .array_elements = static_cast<uint64_t>(size_.columns)});
    }
    return Step::kDone;
  }

  const ObjectFlag flag_;
  SymbolDictionaries own_dictionaries_;
  SymbolDictionaries& dictionaries_;
  Type type_ = Type::kVoid;
  bool array_ = false;
  Size size_{};
  bool has_size_ = false;
  int32_t scale_ = 0;
  std::unique_ptr<Body> body_;
};

class TupleFrame final : public Frame {
 public:
  Step step(Input& in) override {
    if (!has_size_) {
      if (!in.get(&size_)) return Step::kMore;
      if (size_[0] < 0 || size_[1] != 1) return in.corrupt("an ANY vector of " + std::to_string(size_[0]) + " rows");
      has_size_ = true;
    }
    return elements_.size() == static_cast<size_t>(size_[0]) ? Step::kDone : Step::kChild;
  }
  Step child(Input&, Value value) override {
    elements_.push_back(std::move(value));
    return Step::kDone;
  }
  Value result() override { return Value(Vector::tuple(std::move(elements_))); }

 private:
  int32_t size_[2] = {};
  bool has_size_ = false;
  std::vector<Value> elements_;
};

}  // namespace

bool split_type_code(uint8_t code, Type* type, bool* array) {
  *array = code >= types::kArrayTypeOffset;
  *type = static_cast<Type>(*array ? code - types::kArrayTypeOffset : code);
  return code < 2 * types::kArrayTypeOffset;
}

bool is_scale_valid(Type type, int32_t scale) {
  return !types::is_decimal(type) || (scale >= 0 && scale <= types::scale_max(type));
}

std::unique_ptr<Frame> make_vector_frame(ObjectFlag flag, Frame* parent) {
  const bool is_pair = flag.form == static_cast<uint8_t>(data::Form::kPair);
  if (flag.type == static_cast<uint8_t>(Type::kAny)) {
    return is_pair ? nullptr : std::make_unique<TupleFrame>();
  }
  if (flag.type == static_cast<uint8_t>(Type::kCompressed)) {
    return is_pair ? nullptr : make_compressed_frame();
  }
  if (flag.type != kExtendedSymbol) {
    Type type{};
    bool array = false;
    if (!split_type_code(flag.type, &type, &array) || (is_pair && array)) return nullptr;
    if (make_body({.type = type, .array = array}) == nullptr) return nullptr;
  }
  return std::make_unique<VectorFrame>(flag, parent != nullptr ? parent->dictionaries() : nullptr);
}

}  // namespace pelorus::wire
