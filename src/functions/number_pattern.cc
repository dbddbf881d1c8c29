#include "functions/number_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace pelorus::functions {
namespace {

constexpr int kPlacesMax = 30;

/// Decimal digits of `magnitude` with so many places, halves away from zero as its shortest text shows them.
std::string digits_of(double magnitude, int places) {
  const std::string shortest = fmt::format("{}", magnitude);
  const bool plain = shortest.find('e') == std::string::npos;
  const auto point = shortest.find('.');
  const int has = !plain || point == std::string::npos ? 0 : static_cast<int>(shortest.size() - point - 1);
  // A half that the binary value hides (12.345 is stored below it) is pushed over by a unit in the last place.
  if (plain && has == places + 1 && shortest.back() == '5') magnitude = std::nextafter(magnitude, INFINITY);
  return fmt::format("{:.{}f}", magnitude, places);
}

void group_thousands(std::string& whole) {
  for (size_t at = whole.size(); at > 3;) {
    at -= 3;
    whole.insert(at, ",");
  }
}

}  // namespace

NumberPattern::NumberPattern(std::string_view pattern) {
  const auto semicolon = pattern.find(';');
  positive_ = read(pattern.substr(0, semicolon));
  if (semicolon == std::string_view::npos) return;
  negative_ = read(pattern.substr(semicolon + 1));
  has_negative_ = true;
}

NumberPattern::Form NumberPattern::read(std::string_view text) {
  Form form;
  bool after_point = false, in_number = false, done = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!done && (c == '0' || c == '#')) {
      in_number = true;
      if (after_point) {
        form.places_max = std::min(form.places_max + 1, kPlacesMax);
        if (c == '0') form.places_min = form.places_max;
      } else if (c == '0') {
        ++form.whole_digits;
      }
    } else if (!done && c == ',' && in_number) {
      form.grouped = true;
    } else if (!done && c == '.') {
      after_point = in_number = true;
    } else if (!done && c == 'E' && in_number) {
      while (i + 1 < text.size() && text[i + 1] == '0') ++form.exponent_digits, ++i;
      done = true;
    } else {
      done = done || in_number;
      form.percent = form.percent || c == '%';
      (in_number ? form.suffix : form.prefix) += c;
    }
  }
  return form;
}

std::string NumberPattern::apply(const Form& form, double magnitude) {
  if (form.percent) magnitude *= 100;
  int exponent = 0;
  if (form.exponent_digits > 0 && magnitude > 0) {
    exponent = static_cast<int>(std::floor(std::log10(magnitude))) - (std::max(form.whole_digits, 1) - 1);
    magnitude /= std::pow(10.0, exponent);
  }
  std::string digits = digits_of(magnitude, form.places_max);
  std::string places;
  if (const auto point = digits.find('.'); point != std::string::npos) {
    places = digits.substr(point + 1);
    digits.resize(point);
    while (static_cast<int>(places.size()) > form.places_min && places.back() == '0') places.pop_back();
  }
  if (digits == "0" && form.whole_digits == 0) digits.clear();
  if (static_cast<int>(digits.size()) < form.whole_digits)
    digits.insert(0, static_cast<size_t>(form.whole_digits) - digits.size(), '0');
  if (form.grouped) group_thousands(digits);
  if (!places.empty()) digits += "." + places;
  if (form.exponent_digits > 0)
    digits += fmt::format("E{}{:0{}}", exponent < 0 ? "-" : "", std::abs(exponent), form.exponent_digits);
  return form.prefix + digits + form.suffix;
}

std::string NumberPattern::format(double value) const {
  if (value >= 0) return apply(positive_, value);
  return has_negative_ ? apply(negative_, -value) : "-" + apply(positive_, -value);
}

}  // namespace pelorus::functions
