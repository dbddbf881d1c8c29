#pragma once
// A column of values of one type; also the storage under pairs, matrices, sets and dictionaries.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "data/buffer.h"
#include "data/memo.h"
#include "data/shared.h"
#include "data/symbol_base.h"
#include "types/scalar.h"

namespace pelorus::kernels {
class PartDirectory;
}

namespace pelorus::data {

class Value;
struct PartBounds;
using types::Bytes16;
using types::Int128;
using types::Repr;
using types::Scalar;
using types::Type;

/// What queries have found out about a column, kept for the next ones (part_bounds.h).
struct ColumnMemos {
  Memo<PartBounds> bounds;
  Memo<kernels::PartDirectory> directory;

  void forget() noexcept {
    bounds.forget();
    directory.forget();
  }
};

/// Storage by representation:
///   fixed widths  Buffer<T>, nulls are the reserved values of types/null.h
///   SYMBOL        Buffer<int32_t> of codes into symbols()
///   STRING, BLOB  Buffer<std::string>
///   ANY           Buffer<Value> (a tuple); also the storage of DURATION vectors
///   array vector  ends() holds the end of each row in flat(), whose type() is the element type
/// Element type VOID is kept as Buffer<int8_t>, all null.
/// Value semantics; copying copies the elements (hold it in Shared<Vector>). Not thread-safe for writing.
class Vector {
 public:
  Vector();  // empty ANY vector
  /// `size` elements, uninitialised when of fixed width.
  explicit Vector(Type type, size_t size = 0, int scale = 0);
  Vector(const Vector&);
  Vector(Vector&&) noexcept;
  Vector& operator=(const Vector&);
  Vector& operator=(Vector&&) noexcept;
  ~Vector();

  static Vector nulls(Type type, size_t size, int scale = 0);
  static Vector filled(const Scalar& value, size_t size);
  template <class T>
  static Vector of(Type type, std::initializer_list<T> values) {
    Vector v(type);
    v.edit<T>().assign(values);
    return v;
  }
  /// T must be the plain type of `type`'s representation (int32_t codes are not accepted for SYMBOL).
  template <class T>
  static Vector adopt(Type type, Buffer<T> values, int scale = 0) {
    Vector v(type, 0, scale);
    v.edit<T>() = std::move(values);
    return v;
  }
  static Vector of_strings(Type type, std::vector<std::string> texts);
  static Vector of_symbols(std::shared_ptr<SymbolBase> base, Buffer<int32_t> codes);
  static Vector tuple(std::vector<Value> values);
  /// `ends` ascending, last one = flat.size().
  static Vector array(Shared<Vector> flat, Buffer<int64_t> ends);

  /// Element type; of an array vector the type inside its rows.
  Type type() const { return type_; }
  int scale() const { return scale_; }
  Repr repr() const { return types::repr_of(type_); }
  bool is_array() const { return array_ != nullptr; }
  bool is_tuple() const { return type_ == Type::kAny && !is_array(); }
  size_t size() const;
  bool empty() const { return size() == 0; }
  /// Wire type code: type(), plus 64 for array vectors.
  int type_code() const { return static_cast<int>(type_) + (is_array() ? types::kArrayTypeOffset : 0); }
  /// Heap bytes held, approximately.
  size_t memory_bytes() const;

  /// All elements as plain T (codes for SYMBOL). T must match repr(); not for array vectors.
  template <class T>
  std::span<const T> values() const {
    return std::get<Buffer<T>>(store_);
  }
  /// The buffer itself for writing and growing. T must match repr().
  template <class T>
  Buffer<T>& edit() {
    memos_.forget();
    return std::get<Buffer<T>>(store_);
  }
  std::span<const Value> values_any() const;
  Buffer<Value>& edit_any();

  const SymbolBase& symbols() const { return *symbols_; }
  const std::shared_ptr<SymbolBase>& symbols_shared() const { return symbols_; }
  const Vector& flat() const { return *array_->flat; }
  const Shared<Vector>& flat_shared() const { return array_->flat; }
  std::span<const int64_t> ends() const { return array_->ends; }

  /// Element i as a value: a scalar, a tuple's element, or an array vector's row as a vector. i < size() (checked).
  Value at(size_t i) const;
  /// Element i as a scalar; not for tuples of non-scalars and array vectors (checked).
  Scalar scalar_at(size_t i) const;
  /// Text of STRING, SYMBOL, BLOB element i without a copy.
  const std::string& text_at(size_t i) const;
  bool is_null_at(size_t i) const;
  const ColumnMemos& memos() const { return memos_; }

  /// Writes element i, converting `value` to type() by data/convert.h. False when it cannot be converted.
  bool set(size_t i, const Value& value);
  void set_null(size_t i);
  /// Adds one element; false when `value` cannot be converted to type().
  bool push_back(const Value& value);
  void push_null();
  /// Adds all elements of `other`, which must have the same type, scale and arrayness (checked); symbols are re-coded.
  void append(const Vector& other);
  /// The same with elements [from, from + count) of `other`, which must be there (checked) and not be this vector's.
  void append(const Vector& other, size_t from, size_t count);
  void reserve(size_t size);
  /// Growing adds nulls.
  void resize(size_t size);

  /// Elements [from, from+count), count clipped to what is there.
  Vector slice(size_t from, size_t count) const;
  /// Elements at `rows`; an index >= size() gives null.
  Vector take(std::span<const int64_t> rows) const;
  /// Elements where keep[i] == 1 (null counts as false). keep.size() == size() (checked).
  Vector filter(std::span<const int8_t> keep) const;

 private:
  struct ArrayRows {
    Shared<Vector> flat;
    Buffer<int64_t> ends;
  };
  using Store =
      std::variant<Buffer<int8_t>, Buffer<int16_t>, Buffer<int32_t>, Buffer<int64_t>, Buffer<Int128>, Buffer<float>,
                   Buffer<double>, Buffer<Bytes16>, Buffer<std::string>, std::unique_ptr<Buffer<Value>>>;
  void make_store(size_t size);

  Type type_ = Type::kAny;
  int16_t scale_ = 0;
  Store store_;
  std::shared_ptr<SymbolBase> symbols_;  // SYMBOL only; shared by vectors cut from one another
  std::unique_ptr<ArrayRows> array_;     // array vectors only
  ColumnMemos memos_;
};

}  // namespace pelorus::data
