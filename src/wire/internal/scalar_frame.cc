#include "wire/internal/frame.h"
#include "wire/opaque.h"

namespace pelorus::wire {
namespace {

using data::Scalar;
using data::Type;
using data::Value;

/// VOID: one byte that says which nothing it is.
class VoidFrame final : public Frame {
 public:
  Step step(Input& in) override { return in.get(&kind_) ? Step::kDone : Step::kMore; }
  Value result() override { return kind_ == kDefaultArgument ? Value::missing() : Value(); }

 private:
  static constexpr uint8_t kDefaultArgument = 2;
  uint8_t kind_ = 0;
};

/// Fixed widths, texts and BLOB: a column of one element behind an optional scale.
class ElementFrame final : public Frame {
 public:
  explicit ElementFrame(Type type) : type_(type) {}
  Step step(Input& in) override {
    if (body_ == nullptr) {
      if (types::is_decimal(type_)) {
        if (!in.get(&scale_)) return Step::kMore;
        if (!is_scale_valid(type_, scale_)) return in.corrupt("a decimal of scale " + std::to_string(scale_));
      }
      body_ = make_body({.type = type_, .count = 1, .scale = scale_});
    }
    return body_->step(in);
  }
  Value result() override { return Value(body_->finish().scalar_at(0)); }

 private:
  const Type type_;
  int32_t scale_ = 0;
  std::unique_ptr<Body> body_;
};

/// FUNCTIONDEF, CODE and handles: text that the session resolves.
class OpaqueFrame final : public Frame {
 public:
  explicit OpaqueFrame(Type type) : type_(type) {}
  Step step(Input& in) override {
    if (type_ == Type::kFunctionDef && !has_kind_) {
      if (!in.get(&kind_)) return Step::kMore;
      has_kind_ = true;
    }
    const auto text = in.cstring();
    if (!text) return in.more_or_fault();
    text_ = *text;
    in.release();
    return Step::kDone;
  }
  Value result() override {
    if (type_ == Type::kCode) return Value(data::CodeRef(std::make_shared<CodeText>(text_)));
    if (type_ != Type::kFunctionDef) return Value(data::HandleRef(std::make_shared<HandleText>(text_)));
    using Kind = data::FunctionObject::Kind;
    const auto kind = kind_ <= static_cast<uint8_t>(Kind::kDynamic) ? static_cast<Kind>(kind_) : Kind::kUser;
    return Value(data::FunctionRef(std::make_shared<FunctionText>(kind, text_)));
  }

 private:
  const Type type_;
  uint8_t kind_ = 0;
  bool has_kind_ = false;
  std::string text_;
};

}  // namespace

std::unique_ptr<Frame> make_scalar_frame(uint8_t code) {
  const auto type = static_cast<Type>(code);
  switch (type) {
    case Type::kVoid: return std::make_unique<VoidFrame>();
    case Type::kFunctionDef:
    case Type::kCode:
    case Type::kHandle:
    case Type::kDatasource:
    case Type::kResource: return std::make_unique<OpaqueFrame>(type);
    default: break;
  }
  if (make_body({.type = type, .count = 1}) == nullptr) return nullptr;
  return std::make_unique<ElementFrame>(type);
}

}  // namespace pelorus::wire
