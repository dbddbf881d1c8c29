#pragma once
// A stream graph at work on this node: its engines and subscriptions.

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "stream/functions.h"
#include "stream/graph/plan.h"
#include "stream/graph/stages.h"

namespace pelorus::stream {

struct EngineKind;

/// Where a graph's subscriptions begin.
enum class GraphStart : uint8_t {
  kNew,     // sources where subscription.sourceOffset says (-3: their oldest row), other tables behind their last row
  kResume,  // where they had come to; engines first see again what they had seen, and nothing leaves the graph
            // meanwhile
};

/// Made and ended by one thread at a time; what runs in between has threads of its own.
class RunningGraph {
 public:
  /// `id`: of the graph; part of the names it gives.
  RunningGraph(StreamServices& services, GraphPlan plan, std::string id)
      : services_(services), plan_(std::move(plan)), id_(std::move(id)) {}
  ~RunningGraph() { end(); }
  RunningGraph(const RunningGraph&) = delete;
  RunningGraph& operator=(const RunningGraph&) = delete;

  const GraphPlan& plan() const { return plan_; }

  /// Makes the engines. `tables`: the graph's tables by full name. ScriptError; what was made ends with the object.
  void prepare(functions::CallContext& context, std::map<std::string, data::TableRef> tables);
  /// Begins the subscriptions. ScriptError.
  void start(functions::CallContext& context, GraphStart from);
  /// Waits for the handlers under way. Fine when there is nothing. `forget`: how far its subscriptions have come.
  void end(bool forget = false);

  struct EngineFacts {
    std::string task, name, type, full_name;
    data::Schema schema;
  };
  std::vector<EngineFacts> engines() const;
  struct SubscriptionFacts {
    std::string task, table, action;
  };
  std::vector<SubscriptionFacts> subscriptions() const;
  /// The engines of that full name: one a lane.
  std::vector<std::shared_ptr<Engine>> find_engines(const std::string& full_name) const;

 private:
  struct Edge {
    size_t node = 0;
    size_t side = 0;  // of a join: 1 is the right one
  };
  std::vector<Edge> consumers_of(size_t node) const;
  /// What takes the rows that come to a node.
  data::TableRef entry(const Edge& edge, size_t lane, functions::CallContext& context);
  data::TableRef make_entry(const Edge& edge, size_t lane, functions::CallContext& context);
  /// What takes the rows that leave a node.
  data::TableRef exit(size_t node, size_t lane, functions::CallContext& context);
  std::shared_ptr<Engine> engine(size_t node, size_t lane, functions::CallContext& context);
  std::shared_ptr<Engine> make_engine(size_t node, size_t lane, functions::CallContext& context);
  std::shared_ptr<Engine> make_timer(size_t node, size_t lane, functions::CallContext& context);
  std::string engine_name(size_t node, size_t lane) const;
  std::unique_ptr<exec::WorkerSession> session_for(functions::CallContext& context) const;
  data::TableRef function_stage(size_t node, size_t lane, functions::CallContext& context);

  struct Planned {
    Edge edge;
    std::string table;  // full name
    std::string action;
    data::TableRef handler;
  };
  void subscribe(const Planned& planned, functions::CallContext& context, GraphStart from);
  /// Of a table another node has: what brings its rows here goes into the terms. The topic there.
  std::string open_elsewhere(const Planned& planned, functions::CallContext& context, GraphStart from,
                             SubscriptionTerms* terms);
  bool is_source(const Planned& planned) const;
  int64_t source_offset(const Planned& planned) const;
  /// Whether what comes after the edge, up to the next table, remembers rows.
  bool keeps_state(const Edge& edge) const;
  int64_t first_row(const Planned& planned, const StreamTable& table, const std::string& topic, GraphStart from) const;
  /// Shows the handler the kept rows before `until` again.
  void replay(const Planned& planned, const StreamTable& table, int64_t until) const;

  StreamServices& services_;
  const GraphPlan plan_;
  const std::string id_;
  std::map<std::string, data::TableRef> tables_;
  std::map<std::string, data::Value> variables_;
  std::shared_ptr<std::atomic<bool>> gate_ = std::make_shared<std::atomic<bool>>(false);
  std::map<std::tuple<size_t, size_t, size_t>, data::TableRef> entries_;  // by node, side, lane
  std::map<std::pair<size_t, size_t>, data::TableRef> exits_;             // by node, lane
  std::map<std::pair<size_t, size_t>, std::shared_ptr<Engine>> engines_;  // by node, lane
  std::vector<Planned> planned_;
  std::vector<std::string> topics_;  // of subscriptions that were begun
};

/// Names of variables that a graph's functions find by orcaObj.
inline constexpr std::string_view kGraphVariable = "orcaObj::";

}  // namespace pelorus::stream
