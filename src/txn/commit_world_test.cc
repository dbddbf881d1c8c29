#include "txn/commit_world.h"

#include <algorithm>
#include <functional>

namespace pelorus::txn {
namespace {

constexpr const char* kCoordinator = "coordinator";
constexpr const char* kControllers = "controllers";

std::string list_of(const std::vector<ChunkId>& chunks) {
  std::string text;
  for (const auto chunk : chunks) text += (text.empty() ? "" : " ") + std::to_string(chunk.value);
  return "{" + text + "}";
}

std::string show(const Decision& decision) {
  std::string text(name_of(decision.verdict));
  for (const auto& chunk : decision.chunks) {
    text += " " + std::to_string(chunk.chunk.value) + "@" + std::to_string(chunk.version);
  }
  return text;
}

std::string t(TransactionId id) { return "t" + std::to_string(id.value); }

}  // namespace

CommitWorld::CommitWorld() {
  for (const auto* name : {"a", "b", "c"}) nodes_[name];
}

std::string CommitWorld::run(const std::string& line) {
  said_.str("");
  std::istringstream words(line);
  std::string verb, argument;
  words >> verb;
  if (verb == "begin") {
    begin(words);
    return said_.str();
  }
  words >> argument;
  if (verb == "deliver")
    deliver(argument);
  else if (verb == "settle")
    for (int round = 0; round < 20 && !queue_.empty(); ++round) deliver("");
  else if (verb == "overtake")
    overtake(argument);
  else if (verb == "drop")
    drop(argument);
  else if (verb == "crash")
    crash(argument);
  else if (verb == "restart")
    restart(argument);
  else if (verb == "fail")
    nodes_.at(argument).fail_next = true;
  else if (verb == "refuse")
    nodes_.at(argument).refuse_next = true;
  else if (verb == "tick")
    tick(std::stoll(argument));
  else if (verb == "timeout")
    carry_out(coordinator_->on_prepare_timeout());
  else if (verb == "retry")
    carry_out(coordinator_->on_decision_lost());
  else if (verb == "give-up")
    carry_out(coordinator_->on_give_up());
  else if (verb == "cancel")
    carry_out(coordinator_->on_cancel({ErrorCode::kCancelled, "cancelled"}));
  else if (verb == "expire")
    run_expire();
  else if (verb == "status")
    status();
  else
    say("unknown command");
  return said_.str();
}

// begin 1=a,b 2=b,c [min=2] [down=c]
void CommitWorld::begin(std::istringstream& words) {
  Plan plan{.transaction = {++last_transaction_}};
  std::string word;
  while (words >> word) {
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    std::vector<std::string> nodes;
    std::istringstream items(word.substr(equals + 1));
    for (std::string item; std::getline(items, item, ',');) nodes.push_back(item);
    if (name == "min") {
      prepared_min_ = plan.prepared_min = std::stoul(nodes[0]);
    } else if (name == "down") {
      plan.down.insert(nodes.begin(), nodes.end());
    } else {
      auto& chunk = chunks_[ChunkId{std::stoull(name)}];
      Plan::Part part{.chunk = {std::stoull(name)}, .version = chunk.version};
      for (const auto& node : nodes) {
        if (!chunk.stale[node]) part.replicas.push_back(node);
      }
      plan.parts.push_back(part);
    }
  }
  records_[plan.transaction].parts = plan.parts;
  coordinator_ = std::make_unique<Coordinator>(plan);
  carry_out(coordinator_->start());
}

void CommitWorld::send(const std::string& from, const std::string& to, std::string text,
                       std::function<void()> deliver) {
  say(from + "->" + to + " " + text);
  queue_.push_back({from, to, std::move(text), std::move(deliver)});
}

/// `filter`: "", "to", "from->to" or "from->".
static bool matches(const std::string& filter, const std::string& from, const std::string& to) {
  const auto arrow = filter.find("->");
  if (filter.empty()) return true;
  if (arrow == std::string::npos) return filter == to;
  const auto left = filter.substr(0, arrow);
  const auto right = filter.substr(arrow + 2);
  return (left.empty() || left == from) && (right.empty() || right == to);
}

void CommitWorld::deliver(const std::string& filter) {
  auto waiting = std::exchange(queue_, {});
  for (auto& message : waiting) {
    if (!matches(filter, message.from, message.to)) {
      queue_.push_back(std::move(message));
      continue;
    }
    const bool dead = (nodes_.contains(message.to) && !nodes_.at(message.to).up) ||
                      (message.to == kCoordinator && !coordinator_) || (message.to == kControllers && !controllers_up_);
    say((dead ? "lost: " : "> ") + message.from + "->" + message.to + " " + message.text);
    if (!dead) message.deliver();
  }
}

/// The newest message to a node arrives before the older ones.
void CommitWorld::overtake(const std::string& to) {
  const auto newest =
      std::find_if(queue_.rbegin(), queue_.rend(), [&](const Message& message) { return message.to == to; });
  const auto message = std::move(*newest);
  queue_.erase(std::next(newest).base());
  say("> " + message.from + "->" + message.to + " " + message.text);
  message.deliver();
}

void CommitWorld::drop(const std::string& filter) {
  std::erase_if(queue_, [&](const Message& message) {
    if (!matches(filter, message.from, message.to)) return false;
    say("dropped: " + message.from + "->" + message.to + " " + message.text);
    return true;
  });
}

void CommitWorld::carry_out(const CoordinatorActions& actions) {
  const auto id = coordinator_->transaction();
  const auto mine = [this, id](auto&& act) {
    return [this, id, act] {
      if (coordinator_ && coordinator_->transaction() == id) act();
    };
  };
  for (const auto& order : actions.prepare) {
    const Share share{id, kCoordinator, coordinator_epoch_, order.chunks};
    send(kCoordinator, order.node, "prepare " + t(id) + " " + list_of(order.chunks), [this, share, node = order.node] {
      carry_out(node, nodes_.at(node).participant->on_prepare(share, now_), share.transaction);
    });
  }
  if (actions.decide) {
    std::string text = std::string("decide ") + t(id) + (actions.decide->commit ? " commit" : " abort");
    for (const auto& lost : actions.decide->lost)
      text += " without " + std::to_string(lost.chunk.value) + "/" + lost.node;
    send(kCoordinator, kControllers, text, [this, request = *actions.decide, mine] {
      decide(request);
      const auto decision = decision_of(request.transaction);
      send(kControllers, kCoordinator, t(request.transaction) + " " + show(decision),
           mine([this, decision] { carry_out(coordinator_->on_decision(decision)); }));
    });
  }
  if (actions.answer) {
    say("ANSWER " + (actions.answer->status.ok() ? std::string("done") : actions.answer->status.error().describe()));
  }
  for (const auto& notice : actions.notify) {
    send(kCoordinator, notice.node, t(id) + " " + show(notice.decision), [this, notice] {
      carry_out(notice.node, nodes_.at(notice.node).participant->on_decision(notice.decision, now_),
                notice.decision.transaction);
    });
  }
  if (actions.finished) say("coordinator finished " + t(id));
}

void CommitWorld::carry_out(const std::string& name, const ParticipantActions& actions, TransactionId transaction) {
  auto& node = nodes_.at(name);
  if (actions.persist) {
    Status status;
    if (std::exchange(node.fail_next, false)) status = Error{ErrorCode::kIo, "disk of " + name};
    if (std::exchange(node.refuse_next, false)) status = Error{ErrorCode::kInvalid, "rows do not fit"};
    if (status.ok()) node.prepared[transaction] = actions.persist->chunks;
    carry_out(name, node.participant->on_persisted(transaction, status, now_), transaction);
  }
  if (actions.prepare_answer) {
    const auto answer = *actions.prepare_answer;
    const auto text = answer.ok() ? "prepared" : answer.error().describe();
    send(name, kCoordinator, t(transaction) + " " + text, [this, name, answer, transaction] {
      if (coordinator_->transaction() == transaction) carry_out(coordinator_->on_prepare_answer(name, answer));
    });
  }
  if (actions.publish) publish(name, *actions.publish);
  if (actions.discard) {
    node.prepared.erase(*actions.discard);
    say(name + " rolls back " + t(*actions.discard));
  }
  for (const auto id : actions.ask) {
    send(name, kControllers, "ask " + t(id), [this, name, id] {
      const auto decision = decision_of(id);
      auto share = decision;
      std::erase_if(share.chunks, [&](const CommittedChunk& chunk) {
        return std::find(chunk.nodes.begin(), chunk.nodes.end(), name) == chunk.nodes.end();
      });
      send(kControllers, name, t(id) + " " + show(share), [this, name, share] {
        carry_out(name, nodes_.at(name).participant->on_decision(share, now_), share.transaction);
      });
    });
  }
  if (actions.notice_done) {
    const auto id = *actions.notice_done;
    send(name, kCoordinator, t(id) + " settled", [this, name, id] {
      if (coordinator_->transaction() == id) carry_out(coordinator_->on_notice_answer(name));
    });
    records_.at(id).unpublished.erase(name);
  }
}

void CommitWorld::publish(const std::string& name, const Decision& decision) {
  auto& node = nodes_.at(name);
  for (const auto& chunk : decision.chunks) node.versions[chunk.chunk] = chunk.version;
  node.prepared.erase(decision.transaction);
  say(name + " publishes " + show({decision.transaction, Verdict::kCommit, decision.chunks}));
  carry_out(name, node.participant->on_published(decision.transaction), decision.transaction);
}

// The rules of meta/apply/apply_transactions.cc in short.
void CommitWorld::decide(const DecisionRequest& request) {
  auto& record = records_[request.transaction];
  if (record.verdict != Verdict::kUndecided) return;
  std::vector<CommittedChunk> chunks;
  bool enough = request.commit;
  for (const auto& part : record.parts) {
    CommittedChunk made{part.chunk, part.version + 1, {}};
    for (const auto& node : part.replicas) {
      const auto lost = LostReplica{part.chunk, node};
      if (std::find(request.lost.begin(), request.lost.end(), lost) == request.lost.end()) made.nodes.push_back(node);
    }
    enough = enough && made.nodes.size() >= prepared_min_;
    chunks.push_back(made);
  }
  record.verdict = enough ? Verdict::kCommit : Verdict::kAbort;
  say("recorded " + t(request.transaction) + " " + std::string(name_of(record.verdict)));
  if (!enough) return;
  record.chunks = chunks;
  for (const auto& made : chunks) {
    auto& chunk = chunks_.at(made.chunk);
    chunk.version = made.version;
    for (auto& [node, stale] : chunk.stale) {
      stale = std::find(made.nodes.begin(), made.nodes.end(), node) == made.nodes.end();
    }
    record.unpublished.insert(made.nodes.begin(), made.nodes.end());
  }
}

Decision CommitWorld::decision_of(TransactionId id) const {
  const auto found = records_.find(id);
  if (found == records_.end()) return {id, Verdict::kAbort, {}};
  return {id, found->second.verdict, found->second.chunks};
}

void CommitWorld::crash(const std::string& name) {
  if (name == kControllers) {
    controllers_up_ = false;
  } else if (name == kCoordinator) {
    coordinator_.reset();
  } else {
    nodes_.at(name).up = false;
    nodes_.at(name).participant.reset();
  }
}

void CommitWorld::restart(const std::string& name) {
  if (name == kControllers) {
    controllers_up_ = true;
    return;
  }
  if (name == kCoordinator) {
    // Its new boot registers: the controllers abort what the old one left undecided.
    ++coordinator_epoch_;
    run_expire();
    return;
  }
  auto& node = nodes_.at(name);
  node.up = true;
  node.participant = std::make_unique<Participant>();
  std::vector<TransactionId> prepared;
  for (const auto& [id, chunks] : node.prepared) prepared.push_back(id);
  carry_out(name, node.participant->on_restart(prepared, now_), {});
}

void CommitWorld::run_expire() {
  for (auto& [id, record] : records_) {
    if (record.verdict == Verdict::kUndecided) decide({id, false, {}});
  }
}

void CommitWorld::tick(int64_t milliseconds) {
  now_ += Time(milliseconds);
  for (auto& [name, node] : nodes_) {
    if (node.up) carry_out(name, node.participant->on_tick(now_), {});
  }
}

void CommitWorld::status() {
  for (const auto& [id, chunk] : chunks_) {
    std::string line = "chunk " + std::to_string(id.value) + " version " + std::to_string(chunk.version) + ":";
    for (const auto& [name, stale] : chunk.stale) {
      const auto& node = nodes_.at(name);
      const auto version = node.versions.contains(id) ? node.versions.at(id) : 0;
      line += " " + name + "@" + std::to_string(version) +
              (stale                      ? " stale"
               : version == chunk.version ? ""
                                          : " BEHIND") +
              (node.up ? "" : " down");
    }
    say(line);
  }
  for (const auto& [name, node] : nodes_) {
    for (const auto& [id, chunks] : node.prepared) say(name + " holds " + t(id) + " prepared");
  }
}

}  // namespace pelorus::txn
