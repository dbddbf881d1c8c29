#include "controller/functions/cluster_call.h"
#include "functions/declare.h"

namespace pelorus::controller {
namespace {

using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::Nature;
using types::Type;

/// In the documented order (operations manual, getClusterPerf); clients cast host … publicName without looking.
const data::Schema& perf_schema() {
  static const data::Schema kSchema = {
      {"computeGroup", Type::kString},
      {"host", Type::kString},
      {"port", Type::kInt},
      {"site", Type::kString},
      {"mode", Type::kInt},
      {"state", Type::kInt},
      {"agentSite", Type::kString},
      {"maxConnections", Type::kInt},
      {"maxMemSize", Type::kDouble},
      {"workerNum", Type::kInt},
      {"executorNum", Type::kInt},
      {"connectionNum", Type::kInt},
      {"name", Type::kString},
      {"memoryUsed", Type::kLong},
      {"memoryAlloc", Type::kLong},
      {"cpuUsage", Type::kDouble},
      {"avgLoad", Type::kDouble},
      {"medLast10QueryTime", Type::kLong},
      {"maxLast10QueryTime", Type::kLong},
      {"medLast100QueryTime", Type::kLong},
      {"maxLast100QueryTime", Type::kLong},
      {"maxRunningQueryTime", Type::kLong},
      {"runningJobs", Type::kInt},
      {"queuedJobs", Type::kInt},
      {"runningTasks", Type::kInt},
      {"queuedTasks", Type::kInt},
      {"jobLoad", Type::kDouble},
      {"diskCapacity", Type::kLong},
      {"diskFreeSpace", Type::kLong},
      {"diskFreeSpaceRatio", Type::kDouble},
      {"diskWriteRate", Type::kDouble},
      {"diskReadRate", Type::kDouble},
      {"lastMinuteWriteVolume", Type::kLong},
      {"lastMinuteReadVolume", Type::kLong},
      {"networkSendRate", Type::kDouble},
      {"networkRecvRate", Type::kDouble},
      {"lastMinuteNetworkSend", Type::kLong},
      {"lastMinuteNetworkRecv", Type::kLong},
      {"publicName", Type::kString},
      {"lastMsgLatency", Type::kLong},
      {"cumMsgLatency", Type::kLong},
      {"isLeader", Type::kBool},
      {"zone", Type::kString},
  };
  return kSchema;
}

Value leader_value(const std::optional<bool>& is_leader) {
  return is_leader ? Value::of_bool(*is_leader) : Value(types::Scalar::null_of(Type::kBool));
}

void add_row(TableRows& rows, const meta::NodePerf& perf) {
  const auto& node = perf.node;
  const auto& m = perf.metrics;
  const auto i = [](int32_t value) { return Value::of_int(value); };
  const auto l = [](int64_t value) { return Value::of_long(value); };
  const auto d = [](double value) { return Value::of_double(value); };
  const auto capacity = static_cast<double>(m.disk_capacity_bytes);
  const double free_ratio = capacity > 0 ? static_cast<double>(m.disk_free_bytes) / capacity : 0;
  rows.add({text_value(node.compute_group),
            text_value(node.host),
            i(node.port),
            text_value(node.site()),
            i(static_cast<int32_t>(node.role)),
            i(perf.alive ? 1 : 0),
            text_value(perf.agent),
            i(m.connections_max),
            d(m.memory_max_gb),
            i(m.workers),
            i(m.executors),
            i(m.connections),
            text_value(node.alias),
            l(m.memory_used_bytes),
            l(m.memory_allocated_bytes),
            d(m.cpu_percent),
            d(m.load_average),
            l(m.median_last_10_queries_ns),
            l(m.max_last_10_queries_ns),
            l(m.median_last_100_queries_ns),
            l(m.max_last_100_queries_ns),
            l(m.max_running_query_ns),
            i(m.jobs_running),
            i(m.jobs_queued),
            i(m.tasks_running),
            i(m.tasks_queued),
            d(m.job_load),
            l(m.disk_capacity_bytes),
            l(m.disk_free_bytes),
            d(free_ratio),
            d(m.disk_write_rate),
            d(m.disk_read_rate),
            l(m.last_minute_write_bytes),
            l(m.last_minute_read_bytes),
            d(m.network_send_rate),
            d(m.network_receive_rate),
            l(m.last_minute_sent_bytes),
            l(m.last_minute_received_bytes),
            text_value(node.public_name),
            l(m.last_message_latency_ns),
            l(m.total_message_latency_ns),
            leader_value(perf.is_leader),
            text_value(node.zone)});
}

Value cluster_perf(const ClusterCall& call, const Arguments& args) {
  const auto reply =
      call.ask<meta::PerfReply>(meta::kClusterPerf, meta::PerfRequest{args.flag_or(0, "includeMaster", false)});
  TableRows rows(perf_schema());
  for (const auto& perf : reply.nodes) add_row(rows, perf);
  return rows.take();
}

Value controller_group(const ClusterCall& call) {
  const auto reply = call.ask<meta::LeaderReply>(meta::kLeader);
  TableRows rows({{"name", types::Type::kString},
                  {"role", types::Type::kString},
                  {"isLeader", types::Type::kBool},
                  {"memberId", types::Type::kString}});
  for (const auto& member : reply.members) {
    rows.add({text_value(member.alias), text_value(member.role), Value::of_bool(member.alias == reply.leader),
              text_value(std::to_string(member.id))});
  }
  return rows.take();
}

Value live_data_nodes(const ClusterCall& call, const Arguments& args) {
  const bool with_compute_nodes = args.flag_or(0, "includeComputeNode", true);
  std::vector<std::string> sites;
  for (const auto& perf : call.ask<meta::PerfReply>(meta::kClusterPerf, meta::PerfRequest{}).nodes) {
    const bool wanted =
        perf.node.holds_data() || (with_compute_nodes && perf.node.role == meta::NodeRole::kComputeNode);
    if (perf.alive && wanted) sites.push_back(perf.node.site());
  }
  return text_vector(std::move(sites));
}

Value control(const ClusterCall& call, const Arguments& args, std::string_view method) {
  call.require_admin();
  call.send(method, meta::encode(meta::NodesRequest{args.texts(0, "nodes")}));
  return {};
}

void register_node_control(functions::Registry& registry, const AskControllers& ask) {
  const std::string_view family = "cluster";
  declare(registry, family, Nature::kCommand,
          {.name = "startDataNode",
           .parameters = "nodes",
           .run =
               [ask](CallContext& context, std::span<Value> args) {
                 return control({"startDataNode", context, ask}, {"startDataNode", args}, meta::kStartNodes);
               },
           .summary = "Starts data or compute nodes, given by alias or host:port, through the agents of their hosts.",
           .example = ""});
  declare(registry, family, Nature::kCommand,
          {.name = "stopDataNode",
           .parameters = "nodes",
           .run =
               [ask](CallContext& context, std::span<Value> args) {
                 return control({"stopDataNode", context, ask}, {"stopDataNode", args}, meta::kStopNodes);
               },
           .summary = "Stops data or compute nodes in an orderly way.",
           .example = ""});
}

}  // namespace

void register_node_functions(functions::Registry& registry, AskControllers ask) {
  const std::string_view family = "cluster";
  declare(registry, family, Nature::kWhole,
          {.name = "getClusterPerf",
           .parameters = "[includeMaster=false]",
           .run =
               [ask](CallContext& context, std::span<Value> args) {
                 return cluster_perf({"getClusterPerf", context, ask}, {"getClusterPerf", args});
               },
           .summary = "Returns one row of live figures for every node; with includeMaster also for controllers.",
           .example = ""});
  declare(registry, family, Nature::kWhole,
          {.name = "getActiveMaster",
           .parameters = "",
           .run =
               [ask](CallContext& context, std::span<Value>) {
                 return text_value(
                     ClusterCall("getActiveMaster", context, ask).ask<meta::LeaderReply>(meta::kLeader).leader);
               },
           .summary = "Returns the alias of the controller that leads.",
           .example = ""});
  declare(
      registry, family, Nature::kWhole,
      {.name = "getControllerGroup",
       .parameters = "",
       .run =
           [ask](CallContext& context, std::span<Value>) {
             return controller_group({"getControllerGroup", context, ask});
           },
       .summary = "Returns the members of the controllers' Raft group: voters decide, learners are being caught up.",
       .example = ""});
  declare(registry, family, Nature::kWhole,
          {.name = "isControllerInitialized",
           .parameters = "",
           .run =
               [ask](CallContext& context, std::span<Value>) {
                 return Value::of_bool(ClusterCall("isControllerInitialized", context, ask)
                                           .ask<meta::LeaderReply>(meta::kLeader)
                                           .initialised);
               },
           .summary = "Tells whether a controller leads and knows the cluster's metadata.",
           .example = ""});
  declare(
      registry, family, Nature::kWhole,
      {.name = "getClusterLiveDataNodes",
       .parameters = "[includeComputeNode=true]",
       .run =
           [ask](CallContext& context, std::span<Value> args) {
             return live_data_nodes({"getClusterLiveDataNodes", context, ask}, {"getClusterLiveDataNodes", args});
           },
       .summary = "Returns the running data and compute nodes as host:port:alias, the way clients' pools want them.",
       .example = ""});
  register_node_control(registry, ask);
}

void register_controller_functions(functions::Registry& registry, AskControllers ask) {
  register_node_functions(registry, ask);
  register_chunk_functions(registry, ask);
  register_member_functions(registry, ask);
  register_check_functions(registry, ask);
  register_configuration_functions(registry, ask);
  register_user_functions(registry, ask);
  register_catalog_functions(registry, ask);
  register_settings_functions(registry, ask);
}

}  // namespace pelorus::controller
