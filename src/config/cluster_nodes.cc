#include "config/cluster_nodes.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/letter_case.h"
#include "config/nearest_name.h"
#include "config/text_lines.h"

namespace pelorus::config {
namespace {

enum class Column { kLocalSite, kMode, kGroup, kZone };
constexpr std::string_view kColumnNames[] = {"localSite", "mode", "computeGroup", "zone"};
constexpr std::string_view kModeWords[] = {"controller", "agent", "datanode", "computenode"};

std::optional<Column> column_of(std::string_view name) {
  for (size_t i = 0; i < std::size(kColumnNames); ++i) {
    if (lowered(name) == lowered(kColumnNames[i])) return static_cast<Column>(i);
  }
  return std::nullopt;
}

/// Where a site begins in `field` after one of `words`: "datanode172.0.0.2:9905:agent2" → 8. Empty when it does not.
template <class Words>
std::optional<size_t> glue_position(std::string_view field, const Words& words) {
  for (const auto word : words) {
    if (lowered(field.substr(0, word.size())) == lowered(word) && parse_site(field.substr(word.size())).ok()) {
      return word.size();
    }
  }
  return std::nullopt;
}

class NodesParser {
 public:
  NodesParser(ClusterNodes& out, const std::vector<std::string>& known, Findings& findings)
      : out_(out), known_aliases_(known), findings_(findings) {}

  void parse(std::vector<TextLine> lines) {
    for (auto& line : lines) narrow(line);
    lines = join_torn(std::move(lines));
    for (const auto& line : lines) {
      for (const auto& record : split_glued(line)) parse_record(line.number, record);
    }
    if (!out_.has_header && !lines.empty()) {
      report(0, "the header 'localSite,mode' is missing; columns taken in this order", Severity::kWarning);
    }
  }

 private:
  using Fields = std::vector<std::string_view>;

  void narrow(TextLine& line) {
    bool changed = false;
    auto narrowed = narrow_punctuation(line.text, &changed);
    if (changed) report(line.number, "full-width punctuation or tabs replaced", Severity::kWarning);
    line.text = trim(narrowed);
  }

  /// `172.0.0.1:9907:` / `ode1,datanode`: sed's \n in front of "node1" became a line end.
  std::vector<TextLine> join_torn(std::vector<TextLine> lines) {
    std::vector<TextLine> joined;
    for (size_t i = 0; i < lines.size(); ++i) {
      if (i + 1 < lines.size() && ends_without_alias(lines[i].text) && !has_site(lines[i + 1].text)) {
        const auto fragment = split(lines[i + 1].text, ',');
        const std::string alias = "n" + std::string(fragment.empty() ? "" : fragment.front());
        if (std::find(known_aliases_.begin(), known_aliases_.end(), alias) != known_aliases_.end()) {
          report(lines[i].number,
                 "record torn by a newline; joined with line " + std::to_string(lines[i + 1].number) + " as '" + alias +
                     "'",
                 Severity::kWarning);
          joined.push_back({lines[i].number, lines[i].text + "n" + lines[i + 1].text});
        } else {
          report(lines[i].number,
                 "record without an alias, and line " + std::to_string(lines[i + 1].number) + " ('" +
                     lines[i + 1].text + "') without an address; no known alias joins them, write both as one line",
                 Severity::kError);
        }
        ++i;
        continue;
      }
      joined.push_back(lines[i]);
    }
    return joined;
  }

  static bool ends_without_alias(std::string_view text) {
    return text.ends_with(':') && text.find(',') == std::string_view::npos && parse_site(std::string(text) + "x").ok();
  }
  static bool has_site(std::string_view text) {
    const auto fields = split(text, ',');
    return std::any_of(fields.begin(), fields.end(), [](auto field) { return field.find(':') != field.npos; });
  }

  /// `172.0.0.3:9909:node3,datanode172.0.0.2:9905:agent2,agent`: echo >> after a last line without a newline.
  std::vector<std::string> split_glued(const TextLine& line) {
    std::vector<std::string> records;
    std::string rest = line.text;
    while (true) {
      const auto cut = find_glue(rest);
      if (!cut) break;
      report(line.number, "two records run together; split before '" + rest.substr(*cut) + "'", Severity::kWarning);
      records.push_back(rest.substr(0, *cut));
      rest = rest.substr(*cut);
    }
    records.push_back(rest);
    return records;
  }

  /// Only the field behind a comma can be glued: a word that ends a record, then a site.
  std::optional<size_t> find_glue(std::string_view text) const {
    const bool is_header = column_of(trim(text.substr(0, text.find(',')))).has_value();
    if (!is_header && columns_.front() != Column::kLocalSite) return std::nullopt;  // sites stand behind commas
    for (auto comma = text.find(','); comma != std::string_view::npos; comma = text.find(',', comma + 1)) {
      auto start = comma + 1;
      while (start < text.size() && text[start] == ' ') ++start;
      const auto field = text.substr(start, text.find(',', start) - start);
      const auto after_word = is_header ? glue_position(field, kColumnNames) : glue_position(field, kModeWords);
      if (after_word) return start + *after_word;
    }
    return std::nullopt;
  }

  void parse_record(int line, const std::string& text) {
    const auto fields = split(text, ',');
    if (!fields.empty() && column_of(fields.front())) return parse_header(line, fields);
    std::array<std::string_view, std::size(kColumnNames)> cells;
    for (size_t i = 0; i < fields.size(); ++i) {
      if (i < columns_.size()) {
        cells[static_cast<size_t>(columns_[i])] = fields[i];
      } else if (!fields[i].empty()) {
        report(line,
               "more columns than the header names, from '" + std::string(fields[i]) + "'; two records run together?",
               Severity::kError);
        return;
      }
    }
    const auto site = parse_site(cells[0]);
    if (!site.ok()) return report(line, site.error().message, Severity::kError);
    const auto mode = parse_mode(cells[1]);
    if (!mode || *mode == NodeMode::kSingle) {
      return report(line,
                    "'" + std::string(cells[1]) +
                        "' is no mode of a member: controller, agent, datanode or computenode" +
                        did_you_mean(cells[1], kModeWords),
                    Severity::kError);
    }
    add({{*site, *mode, std::string(cells[2]), std::string(cells[3])}, line});
  }

  void parse_header(int line, const Fields& fields) {
    std::vector<Column> columns;
    for (const auto field : fields) {
      const auto column = column_of(field);
      if (!column) {
        report(line, "unknown column '" + std::string(field) + "' in the header" + did_you_mean(field, kColumnNames),
               Severity::kError);
        continue;
      }
      columns.push_back(*column);
    }
    if (out_.has_header) {
      report(line, "the header stands a second time; left out", Severity::kWarning);
    } else if (!out_.records.empty()) {
      report(line, "the header does not come first", Severity::kWarning);
    }
    out_.has_header = true;
    const bool has_both = std::count(columns.begin(), columns.end(), Column::kLocalSite) == 1 &&
                          std::count(columns.begin(), columns.end(), Column::kMode) == 1;
    if (!has_both) return report(line, "the header must name localSite and mode once each", Severity::kError);
    columns_ = std::move(columns);
  }

  void add(NodeRecord record) {
    if (out_.records.size() == kMembersMax) {
      return report(record.line, "more than " + std::to_string(kMembersMax) + " members", Severity::kError);
    }
    for (const auto& other : out_.records) {
      const auto place = "line " + std::to_string(other.line);
      if (other.node == record.node) {
        return report(record.line, "the same record as " + place + "; left out", Severity::kNote);
      }
      if (other.node.site.alias == record.node.site.alias) {
        return report(record.line,
                      "alias '" + record.node.site.alias + "' is " + record.node.to_string() + " here and " +
                          other.node.to_string() + " on " + place,
                      Severity::kError);
      }
      if (other.node.site.same_address(record.node.site)) {
        return report(record.line,
                      "address " + record.node.site.address() + " is '" + record.node.site.alias + "' here and '" +
                          other.node.site.alias + "' on " + place,
                      Severity::kError);
      }
    }
    out_.records.push_back(std::move(record));
  }

  void report(int line, std::string text, Severity severity) {
    findings_.push_back({out_.file, line, std::move(text), severity});
  }

  ClusterNodes& out_;
  const std::vector<std::string>& known_aliases_;
  Findings& findings_;
  std::vector<Column> columns_ = {Column::kLocalSite, Column::kMode, Column::kGroup, Column::kZone};
};

}  // namespace

const NodeRecord* ClusterNodes::find(std::string_view alias) const {
  const auto found = std::find_if(records.begin(), records.end(),
                                  [&](const NodeRecord& record) { return record.node.site.alias == alias; });
  return found == records.end() ? nullptr : &*found;
}

std::vector<NodeEntry> ClusterNodes::nodes() const {
  std::vector<NodeEntry> all;
  for (const auto& record : records) all.push_back(record.node);
  return all;
}

ClusterNodes parse_cluster_nodes(std::string_view text, const std::string& file,
                                 const std::vector<std::string>& known_aliases, Findings& findings) {
  ClusterNodes nodes;
  nodes.file = file;
  NodesParser(nodes, known_aliases, findings).parse(clean_lines(text, file, findings));
  return nodes;
}

std::string format_cluster_nodes(const std::vector<NodeEntry>& nodes) {
  const bool has_zone =
      std::any_of(nodes.begin(), nodes.end(), [](const NodeEntry& node) { return !node.zone.empty(); });
  const bool has_group =
      has_zone || std::any_of(nodes.begin(), nodes.end(), [](const NodeEntry& node) { return !node.group.empty(); });
  std::string text = "localSite,mode";
  if (has_group) text += ",computeGroup";
  if (has_zone) text += ",zone";
  text += "\n";
  for (const auto& node : nodes) text += node.to_string() + "\n";
  return text;
}

}  // namespace pelorus::config
