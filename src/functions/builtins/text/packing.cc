// pack and unpack: values as bytes by a format, as Python's struct and C write them.

#include <bit>
#include <cstring>

#include "functions/builtins/text/register_packing.h"
#include "functions/declare.h"
#include "functions/arguments.h"

namespace pelorus::functions {
namespace {

constexpr size_t kBytesMax = size_t{1} << 28;

/// One letter of a format with the count before it.
struct Item {
  char letter = 0;
  size_t count = 1;
};

struct Format {
  bool big_endian = false;
  bool native = true;  // C's sizes and alignment
  std::vector<Item> items;
};

/// Bytes of one value; 0: no such letter.
size_t size_of(char letter, bool native) {
  switch (letter) {
    case 'x':
    case 'c':
    case 'b':
    case 'B':
    case '?':
    case 's':
    case 'p': return 1;
    case 'h':
    case 'H': return 2;
    case 'i':
    case 'I':
    case 'f': return 4;
    case 'l':
    case 'L': return native ? 8 : 4;
    case 'q':
    case 'Q':
    case 'd': return 8;
    case 'n':
    case 'N':
    case 'P': return native ? 8 : 0;
    default: return 0;
  }
}
bool is_text(char letter) { return letter == 's' || letter == 'p'; }
bool is_signed(char letter) { return std::strchr("bhilqn", letter) != nullptr; }

Format format_of(const Arguments& a) {
  const auto text = a.text(0, "format");
  Format format;
  size_t at = 0;
  if (!text.empty() && std::strchr("@=<>!", text[0]) != nullptr) {
    format.native = text[0] == '@';
    format.big_endian = text[0] == '>' || text[0] == '!';
    at = 1;
  }
  size_t bytes = 0;
  while (at < text.size()) {
    if (text[at] == ' ') {
      ++at;
      continue;
    }
    Item item;
    if (std::isdigit(static_cast<unsigned char>(text[at])) != 0) {
      item.count = 0;
      for (; at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0; ++at) {
        item.count = item.count * 10 + static_cast<size_t>(text[at] - '0');
        if (item.count > kBytesMax) a.refuse("format", "must not ask for more than 256 MB.");
      }
      if (at == text.size()) a.refuse("format", "must have a letter behind each count.");
    }
    item.letter = text[at++];
    const size_t size = size_of(item.letter, format.native);
    if (size == 0) a.refuse("format", "must not have the letter '" + std::string(1, item.letter) + "' here.");
    bytes += item.count * size;
    if (bytes > kBytesMax) a.refuse("format", "must not ask for more than 256 MB.");
    format.items.push_back(item);
  }
  return format;
}

/// Zero bytes up to where a value of `size` may stand.
size_t padding(const Format& format, size_t at, size_t size) {
  return format.native && size > 1 ? (size - at % size) % size : 0;
}

void put_number(const Format& format, uint64_t bits, size_t size, std::string* out) {
  for (size_t i = 0; i < size; ++i) {
    const size_t byte = format.big_endian ? size - 1 - i : i;
    out->push_back(static_cast<char>(bits >> (8 * byte)));
  }
}

uint64_t get_number(const Format& format, std::string_view bytes) {
  uint64_t bits = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const size_t byte = format.big_endian ? bytes.size() - 1 - i : i;
    bits |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * byte);
  }
  return bits;
}

/// kNoBits: the value has none of this letter's kind.
uint64_t bits_of(const Arguments& a, const Item& item, const Value& value) {
  if (item.letter == 'c' && value.is_text() && value.text().size() == 1)
    return static_cast<unsigned char>(value.text()[0]);
  if (!value.is_scalar() || value.is_null() || value.is_text())
    a.refuse("args", "must have a number for each letter that is not s, p or x.");
  if (item.letter == 'f') return std::bit_cast<uint32_t>(static_cast<float>(value.scalar().as_double()));
  if (item.letter == 'd') return std::bit_cast<uint64_t>(value.scalar().as_double());
  const int64_t number = value.scalar().as_int64();
  if (item.letter == '?') return number != 0 ? 1 : 0;
  const size_t bits = 8 * size_of(item.letter, true);
  if (bits < 64 && item.letter != 'l' && item.letter != 'L') {
    const bool sign = is_signed(item.letter) || item.letter == 'c';
    const int64_t least = sign ? -(int64_t{1} << (bits - 1)) : 0;
    const int64_t most = sign ? (int64_t{1} << (bits - 1)) - 1 : (int64_t{1} << bits) - 1;
    if (number < least || number > most)
      a.refuse("args", "must fit their letters: " + std::to_string(number) + " is no '" + item.letter + "'.");
  }
  return static_cast<uint64_t>(number);
}

/// s: cut or filled with zeros; p: its length first, in one byte.
void put_text(const Arguments& a, const Item& item, const Value& value, std::string* out) {
  if (!value.is_text()) a.refuse("args", "must have a text for each letter s and p.");
  auto text = value.text();
  if (item.letter == 'p') {
    if (item.count == 0) return;
    text = text.substr(0, std::min<size_t>(item.count - 1, 255));
    text.insert(text.begin(), static_cast<char>(text.size()));
  }
  text.resize(item.count, '\0');
  *out += text;
}

Value pack(CallContext&, std::span<Value> args) {
  Arguments a("pack", args);
  const auto format = format_of(a);
  std::string out;
  size_t next = 1;
  const auto take = [&]() -> const Value& {
    if (next >= args.size()) a.refuse("args", "must be as many as the format asks for.");
    return args[next++];
  };
  for (const auto& item : format.items) {
    const size_t size = size_of(item.letter, format.native);
    out.append(is_text(item.letter) ? 0 : padding(format, out.size(), size), '\0');
    if (is_text(item.letter)) {
      put_text(a, item, take(), &out);
      continue;
    }
    for (size_t i = 0; i < item.count; ++i) {
      if (item.letter == 'x') {
        out.push_back('\0');
      } else {
        put_number(format, bits_of(a, item, take()), size, &out);
      }
    }
  }
  // pack("x", NULL) is as good as pack("x").
  const bool pads_only = next == 1 && args.size() == 2 && args[1].is_scalar() && args[1].is_null();
  if (next != args.size() && !pads_only) a.refuse("args", "must be as many as the format asks for.");
  return types::Scalar::of_text(Type::kString, std::move(out));
}

Value number_value(const Item& item, uint64_t bits, size_t size) {
  switch (item.letter) {
    case 'c': return types::Scalar::of<int8_t>(Type::kChar, static_cast<int8_t>(bits));
    case 'f': return Value::of_double(std::bit_cast<float>(static_cast<uint32_t>(bits)));
    case 'd': return Value::of_double(std::bit_cast<double>(bits));
    default: break;
  }
  const size_t unused = 64 - 8 * size;
  const auto shifted = bits << unused;
  const auto number =
      is_signed(item.letter) ? static_cast<int64_t>(shifted) >> unused : static_cast<int64_t>(shifted >> unused);
  return Value::of_long(number);
}

Value unpack(CallContext&, std::span<Value> args) {
  Arguments a("unpack", args);
  const auto format = format_of(a);
  const auto bytes = a.text(1, "buf");
  std::vector<Value> values;
  size_t at = 0;
  const auto take = [&](size_t count) {
    if (count > bytes.size() - std::min(at, bytes.size()))
      a.refuse("buf", "must have the bytes that the format asks for.");
    at += count;
    return std::string_view(bytes).substr(at - count, count);
  };
  for (const auto& item : format.items) {
    const size_t size = size_of(item.letter, format.native);
    if (is_text(item.letter)) {
      auto text = std::string(take(item.count));
      if (item.letter == 'p' && !text.empty()) text = text.substr(1, static_cast<unsigned char>(text[0]));
      values.push_back(Value::of_string(text.substr(0, text.find_last_not_of('\0') + 1)));
      continue;
    }
    (void)take(padding(format, at, size));
    for (size_t i = 0; i < item.count; ++i) {
      const auto raw = take(size);
      values.push_back(item.letter == 'x' ? Value::null() : number_value(item, get_number(format, raw), size));
    }
  }
  if (at != bytes.size()) a.refuse("buf", "must have the bytes that the format asks for, and no more.");
  return Vector::tuple(std::move(values));
}

}  // namespace

void register_packing(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, "strings", Nature::kWhole, std::move(d)); };
  row({"pack", "format, args...", pack,
       "Values as bytes. A letter for each: c b B ? h H i I l L q Q n N P f d, s and p for texts, x for a zero byte, "
       "each "
       "with a count before it or not; @ = < > ! at the beginning say order, sizes and alignment.",
       "strlen(pack(\"<ih3s\", 1, 2, \"ab\"))", "9"});
  row({"unpack", "format, buf", unpack, "The values that pack made bytes of, whole numbers as LONG.",
       "unpack(\"<ih3s\", pack(\"<ih3s\", 1, 2, \"ab\"))", "(1,2,\"ab\")"});
}

}  // namespace pelorus::functions
