#pragma once
// For tests: coordinator, participants and controllers in one place, joined by a queue of messages that a conversation
// delivers, drops and repeats as it likes. Disks survive crashes, memory does not.

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "txn/coordinator.h"
#include "txn/participant.h"

namespace pelorus::txn {

/// Executes one command of a conversation and returns what happened, a line an event.
class CommitWorld {
 public:
  CommitWorld();
  std::string run(const std::string& line);

 private:
  struct Message {
    std::string from;
    std::string to;
    std::string text;
    std::function<void()> deliver;
  };
  /// One data node: its disk and its memory.
  struct Node {
    bool up = true;
    uint64_t epoch = 1;
    bool fail_next = false;
    bool refuse_next = false;
    std::map<ChunkId, Version> versions;                     // published (disk)
    std::map<TransactionId, std::vector<ChunkId>> prepared;  // disk
    std::unique_ptr<Participant> participant = std::make_unique<Participant>();
  };
  /// What the controllers agreed on.
  struct Chunk {
    Version version = 0;
    std::map<std::string, bool> stale;  // by node
  };
  struct Record {
    Verdict verdict = Verdict::kUndecided;
    std::vector<Plan::Part> parts;
    std::vector<CommittedChunk> chunks;
    std::set<std::string> unpublished;
  };

  void begin(std::istringstream& words);
  void deliver(const std::string& filter);
  void overtake(const std::string& to);
  void drop(const std::string& filter);
  void crash(const std::string& name);
  void restart(const std::string& name);
  void run_expire();
  void tick(int64_t milliseconds);
  void status();

  void send(const std::string& from, const std::string& to, std::string text, std::function<void()> deliver);
  void carry_out(const CoordinatorActions& actions);
  void carry_out(const std::string& node, const ParticipantActions& actions, TransactionId transaction);
  void decide(const DecisionRequest& request);
  Decision decision_of(TransactionId id) const;
  void publish(const std::string& node, const Decision& decision);
  void say(const std::string& line) { said_ << line << "\n"; }

  std::ostringstream said_;
  std::vector<Message> queue_;
  std::map<std::string, Node> nodes_;
  std::map<ChunkId, Chunk> chunks_;
  std::map<TransactionId, Record> records_;
  bool controllers_up_ = true;
  std::unique_ptr<Coordinator> coordinator_;
  uint64_t coordinator_epoch_ = 1;
  uint64_t last_transaction_ = 0;
  size_t prepared_min_ = 1;
  Time now_{0};
};

}  // namespace pelorus::txn
