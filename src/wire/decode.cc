#include "wire/decode.h"

#include <vector>

#include "wire/internal/frame.h"

namespace pelorus::wire {

Step Frame::child(Input& in, data::Value) { return in.corrupt("an object inside one that holds none"); }

std::unique_ptr<Frame> make_frame(ObjectFlag flag, Frame* parent) {
  switch (static_cast<data::Form>(flag.form)) {
    case data::Form::kScalar: return make_scalar_frame(flag.type);
    case data::Form::kVector:
    case data::Form::kPair: return make_vector_frame(flag, parent);
    default: return make_collection_frame(flag);
  }
}

struct Decoder::State {
  explicit State(DecodeLimits given) : limits(given), input(limits) {}

  /// Goes on until the object is complete or the bytes are used up.
  Step advance();
  Step open_object();
  Step close_object();

  const DecodeLimits limits;
  Input input;
  std::vector<std::unique_ptr<Frame>> stack;
  bool expects_object = true;  // the next bytes are an object's flag
  bool done = false;
  uint64_t bytes = 0;
  data::Value value;
};

Step Decoder::State::open_object() {
  ObjectFlag flag;
  if (!input.get(&flag)) return Step::kMore;
  if (stack.size() >= static_cast<size_t>(limits.depth_max)) {
    return input.limit("objects nested deeper than " + std::to_string(limits.depth_max));
  }
  auto frame = make_frame(flag, stack.empty() ? nullptr : stack.back().get());
  if (frame == nullptr) {
    return input.corrupt("an object of form " + std::to_string(flag.form) + " and type " + std::to_string(flag.type) +
                         " is not accepted");
  }
  stack.push_back(std::move(frame));
  expects_object = false;
  return Step::kDone;
}

Step Decoder::State::close_object() {
  auto finished = stack.back()->result();
  stack.pop_back();
  if (stack.empty()) {
    value = std::move(finished);
    done = true;
    return Step::kDone;
  }
  return stack.back()->child(input, std::move(finished));
}

Step Decoder::State::advance() {
  while (!done) {
    if (expects_object) {
      if (const auto step = open_object(); step != Step::kDone) return step;
    }
    const auto step = stack.back()->step(input);
    if (step == Step::kMore || step == Step::kFault) return step;
    if (step == Step::kChild) {
      expects_object = true;
    } else if (close_object() == Step::kFault) {
      return Step::kFault;
    }
  }
  return Step::kDone;
}

Decoder::Decoder(DecodeLimits limits) : state_(std::make_unique<State>(limits)) {}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

Result<size_t> Decoder::feed(std::string_view in) {
  auto& state = *state_;
  state.input.set(in);
  if (state.advance() == Step::kFault) return *state.input.fault();
  const size_t taken = in.size() - state.input.left();
  state.bytes += taken;
  if (state.bytes > state.limits.object_bytes_max) {
    return Error{ErrorCode::kLimit,
                 "an object of more than " + std::to_string(state.limits.object_bytes_max) + " bytes"};
  }
  return taken;
}

std::span<char> Decoder::direct() {
  auto& state = *state_;
  if (state.done || state.expects_object || state.stack.empty()) return {};
  return state.stack.back()->direct();
}

Status Decoder::direct_done(size_t size) {
  state_->bytes += size;
  state_->stack.back()->direct_done(size);
  const auto taken = feed({});
  if (!taken.ok()) return taken.error();
  return {};
}

bool Decoder::done() const { return state_->done; }

data::Value Decoder::take() {
  auto value = std::move(state_->value);
  state_ = std::make_unique<State>(state_->limits);
  return value;
}

Result<data::Value> decode(std::string_view bytes, const DecodeLimits& limits) {
  Decoder decoder(limits);
  TRY(const auto taken, decoder.feed(bytes));
  if (!decoder.done()) return Error{ErrorCode::kCorrupt, "an object ends too early"};
  if (taken != bytes.size()) {
    return Error{ErrorCode::kCorrupt, std::to_string(bytes.size() - taken) + " bytes follow an object"};
  }
  return decoder.take();
}

}  // namespace pelorus::wire
