#pragma once
// What plot() gives: clients draw it.

#include "data/value.h"

namespace pelorus::data {

/// The form charts travel under; no other value has it.
inline constexpr Form kChartForm{7};

/// Immutable. schema(chart) shows the entries; docs/protocol/native.md tells their keys.
class Chart final : public HandleObject {
 public:
  /// `entries`: STRING keys, ANY values.
  explicit Chart(Dictionary entries) : entries_(std::move(entries)) {}

  std::string kind() const override { return "CHART"; }
  std::string describe() const override { return "chart"; }
  Properties properties() const override {
    Properties properties;
    for (size_t i = 0; i < entries_.size(); ++i)
      properties.emplace_back(entries_.keys().text_at(i), entries_.values().at(i));
    return properties;
  }
  const Dictionary& entries() const { return entries_; }

  /// Null when the value is no chart.
  static const Chart* of(const Value& value) {
    return value.is_handle() ? dynamic_cast<const Chart*>(value.handle().get()) : nullptr;
  }

 private:
  const Dictionary entries_;
};

}  // namespace pelorus::data
