#include <unordered_set>

#include "data/chart.h"
#include "data/tensor.h"
#include "wire/internal/frame.h"

namespace pelorus::wire {
namespace {

using data::Shared;
using data::Type;
using data::Value;
using data::Vector;

/// True when the elements can be keys: plain elements, or a tuple of scalars only.
bool are_scalars(const Vector& vector) {
  if (vector.is_array()) return false;
  if (!vector.is_tuple()) return true;
  for (const auto& element : vector.values_any()) {
    if (!element.is_scalar()) return false;
  }
  return true;
}

class MatrixFrame final : public Frame {
 public:
  explicit MatrixFrame(ObjectFlag flag) : flag_(flag), type_(static_cast<Type>(flag.type)) {}

  Step step(Input& in) override {
    if (!has_labels_flag_) {
      if (!in.get(&labels_)) return Step::kMore;
      has_labels_flag_ = true;
    }
    if ((labels_ & kRowLabels) != 0 && !row_labels_) return Step::kChild;
    if ((labels_ & kColumnLabels) != 0 && !column_labels_) return Step::kChild;
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
  Step child(Input& in, Value value) override {
    if (!value.is_vector()) return in.corrupt("matrix labels that are no vector");
    auto& labels = (labels_ & kRowLabels) != 0 && !row_labels_ ? row_labels_ : column_labels_;
    labels = value.vector_shared();
    return Step::kDone;
  }
  std::span<char> direct() override { return body_ != nullptr ? body_->direct() : std::span<char>(); }
  void direct_done(size_t size) override { body_->direct_done(size); }
  Value result() override {
    data::Matrix matrix{.values = body_->finish(),
                        .rows = static_cast<size_t>(size_.rows),
                        .columns = static_cast<size_t>(size_.columns),
                        .row_labels = std::move(row_labels_),
                        .column_labels = std::move(column_labels_)};
    return Value(std::move(matrix));
  }

 private:
  struct __attribute__((packed)) Size {
    uint8_t type;
    uint8_t form;
    int32_t rows;
    int32_t columns;
  };
  static constexpr uint8_t kRowLabels = 1;
  static constexpr uint8_t kColumnLabels = 2;

  Step open(Input& in) {
    if (size_.type != flag_.type || size_.form != flag_.form) {
      return in.corrupt("a matrix whose two type marks differ");
    }
    if (size_.rows < 0 || size_.columns < 0 || int64_t{size_.rows} * size_.columns > INT32_MAX) {
      return in.corrupt("a matrix of " + std::to_string(size_.rows) + " by " + std::to_string(size_.columns));
    }
    if (!is_scale_valid(type_, scale_)) return in.corrupt("a decimal of scale " + std::to_string(scale_));
    if ((row_labels_ && (*row_labels_)->size() != static_cast<size_t>(size_.rows)) ||
        (column_labels_ && (*column_labels_)->size() != static_cast<size_t>(size_.columns))) {
      return in.corrupt("a matrix of " + std::to_string(size_.rows) + " by " + std::to_string(size_.columns) +
                        " with another number of labels");
    }
    const auto count = static_cast<size_t>(int64_t{size_.rows} * size_.columns);
    body_ = make_body({.type = type_, .count = count, .scale = scale_});
    return Step::kDone;
  }

  const ObjectFlag flag_;
  const Type type_;
  uint8_t labels_ = 0;
  bool has_labels_flag_ = false;
  bool has_size_ = false;
  Size size_{};
  int32_t scale_ = 0;
  std::optional<Shared<Vector>> row_labels_;
  std::optional<Shared<Vector>> column_labels_;
  std::unique_ptr<Body> body_;
};

class SetFrame final : public Frame {
 public:
  Step step(Input&) override { return elements_ ? Step::kDone : Step::kChild; }
  Step child(Input& in, Value value) override {
    if (!value.is_vector() || !are_scalars(value.vector())) return in.corrupt("a set of something but scalars");
    elements_ = value.vector_shared();
    return Step::kDone;
  }
  Value result() override { return Value(data::Set(**elements_)); }

 private:
  std::optional<Shared<Vector>> elements_;
};

/// Dictionaries and charts, which differ by their mark only.
class DictionaryFrame final : public Frame {
 public:
  explicit DictionaryFrame(bool is_chart) : is_chart_(is_chart) {}

  Step step(Input&) override { return keys_ && values_ ? Step::kDone : Step::kChild; }
  Step child(Input& in, Value value) override {
    if (!value.is_vector()) return in.corrupt("a dictionary whose keys or values are no vector");
    if (!keys_) {
      if (!are_scalars(value.vector())) return in.corrupt("a dictionary whose keys are no scalars");
      if (is_chart_ && value.vector().type() != Type::kString) return in.corrupt("a chart whose keys are no texts");
      keys_ = value.vector_shared();
      return Step::kDone;
    }
    if (value.vector().size() != (*keys_)->size()) {
      return in.corrupt("a dictionary of " + std::to_string((*keys_)->size()) + " keys and " +
                        std::to_string(value.vector().size()) + " values");
    }
    values_ = value.vector_shared();
    return Step::kDone;
  }
  Value result() override {
    data::Dictionary entries(**keys_, **values_);
    if (!is_chart_) return Value(std::move(entries));
    return data::HandleRef(std::make_shared<data::Chart>(std::move(entries)));
  }

 private:
  const bool is_chart_;
  std::optional<Shared<Vector>> keys_;
  std::optional<Shared<Vector>> values_;
};

class TableFrame final : public Frame {
 public:
  Step step(Input& in) override {
    if (!has_size_) {
      if (!in.get(&size_)) return Step::kMore;
      if (size_[0] < 0 || size_[1] < 0) {
        return in.corrupt("a table of " + std::to_string(size_[0]) + " rows and " + std::to_string(size_[1]) +
                          " columns");
      }
      if (static_cast<size_t>(size_[1]) > in.limits().columns_max) {
        return in.limit("a table of " + std::to_string(size_[1]) + " columns");
      }
      has_size_ = true;
    }
    if (const auto step = take_names(in); step != Step::kDone) return step;
    return columns_.size() == names_.size() ? Step::kDone : Step::kChild;
  }
  Step child(Input& in, Value value) override {
    const auto& name = names_[columns_.size()];
    if (!value.is_vector()) return in.corrupt("column " + name + " of a table is no vector");
    if (value.vector().size() != static_cast<size_t>(size_[0])) {
      return in.corrupt("column " + name + " has " + std::to_string(value.vector().size()) + " elements, the table " +
                        std::to_string(size_[0]) + " rows");
    }
    columns_.push_back(value.vector_shared());
    return Step::kDone;
  }
  Value result() override { return Value(data::Table(std::move(names_), std::move(columns_))); }
  SymbolDictionaries* dictionaries() override { return &dictionaries_; }

 private:
  Step take_names(Input& in) {
    // The first text is the table's own name, which nobody needs.
    while (!has_name_ || names_.size() < static_cast<size_t>(size_[1])) {
      const auto text = in.cstring();
      if (!text) return in.more_or_fault();
      if (!has_name_) {
        has_name_ = true;
        continue;
      }
      if (!distinct_.insert(std::string(*text)).second) {
        return in.corrupt("a table with two columns named " + std::string(*text));
      }
      names_.emplace_back(*text);
    }
    in.release();
    return Step::kDone;
  }

  int32_t size_[2] = {};
  bool has_size_ = false;
  bool has_name_ = false;
  std::vector<std::string> names_;
  std::unordered_set<std::string> distinct_;
  std::vector<Shared<Vector>> columns_;
  SymbolDictionaries dictionaries_;
};

}  // namespace

std::unique_ptr<Frame> make_collection_frame(ObjectFlag flag) {
  if (static_cast<data::Form>(flag.form) == data::kChartForm) return std::make_unique<DictionaryFrame>(true);
  if (static_cast<data::Form>(flag.form) == data::kTensorForm) return make_tensor_frame(flag.type);
  switch (static_cast<data::Form>(flag.form)) {
    case data::Form::kMatrix:
      if (make_body({.type = static_cast<Type>(flag.type)}) == nullptr) return nullptr;
      return std::make_unique<MatrixFrame>(flag);
    case data::Form::kSet: return std::make_unique<SetFrame>();
    case data::Form::kDictionary: return std::make_unique<DictionaryFrame>(false);
    case data::Form::kTable: return std::make_unique<TableFrame>();
    default: return nullptr;
  }
}

}  // namespace pelorus::wire
