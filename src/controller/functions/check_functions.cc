#include <algorithm>
#include <map>

#include "controller/functions/cluster_call.h"
#include "functions/declare.h"

namespace pelorus::controller {
namespace {

using data::Value;
using functions::CallContext;
using functions::Nature;
using types::Type;

constexpr uint64_t kLagMax = 1000;  // entries: what a second of writing makes, as lags are a heartbeat old
constexpr size_t kNamedMax = 5;     // faults spelled out in one row

/// Faults of one kind: how many, and the first few by name.
class Faults {
 public:
  void add(const std::string& name) {
    if (count_++ < kNamedMax) names_.push_back(name);
  }
  size_t count() const { return count_; }
  std::string describe() const {
    return joined(names_, ", ") + (count_ > kNamedMax ? " and " + std::to_string(count_ - kNamedMax) + " more" : "");
  }

 private:
  size_t count_ = 0;
  std::vector<std::string> names_;
};

/// All checks of one call, a row each.
class Check {
 public:
  explicit Check(const ClusterCall& call) : call_(call), members_(call.ask<meta::MembersReply>(meta::kMembers)) {}

  Value run() {
    quorum();
    logs();
    nodes();
    hosts();
    chunks();
    hashes();
    transactions();
    return rows_.take();
  }

 private:
  void row(const std::string& check, bool ok, const std::string& detail) {
    rows_.add({text_value(check), Value::of_bool(ok), text_value(detail)});
  }
  void row(const std::string& check, const Faults& faults, const std::string& good, const std::string& bad) {
    row(check, faults.count() == 0,
        faults.count() == 0 ? good : std::to_string(faults.count()) + " " + bad + ": " + faults.describe());
  }

  void quorum() {
    size_t voters = 0, live = 0;
    for (const auto& member : members_.members) {
      voters += member.vote == "voter" ? 1 : 0;
      live += member.vote == "voter" && member.alive ? 1 : 0;
    }
    const auto spare = live - std::min(live, voters / 2 + 1);
    row("quorum", live * 2 > voters,
        std::to_string(live) + " live of " + std::to_string(voters) + " voters, " + members_.leader + " leads; " +
            std::to_string(spare) + " more may fail");
  }
  void logs() {
    for (const auto& member : members_.members) {
      if (member.vote.empty() || !member.alive) continue;
      row("metadata log of " + member.node.alias, member.lag <= kLagMax,
          std::to_string(member.lag) + " entries behind the leader at its last report");
    }
  }
  void nodes() {
    Faults silent;
    for (const auto& member : members_.members) {
      if (!member.alive) silent.add(member.node.alias);
    }
    row("nodes", silent, "all " + std::to_string(members_.members.size()) + " answer", "do not answer");
  }
  void hosts() {
    std::map<std::string, std::vector<std::string>> voters;
    for (const auto& member : members_.members) {
      if (member.vote == "voter") voters[member.node.host].push_back(member.node.alias);
    }
    Faults shared;
    for (const auto& [host, aliases] : voters) {
      if (aliases.size() > 1) shared.add(host + " (" + joined(aliases, ", ") + ")");
    }
    row("voters on hosts", shared, "every voter has a host of its own",
        "host(s) with several voters, which fail together");
  }
  void chunks() {
    Faults bad;
    const auto reply = call_.ask<meta::ChunksReply>(meta::kChunksStatus);
    for (const auto& status : reply.chunks) {
      const auto& chunk = status.chunk;
      if (chunk.version == 0) continue;
      const auto good = chunk.good_replicas();
      if (good == chunk.replicas.size() && good >= members_.replicas && status.state != "RECOVERING") continue;
      const auto wanted = std::max<size_t>(members_.replicas, chunk.replicas.size());
      bad.add(status.path + " (" + std::to_string(good) + " of " + std::to_string(wanted) + " replicas good, " +
              status.state + ")");
    }
    row("replicas", bad, "all " + std::to_string(reply.chunks.size()) + " chunks have their replicas",
        "chunk(s) lack replicas");
  }

  /// Replicas at one version must have one hash. getReplicaHashes reads all data; it belongs to an upper floor.
  void hashes() {
    const auto function = call_.context().find_function("getReplicaHashes");
    if (!function) return;
    Faults different, unread;
    size_t tables = 0;
    for (const auto& entry : call_.ask<meta::CatalogueReply>(meta::kListCatalogue).databases) {
      for (const auto& name : entry.tables) {
        ++tables;
        const auto where = entry.database + "/" + name;
        try {
          const auto found = call_.context().call(*function, {text_value(entry.database), text_value(name)});
          compare(found.table(), where, different, unread);
        } catch (const ScriptError& error) {
          unread.add(where + " (" + error.message() + ")");
        }
      }
    }
    row("equal replicas", different, "all replicas of " + std::to_string(tables) + " table(s) are equal",
        "chunk(s) differ");
    row("readable replicas", unread, "all replicas can be read", "can't be read");
  }
  static void compare(const data::Table& found, const std::string& where, Faults& different, Faults& unread) {
    const auto cell = [&](const char* column, size_t row) {
      return found.column(static_cast<size_t>(found.find(column))).text_at(row);
    };
    const auto number = [&](const char* column, size_t row) {
      return found.column(static_cast<size_t>(found.find(column))).scalar_at(row).as_int64();
    };
    std::map<std::pair<int64_t, int64_t>, std::string> hashes;  // by chunk and version
    for (size_t i = 0; i < static_cast<size_t>(found.rows()); ++i) {
      if (const auto problem = cell("problem", i); !problem.empty()) {
        unread.add(cell("path", i) + " on " + cell("node", i) + " (" + problem + ")");
        continue;
      }
      const auto [place, is_new] = hashes.try_emplace({number("chunkId", i), number("version", i)}, cell("hash", i));
      if (!is_new && place->second != cell("hash", i))
        different.add(where + " chunk " + std::to_string(place->first.first));
    }
  }

  void transactions() {
    Faults open;
    for (const auto& transaction : call_.ask<meta::TransactionsReply>(meta::kListTransactions).transactions) {
      const bool waits = transaction.state == meta::TransactionState::kCommitted;
      bool dead = false;
      for (const auto& alias : transaction.unpublished) dead = dead || !answers(alias);
      if (waits && dead)
        open.add(std::to_string(transaction.id.value) + " (waits for " + joined(transaction.unpublished, ", ") + ")");
    }
    row("transactions", open, "none waits for a node that does not answer", "unresolved");
  }
  bool answers(const std::string& alias) const {
    return std::any_of(members_.members.begin(), members_.members.end(),
                       [&](const auto& member) { return member.node.alias == alias && member.alive; });
  }

  const ClusterCall& call_;
  const meta::MembersReply members_;
  TableRows rows_ = TableRows({{"check", Type::kString}, {"ok", Type::kBool}, {"detail", Type::kString}});
};

}  // namespace

void register_check_functions(functions::Registry& registry, AskControllers ask) {
  declare(
      registry, "cluster", Nature::kWhole,
      {.name = "checkCluster",
       .parameters = "",
       .run =
           [ask](CallContext& context, std::span<Value>) {
             const ClusterCall call("checkCluster", context, ask);
             call.require_admin();
             return Check(call).run();
           },
       .summary =
           "Checks quorum, logs, nodes, hosts, replicas and their hashes, transactions: one row each. Reads all data.",
       .example = ""});
}

}  // namespace pelorus::controller
