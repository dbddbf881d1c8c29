#include "functions/texts.h"

namespace pelorus::functions {
namespace {

[[noreturn]] void refuse(std::string_view function, Type type) {
  usage_error(function, "The argument must be a string, not " + std::string(types::name_of(type)) + ".");
}

bool is_character(Type type) { return types::is_literal(type) || type == Type::kVoid || type == Type::kChar; }

/// A text, a character, or "" for VOID.
std::string char_text(const Scalar& scalar) {
  if (scalar.is_text()) return scalar.text();
  return scalar.is_null() ? std::string() : std::string(1, static_cast<char>(scalar.as_int64()));
}

Vector map_codes(const Vector& vector, const std::function<std::string(const std::string&)>& map) {
  const auto& base = vector.symbols();
  auto mapped = std::make_shared<data::SymbolBase>();
  std::vector<int32_t> codes(static_cast<size_t>(base.size()), -1);
  data::Buffer<int32_t> out(vector.size());
  const auto in = vector.values<int32_t>();
  for (size_t i = 0; i < out.size(); ++i) {
    auto& code = codes[static_cast<size_t>(in[i])];
    if (code < 0) code = mapped->code_of(map(base.text(in[i])));
    out[i] = code;
  }
  return Vector::of_symbols(std::move(mapped), std::move(out));
}

}  // namespace

Value map_text(std::string_view function, const Value& x, const std::function<std::string(const std::string&)>& map) {
  return lift_map_any(x, Spread::kElements, [&](const Shared<Vector>& vector) {
    const Type type = vector->type();
    if (type == Type::kSymbol && !x.is_scalar()) return map_codes(*vector, map);
    if (!is_character(type)) refuse(function, type);
    std::vector<std::string> texts;
    texts.reserve(vector->size());
    for (size_t i = 0; i < vector->size(); ++i) {
      texts.push_back(map(types::is_literal(type) ? vector->text_at(i) : char_text(vector->scalar_at(i))));
    }
    return Vector::of_strings(type == Type::kBlob ? Type::kBlob : Type::kString, std::move(texts));
  });
}

Value map_text_to(std::string_view function, const Value& x, Type result_type,
                  const std::function<Scalar(const std::string&)>& map) {
  return lift_map_any(x, Spread::kElements, [&](const Shared<Vector>& vector) {
    const Type type = vector->type();
    if (!is_character(type)) refuse(function, type);
    Vector result(result_type);
    result.reserve(vector->size());
    for (size_t i = 0; i < vector->size(); ++i) {
      result.push_back(map(types::is_literal(type) ? vector->text_at(i) : char_text(vector->scalar_at(i))));
    }
    return result;
  });
}

Value map_text2(std::string_view function, const Value& x, const Value& y, Type result_type,
                const std::function<Scalar(const std::string&, const std::string&)>& map) {
  for (const auto* side : {&x, &y}) {
    if (side->is_scalar() && !is_character(side->type())) refuse(function, side->type());
  }
  if (y.is_scalar()) {
    const auto other = char_text(y.scalar());
    return map_text_to(function, x, result_type, [&](const std::string& text) { return map(text, other); });
  }
  if (x.is_scalar()) {
    const auto first = char_text(x.scalar());
    return map_text_to(function, y, result_type, [&](const std::string& text) { return map(first, text); });
  }
  return lift_map2(function, x, y, [&](const Shared<Vector>& left, const Shared<Vector>& right) {
    if (!types::is_literal(left->type())) refuse(function, left->type());
    if (!types::is_literal(right->type())) refuse(function, right->type());
    if (left->size() != right->size()) refuse_lengths(function, left->size(), right->size());
    Vector result(result_type);
    for (size_t i = 0; i < left->size(); ++i) result.push_back(map(left->text_at(i), right->text_at(i)));
    return result;
  });
}

bool matches_wildcard(std::string_view text, std::string_view pattern) {
  size_t t = 0, p = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

}  // namespace pelorus::functions
