#pragma once
// Financial instruments and market data: dictionaries whose fields have been checked.

#include <span>
#include <string_view>

#include "functions/arguments.h"

namespace pelorus::functions {

/// What a field of a description holds.
enum class FieldKind : uint8_t { kText, kDate, kNumber, kDates, kNumbers, kAny };

struct DescribedField {
  std::string_view name;
  FieldKind kind = FieldKind::kText;
  bool required = false;
};

/// One kind of object: told from others by the values of some fields; those come first, then the rest in order.
struct DescribedKind {
  struct Mark {
    std::string_view field, value;
  };
  std::span<const Mark> marks;
  std::span<const DescribedField> fields;
};

constexpr std::string_view kInstrument = "INSTRUMENT";
constexpr std::string_view kMarketData = "MKTDATA";

/// INSTRUMENT or MKTDATA. Immutable.
class DescribedObject final : public data::HandleObject {
 public:
  DescribedObject(std::string_view of, data::Dictionary fields) : of_(of), fields_(std::move(fields)) {}
  std::string kind() const override { return std::string(of_); }
  /// JSON.
  std::string describe() const override;
  const data::Dictionary& fields() const { return fields_; }
  /// The field as text; "" when it is null, absent or no text.
  std::string text(std::string_view field) const;

 private:
  const std::string_view of_;
  const data::Dictionary fields_;
};
using DescribedRef = std::shared_ptr<const DescribedObject>;

/// A dictionary or the JSON text of one, checked; fields no kind knows are kept. ScriptError naming what is missing, of
/// another type or unknown.
Value described(const Arguments& a, std::string_view parameter, std::string_view of,
                std::span<const DescribedKind> kinds, const Value& given);
/// The object behind a value; null when it is none of `of`.
DescribedRef described_object(const Value& value, std::string_view of);
/// Those behind an argument, an object or a tuple of objects. ScriptError for other values; `must_be` says what they
/// must be.
std::vector<DescribedRef> described_objects(const Arguments& a, std::string_view parameter, std::string_view of,
                                            const std::string& must_be);
/// Its fields as a dictionary; of a tuple of objects a tuple. ScriptError for other values.
Value extracted(const Arguments& a, std::string_view parameter, std::string_view of);

}  // namespace pelorus::functions
