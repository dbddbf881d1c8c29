// Files that operators edit while the cluster is down: what changed in them is taken over once a leader is there.
// They add members and change addresses, never remove; unchanged files do not vote; what contradicts itself is reported
// and not taken. Rules: operations manual, "Membership". What was agreed is written back to every controller.

#include <algorithm>

#include "base/log.h"
#include "config/cluster_config.h"
#include "config/reconcile_nodes.h"
#include "controller/metadata_service.h"
#include "controller/node_control.h"
#include "raft/replicated_log.h"

namespace pelorus::controller {
namespace {

constexpr const char* kNodesFile = "cluster.nodes";
constexpr const char* kSettingsFile = "cluster.cfg";
constexpr milliseconds kOfferWait{5000};

/// Tells contents apart; no secret depends on it.
std::string hash_of(const std::string& text) {
  return std::to_string(raft::member_id_of(text)) + "-" + std::to_string(text.size());
}

std::string canonical_nodes(const meta::State& state) {
  std::vector<config::NodeEntry> entries;
  for (const auto& [alias, node] : state.nodes) entries.push_back(entry_of(node));
  return config::format_cluster_nodes(entries);
}

/// The file needs no repair and lists these members, in whatever order and with whatever line ends.
bool says_the_same(const std::string& text, const meta::State& state) {
  config::Findings findings;
  std::vector<std::string> aliases;
  for (const auto& [alias, node] : state.nodes) aliases.push_back(alias);
  const auto nodes = config::parse_cluster_nodes(text, kNodesFile, aliases, findings);
  if (std::ranges::any_of(findings, [](const auto& finding) { return finding.severity != config::Severity::kNote; }))
    return false;
  return nodes.records.size() == state.nodes.size() && std::ranges::all_of(state.nodes, [&](const auto& member) {
           const auto* record = nodes.find(member.first);
           return record != nullptr && record->node == entry_of(member.second);
         });
}

void report(const config::Findings& findings) {
  for (const auto& finding : findings) {
    if (finding.severity != config::Severity::kNote) log_warning(finding.describe());
  }
}

/// The text that most offers agree on; nothing on a tie.
std::optional<std::string> majority(const std::vector<std::string>& texts) {
  std::map<std::string, size_t> votes;
  for (const auto& text : texts) ++votes[text];
  for (const auto& [text, count] : votes) {
    if (count * 2 > texts.size()) return text;
  }
  return {};
}

config::NodesCopy parse_copy(const meta::FileOffer& offer, const std::string& text,
                             const std::vector<config::NodeEntry>& known, config::Findings& findings) {
  std::vector<std::string> aliases;
  for (const auto& node : known) aliases.push_back(node.site.alias);
  auto nodes = config::parse_cluster_nodes(text, offer.alias + " " + kNodesFile, aliases, findings);
  nodes.file = kNodesFile;
  return {offer.alias, {offer.host, offer.port, offer.alias}, std::move(nodes)};
}

}  // namespace

bool MetadataService::is_known(const std::string& name, const std::string& text) const {
  return machine_.read([&](const meta::State& state) {
    const auto found = state.configuration.imported.find(options_.self.alias + "/" + name);
    return found != state.configuration.imported.end() &&
           (" " + found->second + " ").find(" " + hash_of(text) + " ") != std::string::npos;
  });
}

void MetadataService::offer_files() {
  const auto status = log_.status();
  const auto leading = leader();
  const auto term = leading == options_.self.alias ? machine_.term() : status.term;
  if (files_.empty() || leading.empty() || !knows_cluster() || offered_term_ == term + 1) return;
  const auto& self = options_.self;
  meta::FileOffer offer{
      .alias = self.alias, .host = self.host, .port = self.port, .files = {}, .joins = options_.joins};
  for (const auto& [name, text] : files_) {
    if (!is_known(name, text)) offer.files.emplace(name, text);
  }
  const auto payload = encode(offer);
  const auto answer = leading == self.alias
                          ? take_offer(payload)
                          : peers_.call(leading, meta::kOfferFiles, payload, {.timeout = live_.timeout()});
  if (answer.ok()) offered_term_ = term + 1;
}

Result<Bytes> MetadataService::take_offer(std::string_view payload) {
  TRY(auto offer, meta::decode<meta::FileOffer>(payload, meta::kOfferFiles));
  const std::lock_guard lock(mutex_);
  if (offers_.empty()) first_offer_ = clock_.now();
  const auto alias = offer.alias;
  offers_[alias] = std::move(offer);
  return Bytes();
}

void MetadataService::import_files() {
  const auto controllers = machine_.read([](const meta::State& state) {
    std::set<std::string> aliases;
    for (const auto& [alias, node] : state.nodes) {
      if (node.role == meta::NodeRole::kController) aliases.insert(alias);
    }
    return aliases;
  });
  std::map<std::string, meta::FileOffer> offers;
  {
    const std::lock_guard lock(mutex_);
    const bool complete =
        std::all_of(controllers.begin(), controllers.end(), [&](const auto& alias) { return offers_.contains(alias); });
    if (offers_.empty() || (!complete && clock_.now() - first_offer_ < kOfferWait)) return;
    offers.swap(offers_);
  }
  std::map<std::string, meta::FileOffer> joining;
  std::erase_if(offers, [&](const auto& named) { return named.second.joins && joining.insert(named).second; });
  import_nodes(offers);
  import_settings(offers);
  judge_joining(joining);
}

void MetadataService::judge_joining(const std::map<std::string, meta::FileOffer>& offers) {
  const auto known = members();
  for (const auto& [alias, offer] : offers) {
    if (const auto file = offer.files.find(kNodesFile); file != offer.files.end()) {
      config::Findings findings;
      const auto copy = parse_copy(offer, file->second, known, findings);
      const auto judged = config::judge_joining(known, copy);
      findings.insert(findings.end(), judged.begin(), judged.end());
      report(findings);
    }
    for (const auto& [name, text] : offer.files) note_import(alias, name, hash_of(text));
  }
}

std::vector<config::NodeEntry> MetadataService::members() const {
  return machine_.read([](const meta::State& state) {
    std::vector<config::NodeEntry> entries;
    for (const auto& [alias, node] : state.nodes) entries.push_back(entry_of(node));
    return entries;
  });
}

void MetadataService::import_nodes(const std::map<std::string, meta::FileOffer>& offers) {
  const auto known = members();
  // Data nodes are started where the replicated copy says: they have no word of their own.
  std::vector<config::Site> running;
  for (const auto& entry : known) {
    const bool has_file = entry.mode == config::NodeMode::kController || entry.mode == config::NodeMode::kAgent;
    const bool is_here = live_.is_live(entry.site.alias) || entry.site.alias == options_.self.alias;
    if (has_file && is_here) running.push_back(entry.site);
  }
  std::vector<config::NodesCopy> copies;
  config::Findings findings;
  for (const auto& [alias, offer] : offers) {
    const auto file = offer.files.find(kNodesFile);
    if (file == offer.files.end()) continue;
    copies.push_back(parse_copy(offer, file->second, known, findings));
  }
  if (copies.empty()) return;
  const auto removed = machine_.read([](const meta::State& state) { return removed_members(state); });
  const auto agreed = config::reconcile_nodes(known, copies, running, removed);
  findings.insert(findings.end(), agreed.findings.begin(), agreed.findings.end());
  report(findings);
  // Members may trade addresses: those refused are tried again while any other succeeds.
  auto waiting = agreed.changes;
  for (size_t before = waiting.size() + 1; !waiting.empty() && waiting.size() < before;) {
    before = waiting.size();
    std::erase_if(waiting, [&](const config::NodeChange& change) {
      const auto done = propose(meta::PutNode{node_of(change.node)});
      if (done.ok()) log_info("cluster.nodes: " + change.node.to_string() + " (" + change.reason + ")");
      return done.ok();
    });
  }
  for (const auto& change : waiting) log_error("cluster.nodes: could not take over " + change.node.to_string());
  if (config::has_errors(findings) || !waiting.empty()) return;  // not noted: an edited file votes again
  for (const auto& copy : copies)
    note_import(copy.owner, kNodesFile, hash_of(offers.at(copy.owner).files.at(kNodesFile)));
}

void MetadataService::import_settings(const std::map<std::string, meta::FileOffer>& offers) {
  std::vector<std::string> texts;
  for (const auto& [alias, offer] : offers) {
    const auto file = offer.files.find(kSettingsFile);
    if (file != offer.files.end()) texts.push_back(file->second);
  }
  if (texts.empty()) return;
  const auto text = majority(texts);
  if (!text) {
    log_error("cluster.cfg differs between the controllers and no majority agrees; nothing was taken over");
    return;
  }
  config::Findings findings;
  (void)config::parse_cluster_config(*text, kSettingsFile, findings);
  report(findings);
  if (config::has_errors(findings)) return;
  const bool same = machine_.read([&](const meta::State& state) {
    const auto now = state.configuration.texts.find(kSettingsFile);
    return now != state.configuration.texts.end() && now->second == *text;
  });
  if (!same && !propose(meta::PutConfiguration{.name = kSettingsFile, .text = *text}).ok()) return;
  for (const auto& [alias, offer] : offers) {
    const auto file = offer.files.find(kSettingsFile);
    if (file != offer.files.end()) note_import(alias, kSettingsFile, hash_of(file->second));
  }
}

void MetadataService::note_import(const std::string& controller, const std::string& name, const std::string& hashes) {
  (void)propose(meta::NoteImport{controller + "/" + name, hashes});
}

// The hash is noted before the file is replaced: a crash between must not make either content vote at the next start.
void MetadataService::write_back() {
  if (!options_.write_file) return;
  uint64_t revision = written_revision_;
  std::map<std::string, std::string> wanted;
  machine_.read([&](const meta::State& state) {
    if (state.cluster.is_nil() || state.configuration.revision == written_revision_) return;
    revision = state.configuration.revision;
    const auto nodes = files_.find(kNodesFile);
    if (nodes == files_.end() || !says_the_same(nodes->second, state)) wanted[kNodesFile] = canonical_nodes(state);
    const auto settings = state.configuration.texts.find(kSettingsFile);
    if (settings != state.configuration.texts.end()) wanted[kSettingsFile] = settings->second;
  });
  bool complete = true;
  for (const auto& [name, text] : wanted) {
    const auto present = files_.find(name);
    if (present != files_.end() && present->second == text) continue;
    // What the operator wrote and nobody has taken over yet stays.
    if (present != files_.end() && !is_known(name, present->second)) {
      complete = false;
      continue;
    }
    const auto key = options_.self.alias + "/" + name;
    const auto both = (present == files_.end() ? "" : hash_of(present->second) + " ") + hash_of(text);
    const bool noted = change("controllers", meta::NoteImport{key, both}).ok();
    if (!noted) {
      complete = false;
      continue;
    }
    const auto written = options_.write_file(name, text);
    if (!written.ok()) {  // the next revision tries again
      log_warning("writing " + name + ": " + written.error().message);
      continue;
    }
    files_[name] = text;
    (void)change("controllers", meta::NoteImport{key, hash_of(text)});
  }
  if (complete) written_revision_ = revision;
}

}  // namespace pelorus::controller
