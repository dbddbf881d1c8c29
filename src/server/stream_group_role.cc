#include "server/stream_group_role.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "base/log.h"
#include "meta/messages.h"
#include "raft/preamble.h"

namespace pelorus::server {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPause{200};
constexpr milliseconds kAsk{2000};
constexpr uint64_t kNotesBytesMax = 1 << 16;

Error bad_setting(const std::string& item, const std::string& reason) {
  return {ErrorCode::kInvalid,
          "streamingRaftGroups: " + item + " " + reason + "; write id:node:node:node, with an id of 2 or more"};
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == at)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

Result<stream::StreamGroupTerms> terms_of(const std::string& item) {
  auto parts = split(item, ':');
  stream::StreamGroupTerms terms;
  const auto& number = parts[0];
  const auto* const end = number.data() + number.size();
  const auto parsed = std::from_chars(number.data(), end, terms.id);
  if (parsed.ec != std::errc() || parsed.ptr != end || terms.id < 2) return bad_setting(item, "has no such id");
  terms.members.assign(parts.begin() + 1, parts.end());
  const std::set<std::string> distinct(terms.members.begin(), terms.members.end());
  constexpr size_t kMembersMin = 3;
  if (distinct.size() != terms.members.size() || distinct.contains("") || distinct.size() < kMembersMin)
    return bad_setting(item, "needs three distinct nodes or more");
  return terms;
}

std::string raft_name(const stream::StreamGroup& group) { return "stream_" + std::to_string(group.id()); }

}  // namespace

Status StreamGroupRole::make_groups(functions::SharedObjects& shared) {
  const auto& settings = environment_.settings();
  if (settings.text("streamingHAMode").empty()) return {};
  for (const auto& item : settings.list("streamingRaftGroups")) {
    TRY(auto terms, terms_of(item));
    if (std::ranges::find(terms.members, environment_.site.alias) == terms.members.end()) continue;
    if (services_.groups.find(terms.id) != nullptr) return bad_setting(item, "has the id of another group");
    if (environment_.tls != nullptr && !services_.groups.all().empty())
      return bad_setting(item, "is a second group of this node, which is not possible with enableRpcSSL");
    terms.site_of = [this](const std::string& alias) {
      const auto place = addresses_.find(alias);
      if (!place.ok()) return ":0:" + alias;
      return place->host + ":" + std::to_string(place->port) + ":" + alias;
    };
    auto& publications = services_.publications;
    terms.table_changed = [&shared, &publications, id = terms.id](const std::string& name,
                                                                  std::shared_ptr<stream::HaStreamTable> table) {
      if (table != nullptr) return shared.put(name, data::TableRef(std::move(table)));
      shared.erase(name);
      publications.end_if([&](const stream::PublicationTerms& subscriber) {
        return subscriber.group == id && subscriber.table == name;
      });
    };
    terms.leadership_changed = [&publications, id = terms.id](bool leads) {
      if (leads) return;
      publications.end_if([&](const stream::PublicationTerms& subscriber) { return subscriber.group == id; });
    };
    services_.groups.add(std::make_unique<stream::StreamGroup>(std::move(terms), clock_));
  }
  return {};
}

void StreamGroupRole::start() {
  if (!services_.groups.all().empty()) thread_ = std::thread([this] { run(); });
}

void StreamGroupRole::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  for (const auto& group : services_.groups.all()) group->stop();
}

bool StreamGroupRole::pause() {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, kPause, [&] { return stopping_; });
}

void StreamGroupRole::run() {
  std::set<int64_t> settled;  // begun, or given up
  while (settled.size() < services_.groups.all().size() && pause()) {
    for (const auto& group : services_.groups.all()) {
      if (settled.contains(group->id())) continue;
      auto members = members_of(*group);
      if (members.empty()) continue;
      const auto noted = is_noted(*group);
      const auto how = noted.ok() && *noted ? Beginning::kJoin : beginning_of(*group);
      if (how == Beginning::kWait) continue;
      if (how == Beginning::kJoin) members.clear();
      settled.insert(group->id());
      const auto begun = noted.ok() ? begin(*group, members, *noted) : noted.error();
      if (begun.ok()) continue;
      group->set_waits_for("can't begin on this node: " + begun.error().message);
      log_error("The stream group " + std::to_string(group->id()) + " can't begin: " + begun.error().message);
    }
  }
}

StreamGroupRole::Beginning StreamGroupRole::beginning_of(stream::StreamGroup& group) {
  for (const auto& alias : group.members()) {
    if (alias == environment_.site.alias) continue;
    const auto leader = services_.run_on(alias, functions::Caller{}, "getStreamingLeader",
                                         {data::Value::of_int(static_cast<int32_t>(group.id()))});
    if (leader.ok()) return Beginning::kJoin;
    if (leader.error().code != ErrorCode::kScript) {
      group.set_waits_for("waits for its member " + alias + ": " + leader.error().message);
      return Beginning::kWait;
    }
  }
  return Beginning::kFound;
}

std::vector<raft::Member> StreamGroupRole::members_of(stream::StreamGroup& group) {
  const auto answer = controllers_.call(meta::kGetConfiguration, {}, {.repeat = dist::Repeat::kSafe, .timeout = kAsk});
  if (!answer.ok()) {
    group.set_waits_for("waits for the controllers: " + answer.error().message);
    return {};
  }
  const auto reply = meta::decode<meta::ConfigurationReply>(*answer, meta::kGetConfiguration);
  if (!reply.ok()) return {};
  std::vector<raft::Member> members;
  for (const auto& alias : group.members()) {
    const auto found = reply->nodes.find(alias);
    if (found == reply->nodes.end() || found->second.uuid.is_nil()) {
      group.set_waits_for("waits for its member " + alias + ", which has not registered with the controllers yet");
      return {};
    }
    members.push_back({.id = raft::member_id_of(found->second.uuid.to_string()), .alias = alias});
  }
  return members;
}

std::string StreamGroupRole::folder_of(const stream::StreamGroup& group) const {
  return (environment_.settings().path("streamingHALogDir") / environment_.site.alias / raft_name(group)).string();
}

raft::LibraftOptions StreamGroupRole::options_of(const stream::StreamGroup& group) const {
  return {.directory = folder_of(group),
          .group = raft_name(group),
          .cluster = environment_.cluster(),
          .node = environment_.node(),
          .cluster_key = environment_.cluster_key,
          .self = {.id = raft::member_id_of(environment_.node().to_string()), .alias = environment_.site.alias},
          .tls = environment_.tls,
          .hosts = [this](const std::string& alias) { return addresses_.hosts_of(alias); }};
}

Result<bool> StreamGroupRole::is_noted(const stream::StreamGroup& group) {
  TRY(const bool has_notes, files_.exists(notes_path()));
  if (!has_notes) return false;
  TRY(const auto noted, io::read_file(files_, notes_path(), kNotesBytesMax));
  const auto lines = split(noted, '\n');
  return std::ranges::find(lines, raft_name(group)) != lines.end();
}

/// A member that lost its log alone does not begin with an empty one: it would vote a second time.
Status StreamGroupRole::begin(stream::StreamGroup& group, const std::vector<raft::Member>& founders, bool is_noted) {
  const auto folder = folder_of(group);
  TRY_DONE(files_.make_directories(folder));
  TRY(const auto names, files_.list(folder));
  if (is_noted && names.empty())
    return Error{ErrorCode::kCorrupt,
                 "its log was in " + folder +
                     " and is gone: bring the directory back; the group goes on without this member meanwhile"};
  TRY_DONE(group.start(options_of(group), addresses_, founders));
  if (!is_noted) {
    std::string noted;
    TRY(const bool has_notes, files_.exists(notes_path()));
    if (has_notes) {
      TRY(noted, io::read_file(files_, notes_path(), kNotesBytesMax));
    }
    TRY_DONE(io::replace_file(files_, notes_path(), noted + raft_name(group) + "\n"));
  }
  log_info("the stream group " + std::to_string(group.id()) + " has begun in " + folder);
  return {};
}

void StreamGroupRole::accept_raft(int fd, std::string already_read) {
  const auto& groups = services_.groups.all();
  if (groups.size() == 1) return groups[0]->accept(fd, std::move(already_read));
  // The first line comes whole behind what was read of it, or the member dials again.
  std::string line = already_read;
  char rest[raft::kPreambleBytesMax];
  const auto count = ::recv(fd, rest, sizeof rest, MSG_PEEK | MSG_DONTWAIT);
  if (count > 0) line.append(rest, static_cast<size_t>(count));
  const auto name = raft::group_in_preamble(line);
  for (const auto& group : groups) {
    if (name.ok() && *name && **name == raft_name(*group)) return group->accept(fd, std::move(already_read));
  }
  ::close(fd);
}

}  // namespace pelorus::server
