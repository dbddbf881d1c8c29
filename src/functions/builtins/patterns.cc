// Regular expressions, digests and text codes: regexFind regexReplace md5 hex …

#include <iconv.h>
#include <openssl/evp.h>

#include <boost/regex.hpp>

#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/texts.h"
#include "kernels/hash.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "patterns";

/// As patterns are written in ECMAScript: . is no line's end, ^ and $ are the ends of the text.
const boost::match_flag_type kMatching = boost::match_default | boost::match_not_dot_newline | boost::match_single_line;
const boost::match_flag_type kReplacing = kMatching | boost::format_perl;
using Matches = boost::sregex_iterator;

boost::regex pattern_of(const Arguments& a, size_t i) {
  try {
    return boost::regex(a.text(i, "pattern"));
  } catch (const boost::regex_error& error) {
    a.refuse("pattern", std::string("is no regular expression: ") + error.what());
  }
}

/// What `match` gives. Patterns that would go through a text again and again for an age are given up.
template <class Match>
auto matched(std::string_view function, Match&& match) {
  try {
    return match();
  } catch (const std::runtime_error&) {
    usage_error(function, "The pattern takes too many steps on this text; write it without nested repeats.");
  }
}

/// Backslashes of a replacement stand for themselves; $1, $& and $$ do not.
std::string replacement_of(const std::string& text) {
  std::string out;
  for (const char c : text) out.append(c == '\\' ? 2 : 1, c);
  return out;
}

Value find(CallContext&, std::span<Value> args) {
  Arguments a("regexFind", args);
  const auto pattern = pattern_of(a, 1);
  const auto offset = static_cast<size_t>(std::max<int64_t>(0, a.integer_or(2, "offset", 0)));
  return map_text_to("regexFind", args[0], Type::kInt, [&](const std::string& text) {
    boost::smatch match;
    const auto is_found = [&] {
      return boost::regex_search(text.begin() + static_cast<ptrdiff_t>(offset), text.end(), match, pattern, kMatching);
    };
    if (offset > text.size() || !matched("regexFind", is_found)) return Scalar::of_int(-1);
    return Scalar::of_int(static_cast<int32_t>(match.position()) + static_cast<int32_t>(offset));
  });
}

Value find_text(CallContext&, std::span<Value> args) {
  Arguments a("regexFindStr", args);
  const auto pattern = pattern_of(a, 1);
  const bool only_first = a.flag_or(2, "onlyFirst", true);
  const auto search = [&](const std::string& text) {
    return matched("regexFindStr", [&] {
      std::vector<std::string> found;
      for (Matches it(text.begin(), text.end(), pattern, kMatching), end; it != end && !(only_first && !found.empty());
           ++it)
        if (it->length() > 0) found.push_back(it->str());
      return found;
    });
  };
  if (only_first) {
    return map_text("regexFindStr", args[0], [&](const std::string& text) {
      const auto found = search(text);
      return found.empty() ? std::string() : found[0];
    });
  }
  if (args[0].is_scalar()) return Vector::of_strings(Type::kString, search(a.text(0, "str")));
  std::vector<Value> rows;
  for (const auto& text : a.texts(0, "str")) rows.emplace_back(Vector::of_strings(Type::kString, search(text)));
  return Vector::tuple(std::move(rows));
}

Value count(CallContext&, std::span<Value> args) {
  Arguments a("regexCount", args);
  const int64_t offset = a.integer_or(2, "offset", 0);
  if (offset < 0) a.refuse("offset", "must not be negative.");
  const auto pattern = pattern_of(a, 1);
  return map_text_to("regexCount", args[0], Type::kInt, [&](const std::string& text) {
    const auto from = text.begin() + std::min<std::ptrdiff_t>(offset, std::ssize(text));
    return matched("regexCount", [&] {
      const auto times = std::distance(Matches(from, text.end(), pattern, kMatching), Matches());
      return Scalar::of_int(static_cast<int32_t>(times));
    });
  });
}

Value replace(CallContext&, std::span<Value> args) {
  Arguments a("regexReplace", args);
  const auto pattern = pattern_of(a, 1);
  const auto with = replacement_of(a.text_or(2, "replacement", ""));
  return map_text("regexReplace", args[0], [&](const std::string& text) {
    return matched("regexReplace", [&] { return boost::regex_replace(text, pattern, with, kReplacing); });
  });
}

Value digest(CallContext&, std::span<Value> args) {
  return map_text_to("md5", args[0], Type::kInt128, [](const std::string& text) {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (EVP_Digest(text.data(), text.size(), bytes, &size, EVP_md5(), nullptr) != 1 || size != 16)
      throw ScriptError("md5: the digest is not available.");
    types::Bytes16 value;
    for (size_t i = 0; i < 16; ++i) value.bytes[15 - i] = bytes[i];
    return Scalar::of<types::Bytes16>(Type::kInt128, value);
  });
}

Value buckets(CallContext&, std::span<Value> args) {
  Arguments a("hashBucket", args);
  const auto count = a.integer(1, "buckets");
  if (count < 1) a.refuse("buckets", "must be positive.");
  return lift_map_any(args[0], Spread::kElements, [&](const Shared<Vector>& vector) {
    Vector result(Type::kInt, vector->size());
    for (size_t i = 0; i < vector->size(); ++i) {
      uint64_t hash = 0;
      if (vector->is_null_at(i) && !types::is_literal(vector->type())) {
        result.edit<int32_t>()[i] = -1;
        continue;
      }
      if (types::is_literal(vector->type())) {
        hash = kernels::murmur2(vector->text_at(i).data(), vector->text_at(i).size());
      } else if (vector->repr() == types::Repr::kB16) {
        hash = kernels::murmur2(vector->values<types::Bytes16>()[i].bytes.data(), 16);
      } else {
        const auto key = vector->scalar_at(i);
        if (types::is_floating(key.type()) || types::is_decimal(key.type()) || key.type() == Type::kDuration)
          usage_error("hashBucket", "X must be integral, temporal or text.");
        // As clients split rows: the bits of the value, unsigned in its own width.
        const int64_t value = key.as_int64();
        const bool narrow = types::width_of(vector->type()) <= 4;
        hash = narrow ? static_cast<uint32_t>(static_cast<int32_t>(value)) : static_cast<uint64_t>(value);
      }
      result.edit<int32_t>()[i] = static_cast<int32_t>(hash % static_cast<uint64_t>(count));
    }
    return result;
  });
}

/// Longest text an encoding is changed of.
constexpr size_t kEncodedBytesMax = 64 << 20;

std::string recoded(std::string_view function, const std::string& text, const std::string& from,
                    const std::string& to) {
  const auto converter = iconv_open(to.c_str(), from.c_str());
  if (converter == reinterpret_cast<iconv_t>(-1))
    usage_error(function, "This encoding is not known: " + from + " or " + to + ".");
  std::string in = text.substr(0, kEncodedBytesMax), out(in.size() * 4 + 16, '\0');
  char* read = in.data();
  char* write = out.data();
  size_t left = in.size(), room = out.size();
  const bool failed = iconv(converter, &read, &left, &write, &room) == static_cast<size_t>(-1);
  iconv_close(converter);
  if (failed) usage_error(function, "The text is not valid in the encoding " + from + ".");
  out.resize(out.size() - room);
  return out;
}

Value convert_encoding(CallContext&, std::span<Value> args) {
  Arguments a("convertEncode", args);
  const auto from = a.text(1, "srcEncode"), to = a.text(2, "destEncode");
  return map_text("convertEncode", args[0],
                  [&](const std::string& text) { return recoded("convertEncode", text, from, to); });
}
Value to_utf8(CallContext&, std::span<Value> args) {
  const auto from = Arguments("toUTF8", args).text(1, "encode");
  return map_text("toUTF8", args[0], [&](const std::string& text) { return recoded("toUTF8", text, from, "utf-8"); });
}
Value from_utf8(CallContext&, std::span<Value> args) {
  const auto to = Arguments("fromUTF8", args).text(1, "encode");
  return map_text("fromUTF8", args[0], [&](const std::string& text) { return recoded("fromUTF8", text, "utf-8", to); });
}

}  // namespace

void register_patterns(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kElementwise, std::move(d)); };
  row({"regexFind", "str, pattern, [offset=0]", find, "Where a pattern first matches, or -1.",
       "regexFind(\"ab12cd\", \"[0-9]+\")", "2"});
  row({"regexFindStr", "str, pattern, [onlyFirst=true]", find_text, "The text a pattern matches.",
       "regexFindStr(\"ab12cd\", \"[0-9]+\")", "\"12\""});
  row({"regexCount", "str, pattern, [offset=0]", count, "How often a pattern matches.",
       "regexCount(\"a1b22\", \"[0-9]+\")", "2"});
  row({"regexReplace", "str, pattern, replacement", replace, "With every match replaced.",
       "regexReplace(\"a1b22\", \"[0-9]+\", \"#\")", "\"a#b#\""});
  row({"md5", "X", digest, "The MD5 digest as INT128.", "md5(\"a\")", "0cc175b9c0f1b6a831c399e269772661"});
  row({"hashBucket", "X, buckets", buckets, "The hash bucket of each value, as HASH partitions count them.",
       "hashBucket(34 45, 10)", "[4,5]", "A null number: -1."});
  row({"convertEncode", "str, srcEncode, destEncode", convert_encoding, "The text in another encoding.",
       "convertEncode(\"a\", \"utf-8\", \"gbk\")", "\"a\""});
  row({"fromUTF8", "str, encode", from_utf8, "UTF-8 text in another encoding.", "fromUTF8(\"a\", \"gbk\")", "\"a\""});
  row({"toUTF8", "str, encode", to_utf8, "Text of another encoding as UTF-8.", "toUTF8(\"a\", \"gbk\")", "\"a\""});
}

}  // namespace pelorus::functions
