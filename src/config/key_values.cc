#include "config/key_values.h"

#include <algorithm>
#include <map>

#include "config/setting.h"
#include "config/site.h"
#include "config/text_lines.h"

namespace pelorus::config {
namespace {

constexpr size_t kNameBytesMax = 128;  // alias, dot and setting name

bool is_free_text(const Setting* setting) {
  if (!setting) return true;
  return setting->type == SettingType::kString || setting->type == SettingType::kPath ||
         setting->type == SettingType::kPathList || setting->type == SettingType::kList;
}

/// Where the value of `setting` ends and the next line's `key=` begins; npos when nothing is glued.
size_t find_glue(const Setting& setting, std::string_view value) {
  if (is_free_text(&setting) && setting.choices.empty()) return std::string_view::npos;
  for (auto equals = value.find('='); equals != std::string_view::npos; equals = value.find('=', equals + 1)) {
    for (size_t start = equals > kNameBytesMax ? equals - kNameBytesMax : 1; start < equals; ++start) {
      const auto name = value.substr(start, equals - start);
      const auto dot = name.rfind('.');
      if (!find_setting(dot == std::string_view::npos ? name : name.substr(dot + 1))) continue;
      const auto head = trim(value.substr(0, start));
      if (!head.empty() && !value_fault(setting, head)) return start;
    }
  }
  return std::string_view::npos;
}

class LineParser {
 public:
  LineParser(const std::string& file, Findings& findings, std::vector<KeyValue>& entries)
      : file_(file), findings_(findings), entries_(entries) {}

  void parse(const TextLine& line) {
    std::string rest = line.text;
    while (!rest.empty()) rest = parse_one(line.number, rest);
  }

 private:
  /// Returns what was glued behind the first pair.
  std::string parse_one(int number, const std::string& text) {
    bool narrowed = false;
    const auto narrow = narrow_punctuation(text, &narrowed);
    const auto narrow_equals = narrow.find('=');
    if (narrow_equals == std::string::npos) {
      report(number, "no '=' in the line '" + shown(text) + "'", Severity::kError);
      return {};
    }
    KeyValue entry;
    entry.line = number;
    const auto name = trim(std::string_view(narrow).substr(0, narrow_equals));
    const auto dot = name.rfind('.');
    entry.qualifier = dot == std::string_view::npos ? "" : name.substr(0, dot);
    entry.key = dot == std::string_view::npos ? name : name.substr(dot + 1);
    if (entry.key.empty() || (dot == 0)) {
      report(number, "no key before '=' in the line '" + shown(text) + "'", Severity::kError);
      return {};
    }
    const auto* setting = find_setting(entry.key);
    if (setting && setting->name != entry.key) {
      report(number, "'" + entry.key + "' is taken as '" + std::string(setting->name) + "'", Severity::kNote);
      entry.key = setting->name;
    }
    entry.value = value_of(number, text, narrow, narrowed, setting);
    std::string glued;
    if (setting) glued = cut_glue(number, *setting, entry.value);
    entries_.push_back(std::move(entry));
    return glued;
  }

  /// Free text keeps its own letters; everything else is narrowed.
  std::string value_of(int number, const std::string& text, const std::string& narrow, bool narrowed,
                       const Setting* setting) {
    const auto plain_equals = text.find('=');
    const bool wide_equals =
        plain_equals == std::string::npos || narrow_punctuation_differs(std::string_view(text).substr(0, plain_equals));
    const bool keep = is_free_text(setting) && !wide_equals;
    if (narrowed && !keep) report(number, "full-width punctuation or tabs replaced", Severity::kWarning);
    const auto& source = keep ? text : narrow;
    return std::string(trim(std::string_view(source).substr(source.find('=') + 1)));
  }

  static bool narrow_punctuation_differs(std::string_view text) {
    bool changed = false;
    narrow_punctuation(text, &changed);
    return changed;
  }

  std::string cut_glue(int number, const Setting& setting, std::string& value) {
    const auto glue = find_glue(setting, value);
    if (glue == std::string::npos) return {};
    std::string rest = value.substr(glue);
    value = trim(std::string_view(value).substr(0, glue));
    report(number, "two lines run together; split before '" + shown(rest) + "'", Severity::kWarning);
    return rest;
  }

  static std::string shown(const std::string& text) { return text.size() <= 80 ? text : text.substr(0, 80) + "…"; }

  void report(int line, std::string text, Severity severity) {
    findings_.push_back({file_, line, std::move(text), severity});
  }

  const std::string& file_;
  Findings& findings_;
  std::vector<KeyValue>& entries_;
};

void drop_duplicates(KeyValues& values, Findings& findings) {
  std::map<std::pair<std::string, std::string>, const KeyValue*> last;
  for (const auto& entry : values.entries) {
    auto& seen = last[{entry.qualifier, entry.key}];
    if (seen) {
      const std::string name = entry.qualifier.empty() ? entry.key : entry.qualifier + "." + entry.key;
      findings.push_back(
          {values.file, entry.line,
           "'" + name + "' stands on line " + std::to_string(seen->line) + " too; " +
               (seen->value == entry.value ? "the value is the same" : "the later value '" + entry.value + "' counts"),
           seen->value == entry.value ? Severity::kNote : Severity::kWarning});
    }
    seen = &entry;
  }
  std::vector<KeyValue> kept;
  for (const auto& entry : values.entries) {
    if (last[{entry.qualifier, entry.key}] == &entry) kept.push_back(entry);
  }
  values.entries = std::move(kept);
}

}  // namespace

const KeyValue* KeyValues::find(std::string_view key) const {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const KeyValue& entry) { return entry.qualifier.empty() && entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

KeyValues parse_key_values(std::string_view text, const std::string& file, Findings& findings) {
  KeyValues values;
  values.file = file;
  LineParser parser(file, findings, values.entries);
  for (const auto& line : clean_lines(text, file, findings)) parser.parse(line);
  drop_duplicates(values, findings);
  return values;
}

}  // namespace pelorus::config
