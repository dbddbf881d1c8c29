// What a node had before it was restarted: tables of catalogs with their rows on disk, then graphs.

#include "base/cancellation_scope.h"
#include "base/log.h"
#include "base/script_error.h"
#include "stream/graph/definition.h"
#include "stream/graph/graph_board.h"

namespace pelorus::stream {

using data::Value;
using meta::GraphStatus;

namespace {

constexpr std::chrono::milliseconds kPause{500};
constexpr std::chrono::milliseconds kPatience{1000};  // then they are asked again

/// A session of the user's that no client has.
struct OwnerSession {
  OwnerSession(const exec::Surroundings& surroundings, const std::string& user, bool is_admin)
      : scope(static_cast<uint64_t>(surroundings.clock.wall_ns())), interpreter(surroundings, scope) {
    scope.caller = {.user = user, .is_admin = is_admin};
  }
  exec::SessionScope scope;
  exec::Interpreter interpreter;
};

}  // namespace

void GraphBoard::resume(const exec::Surroundings& surroundings) {
  resuming_ = std::thread([this, &surroundings] {
    const CancellationScope scope(resuming_stops_);
    while (!resume_all(surroundings)) {
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, kPause, [this] { return stopping_; })) return;
    }
  });
}

void GraphBoard::clear() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  resuming_stops_.cancel();
  if (resuming_.joinable()) resuming_.join();
  std::map<std::string, std::unique_ptr<RunningGraph>> ended;
  const std::lock_guard changing(changing_);
  {
    const std::lock_guard lock(mutex_);
    ended.swap(running_);
  }
  for (const auto& [name, graph] : ended) graph->end();
}

bool GraphBoard::resume_all(const exec::Surroundings& surroundings) {
  meta::StreamGraphs known;
  try {
    known = ask_stream_graphs(services_, "stream graphs", kPatience);
  } catch (const ScriptError&) {
    return false;  // no controller answers yet
  }
  resume_tables(surroundings, known);
  bool is_done = true;
  for (const auto& [name, graph] : known.graphs) {
    const bool is_here = graph.node == services_.alias && graph.status == GraphStatus::kRunning;
    if (is_here && !look_at(name, [](const RunningGraph&) {}))
      is_done = resume_graph(surroundings, graph, known) && is_done;
  }
  return is_done;
}

void GraphBoard::resume_tables(const exec::Surroundings& surroundings, const meta::StreamGraphs& known) {
  for (const auto& [name, table] : known.tables) {
    const std::lock_guard changing(changing_);
    if (table.node != services_.alias || table.group != 0 || surroundings.shared.find(name)) continue;
    try {
      const auto terms = terms_of_definition(table.definition);
      if (!terms.ok()) throw ScriptError(terms.error().message);
      surroundings.shared.put(name, Value(data::TableRef(open_catalog_stream(services_, name, *terms))));
    } catch (const ScriptError& error) {
      log_error("The stream table " + name + " can't be loaded: " + error.message());
    }
  }
}

bool GraphBoard::resume_graph(const exec::Surroundings& surroundings, const meta::StreamGraph& graph,
                              const meta::StreamGraphs& known) {
  OwnerSession session(surroundings, graph.owner, graph.owner_is_admin);
  auto& context = session.interpreter;
  const std::lock_guard changing(changing_);
  bool is_elsewhere = false;  // its tables, some of them: they may come
  for (const auto& name : graph.tables) {
    const auto* table = known.find_table(name);
    is_elsewhere = is_elsewhere || (table != nullptr && (table->node != services_.alias || table->group != 0));
  }
  std::unique_ptr<RunningGraph> running;
  try {
    const auto plan = read_definition(ask_definition(services_, "stream graphs", graph), context);
    running = std::make_unique<RunningGraph>(services_, plan, graph.id);
    std::map<std::string, data::TableRef> tables;
    for (const auto& name : graph.tables)
      tables[name] = find_catalog_stream(services_, context, "stream graphs", name).table_object();
    running->prepare(context, std::move(tables));
    running->start(context, GraphStart::kResume);
    put(graph.name, std::move(running));
    log_info("The stream graph " + graph.name + " goes on.");
    return true;
  } catch (const ScriptError& error) {
    if (is_elsewhere || resuming_stops_.cancelled()) return false;  // it has not failed: it begins another time
    log_error("The stream graph " + graph.name + " can't go on: " + error.message());
    running.reset();
    try {
      set_status(context, graph.name, GraphStatus::kFailed, error.message());
    } catch (const ScriptError& refused) {
      log_error("That can't be noted: " + refused.message());
    }
    return true;
  }
}

}  // namespace pelorus::stream
