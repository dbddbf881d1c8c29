#pragma once
// The stream graphs that run on this node.

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/cancellation.h"
#include "exec/interpreter.h"
#include "meta/stream_graphs.h"
#include "stream/graph/catalog_stream.h"
#include "stream/graph/objects.h"
#include "stream/graph/running_graph.h"

namespace pelorus::stream {

/// Thread-safe; one graph is begun or ended at a time. What the cluster is to know goes to the controllers first, so
/// that a graph is found again after any end of the process.
class GraphBoard {
 public:
  static constexpr size_t kGraphsMax = 128;

  /// The services outlive it.
  explicit GraphBoard(StreamServices& services) : services_(services) {}
  ~GraphBoard() { clear(); }

  /// Begins what this node had before it was restarted, on a thread of its own, as soon as controllers answer.
  /// `surroundings`: of the node's sessions; they outlive clear().
  void resume(const exec::Surroundings& surroundings);
  /// Ends all of them here; the cluster goes on knowing them.
  void clear();

  /// Makes the graph's tables, engines and subscriptions here. ScriptError; nothing is left behind then. `settings`: as
  /// the call said them, for show.
  void submit(functions::CallContext& context, StreamGraphObject& graph, const std::string& settings);
  /// Once more a graph that is destroyed or failed.
  void submit_again(functions::CallContext& context, const meta::StreamGraph& graph);
  void stop(functions::CallContext& context, const meta::StreamGraph& graph);
  void start(functions::CallContext& context, const meta::StreamGraph& graph);
  void destroy(functions::CallContext& context, const meta::StreamGraph& graph, bool with_tables);

  /// A table of a catalog without a graph. ScriptError.
  data::Value create_table(functions::CallContext& context, std::string_view function, const std::string& name,
                           const CatalogStreamTerms& terms);
  void drop_table(functions::CallContext& context, std::string_view function, const meta::CatalogStream& table);

  /// `see` with the graph of that full name; false when it does not run here. It must be quick and not come back.
  bool look_at(const std::string& name, const std::function<void(const RunningGraph&)>& see) const;

 private:
  struct Tables {
    std::map<std::string, data::TableRef> all;  // of the graph, by full name
    std::vector<meta::CatalogStream> made;      // those that were not there; nobody sees them yet
  };
  Tables tables_of(functions::CallContext& context, const GraphPlan& plan, const meta::StreamGraphs& known);
  void add_own(functions::CallContext& context, const GraphNode& node, const meta::StreamGraphs& known, Tables* tables);
  data::TableRef open_table(functions::CallContext& context, const std::string& name, const CatalogStreamTerms& terms);
  /// Tables and engines, then the record of the graph, then the subscriptions.
  void begin(functions::CallContext& context, const GraphPlan& plan, meta::StreamGraph graph,
             std::optional<std::string> definition, GraphStart from);
  void take_back(functions::CallContext& context, const meta::StreamGraph& graph,
                 const std::vector<meta::CatalogStream>& made);
  void drop_made(functions::CallContext& context, const std::vector<meta::CatalogStream>& made);
  void drop_local(functions::CallContext& context, const std::string& table);
  /// ScriptError when somebody besides graphs reads the table.
  void check_no_readers(const std::string& table) const;
  void set_status(functions::CallContext& context, const std::string& graph, meta::GraphStatus status,
                  const std::string& reason);
  void end(const std::string& name, bool forget);
  void put(const std::string& name, std::unique_ptr<RunningGraph> graph);
  size_t count() const;
  /// ScriptError on the thread of a graph's own subscription.
  void check_outside() const;

  /// True when there is nothing left to begin.
  bool resume_all(const exec::Surroundings& surroundings);
  void resume_tables(const exec::Surroundings& surroundings, const meta::StreamGraphs& known);
  /// False: once more later.
  bool resume_graph(const exec::Surroundings& surroundings, const meta::StreamGraph& graph,
                    const meta::StreamGraphs& known);

  StreamServices& services_;
  std::mutex changing_;  // one graph or table begins or ends at a time; before mutex_
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<RunningGraph>> running_;  // by full name; guarded by mutex_
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread resuming_;
  const CancellationToken resuming_stops_;  // what it asks the controllers is given up
};

/// The terms of a table as arguments of its node, which definitions keep.
std::vector<std::pair<std::string, data::Value>> terms_arguments(const CatalogStreamTerms& terms);

/// The kept definition of a graph. ScriptError naming `function` when there is none.
std::string ask_definition(const StreamServices& services, std::string_view function, const meta::StreamGraph& graph);

}  // namespace pelorus::stream
