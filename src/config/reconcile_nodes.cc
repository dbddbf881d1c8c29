#include "config/reconcile_nodes.h"

#include <algorithm>
#include <map>

namespace pelorus::config {
namespace {

/// What the files say of one alias.
struct Claim {
  NodeEntry node;
  std::string file;
  int line = 0;
};

using Claims = std::vector<Claim>;

std::map<std::string, Claims> collect_claims(const std::vector<NodesCopy>& copies, bool founding) {
  std::map<std::string, Claims> claims;
  for (const auto& copy : copies) {
    if (!copy.changed && !founding) continue;
    for (const auto& record : copy.nodes.records) {
      claims[record.node.site.alias].push_back({record.node, copy.owner + " " + copy.nodes.file, record.line});
    }
  }
  return claims;
}

/// What the member says of itself; null when it says nothing.
const Site* own_site(const std::vector<NodesCopy>& copies, const std::vector<Site>& running, const std::string& alias) {
  const auto copy =
      std::find_if(copies.begin(), copies.end(), [&](const NodesCopy& other) { return other.owner == alias; });
  if (copy != copies.end()) return &copy->own_site;
  const auto site =
      std::find_if(running.begin(), running.end(), [&](const Site& other) { return other.alias == alias; });
  return site == running.end() ? nullptr : &*site;
}

/// The claim more than half of the claims agree on; null when there is none.
const Claim* majority(const Claims& claims) {
  for (const auto& candidate : claims) {
    const auto votes =
        std::count_if(claims.begin(), claims.end(), [&](const Claim& other) { return other.node == candidate.node; });
    if (static_cast<size_t>(votes) * 2 > claims.size()) return &candidate;
  }
  return nullptr;
}

std::string list_claims(const Claims& claims) {
  std::string text;
  for (const auto& claim : claims) {
    text +=
        (text.empty() ? "" : "; ") + claim.node.to_string() + " in " + claim.file + ":" + std::to_string(claim.line);
  }
  return text;
}

struct Decision {
  std::optional<NodeEntry> node;
  std::string reason;
};

Decision decide(const std::string& alias, const Claims& claims, const Site* own, Findings& findings) {
  auto entry = claims.front().node;
  const bool agreed =
      std::all_of(claims.begin(), claims.end(), [&](const Claim& claim) { return claim.node == entry; });
  const auto& place = claims.front();
  if (own) {
    if (const auto* voted = majority(claims)) entry = voted->node;
    if (agreed && entry.site.same_address(*own)) return {entry, "all files agree"};
    findings.push_back(
        {place.file, place.line,
         "'" + alias + "' says of itself " + own->address() + ", which counts; the files say: " + list_claims(claims),
         Severity::kWarning});
    entry.site = *own;
    return {entry, "its own localSite"};
  }
  if (agreed) return {entry, "all files agree"};
  if (const auto* voted = majority(claims)) {
    findings.push_back({place.file, place.line,
                        "the files contradict each other about '" + alias + "'; most say " + voted->node.to_string() +
                            ": " + list_claims(claims),
                        Severity::kWarning});
    return {voted->node, "most files"};
  }
  findings.push_back({place.file, place.line,
                      "the files contradict each other about '" + alias +
                          "' and none has a majority; nothing changed: " + list_claims(claims),
                      Severity::kError});
  return {};
}

void report_ignored_removals(const std::vector<NodeEntry>& known, const std::vector<NodesCopy>& copies,
                             Findings& findings) {
  for (const auto& copy : copies) {
    std::string missing;
    for (const auto& node : known) {
      if (!copy.nodes.find(node.site.alias)) missing += (missing.empty() ? "" : ", ") + node.site.alias;
    }
    if (missing.empty() || !copy.changed) continue;
    findings.push_back({copy.owner + " " + copy.nodes.file, 0,
                        "the file lacks members of the cluster, which stay members: " + missing, Severity::kWarning});
  }
}

}  // namespace

ReconciledNodes reconcile_nodes(const std::vector<NodeEntry>& known, const std::vector<NodesCopy>& copies,
                                const std::vector<Site>& running, const std::set<std::string>& removed) {
  ReconciledNodes result;
  result.members = known;
  for (const auto& [alias, claims] : collect_claims(copies, known.empty())) {
    if (removed.contains(alias)) {
      result.findings.push_back({claims.front().file, claims.front().line,
                                 "'" + alias + "' was removed from the cluster and a file does not bring it back; " +
                                     "addNode or addController does",
                                 Severity::kWarning});
      continue;
    }
    const auto decision = decide(alias, claims, own_site(copies, running, alias), result.findings);
    if (!decision.node) continue;
    const auto member = std::find_if(result.members.begin(), result.members.end(),
                                     [&, &name = alias](const NodeEntry& node) { return node.site.alias == name; });
    if (member == result.members.end()) {
      result.changes.push_back({*decision.node, std::nullopt, decision.reason});
      result.members.push_back(*decision.node);
    } else if (*member != *decision.node) {
      result.changes.push_back({*decision.node, *member, decision.reason});
      *member = *decision.node;
    }
  }
  report_ignored_removals(known, copies, result.findings);
  return result;
}

Findings judge_joining(const std::vector<NodeEntry>& known, const NodesCopy& copy) {
  Findings findings;
  const auto file = copy.owner + " " + copy.nodes.file;
  for (const auto& record : copy.nodes.records) {
    const auto& alias = record.node.site.alias;
    const auto member = std::ranges::find_if(known, [&](const NodeEntry& node) { return node.site.alias == alias; });
    if (member == known.end()) {
      findings.push_back({file, record.line,
                          "'" + alias +
                              "' is no member of the cluster and a joining controller's file adds none: add " +
                              "it to the files of the members, or by addNode or addController",
                          Severity::kWarning});
    } else if (*member != record.node) {
      findings.push_back({file, record.line,
                          "the cluster has '" + alias + "' as " + member->to_string() +
                              ", which counts; the file says " + record.node.to_string(),
                          Severity::kWarning});
    }
  }
  report_ignored_removals(known, {copy}, findings);
  return findings;
}

}  // namespace pelorus::config
