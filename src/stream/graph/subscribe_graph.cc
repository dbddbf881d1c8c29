// A running graph's subscriptions: where they begin, and what engines see again after a restart.

#include <algorithm>

#include "base/log.h"
#include "base/script_error.h"
#include "stream/graph/catalog_stream.h"
#include "stream/graph/full_name.h"
#include "stream/graph/running_graph.h"

namespace pelorus::stream {

using data::Value;

void RunningGraph::start(functions::CallContext& context, GraphStart from) {
  if (from == GraphStart::kResume) {
    for (const auto& planned : planned_) {
      const auto table = stream_table_of(Value(tables_.at(planned.table)));
      if (table == nullptr) continue;
      const auto handled = services_.topic_offsets.find(topic_of(services_, planned.table, planned.action));
      if (handled && keeps_state(planned.edge)) replay(planned, *table, *handled);
    }
  }
  *gate_ = true;
  // From the sinks to the sources: nobody comes late to rows of a table in between.
  for (size_t i = planned_.size(); i-- > 0;) subscribe(planned_[i], context, from);
}

bool RunningGraph::keeps_state(const Edge& edge) const {
  const auto& node = plan_.nodes[edge.node];
  if (node.is_engine() || node.call == "udfEngine") return true;
  if (node.kind == NodeKind::kTable) return false;
  const auto next = consumers_of(edge.node);
  return std::any_of(next.begin(), next.end(), [this](const Edge& one) { return keeps_state(one); });
}

void RunningGraph::replay(const Planned& planned, const StreamTable& table, int64_t until) const {
  constexpr int64_t kRowsAtOnce = 1 << 16;
  int64_t row = table.oldest_row();
  until = std::min(until, table.rows());
  while (row < until) {
    const auto rows = table.read_kept(row, std::min(kRowsAtOnce, until - row));
    if (!rows.ok()) throw ScriptError(rows.error().message);
    if (rows->rows() == 0) return;
    row += static_cast<int64_t>(rows->rows());
    // What an engine did not like then it does not like now.
    if (const auto seen = planned.handler->append(*rows); !seen.ok())
      log_warning("rows of " + planned.table + " that were handled before: " + seen.error().message);
  }
}

int64_t RunningGraph::first_row(const Planned& planned, const StreamTable& table, const std::string& topic,
                                GraphStart from) const {
  const int64_t oldest = table.oldest_row(), next = table.rows();
  const auto saved = services_.topic_offsets.find(topic);
  if (from == GraphStart::kResume && saved) return std::clamp(*saved, oldest, next);
  if (!is_source(planned)) return from == GraphStart::kResume ? oldest : next;
  const int64_t offset = source_offset(planned);
  if (offset == kNewRows) return next;
  if (offset == kSavedOffset && saved) return std::clamp(*saved, oldest, next);
  return offset < 0 ? oldest : std::clamp(offset, oldest, next);
}

bool RunningGraph::is_source(const Planned& planned) const {
  const auto& inputs = plan_.nodes[planned.edge.node].inputs;
  return plan_.nodes[inputs[planned.edge.side]].inputs.empty();
}

int64_t RunningGraph::source_offset(const Planned& planned) const {
  return plan_.nodes[planned.edge.node].settings.over(plan_.settings).source_offset.value_or(kEarliestRow);
}

void RunningGraph::subscribe(const Planned& planned, functions::CallContext& context, GraphStart from) {
  const auto settings = plan_.nodes[planned.edge.node].settings.over(plan_.settings);
  constexpr int64_t kThrottleMs = 1000;
  SubscriptionTerms terms{.table = planned.table,
                          .action = planned.action,
                          .handler = Value(planned.handler),
                          .message_as_table = true,
                          .batch_rows = settings.batch_rows.value_or(0),
                          .throttle = std::chrono::milliseconds(settings.throttle_ms.value_or(kThrottleMs)),
                          .offsets = &services_.topic_offsets};
  auto table = stream_table_of(Value(tables_.at(planned.table)));
  auto topic = topic_of(services_, planned.table, planned.action);
  if (table != nullptr) {
    terms.offset = first_row(planned, *table, topic, from);
    services_.topic_offsets.put(topic, terms.offset);
  } else {
    topic = open_elsewhere(planned, context, from, &terms);
    table = terms.relay->table();
  }
  auto made =
      std::make_unique<Subscription>(topic, std::move(terms), table, std::make_unique<exec::WorkerSession>(context));
  if (!services_.subscriptions.add(topic, std::move(made))) {
    throw ScriptError("The subscription " + topic + " of the stream graph " + plan_.name +
                      " can't be added: it exists already, or the node has " +
                      std::to_string(SubscriptionBoard::kSubscriptionsMax) + " of them.");
  }
  topics_.push_back(topic);
}

std::string RunningGraph::open_elsewhere(const Planned& planned, functions::CallContext& context, GraphStart from,
                                         SubscriptionTerms* terms) {
  const auto node = node_of_stream(services_, context.shared_objects(), planned.table);
  if (node.empty() || !services_.site_of) throw ScriptError("The stream table doesn't exist: " + planned.table + ".");
  auto site = services_.site_of(Value::of_string(node));
  if (!site.ok()) throw ScriptError(site.error().message);
  site->user = context.caller().user;
  const int64_t offset = from == GraphStart::kResume ? kSavedOffset : source_offset(planned);
  auto opened = open_relay(services_, plan_.name, *std::move(site), planned.table, planned.action, offset, true);
  terms->offset = opened.first_row;
  terms->relay = std::move(opened.relay);
  return opened.topic;
}

std::vector<RunningGraph::EngineFacts> RunningGraph::engines() const {
  std::vector<EngineFacts> all;
  for (const auto& [key, engine] : engines_) {
    const auto& node = plan_.nodes[key.first];
    all.push_back({.task = id_ + "_" + std::to_string(key.first),
                   .name = engine->name(),
                   .type = engine->facts().kind,
                   .full_name = node.name,
                   .schema = node.schema});
  }
  return all;
}

std::vector<RunningGraph::SubscriptionFacts> RunningGraph::subscriptions() const {
  std::vector<SubscriptionFacts> all;
  for (const auto& planned : planned_)
    all.push_back({id_ + "_" + std::to_string(planned.edge.node), planned.table, planned.action});
  return all;
}

std::vector<std::shared_ptr<Engine>> RunningGraph::find_engines(const std::string& full_name) const {
  std::vector<std::shared_ptr<Engine>> found;
  for (const auto& [key, engine] : engines_) {
    if (plan_.nodes[key.first].name == full_name) found.push_back(engine);
  }
  return found;
}

}  // namespace pelorus::stream
