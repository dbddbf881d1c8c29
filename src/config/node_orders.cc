#include "config/node_orders.h"

namespace pelorus::config {
namespace {

constexpr uint8_t kFormat = 1;  // first byte; no alias begins with it
constexpr size_t kItemsMax = 65536;

void put_entry(ByteWriter& out, const NodeEntry& node) {
  out.put_string(node.site.host);
  out.put(node.site.port);
  out.put_string(node.site.alias);
  out.put(static_cast<uint8_t>(node.mode));
  out.put_string(node.group);
  out.put_string(node.zone);
}

NodeEntry get_entry(ByteReader& in) {
  NodeEntry node;
  node.site.host = in.get_string();
  node.site.port = in.get<uint16_t>();
  node.site.alias = in.get_string();
  node.mode = static_cast<NodeMode>(in.get<uint8_t>());
  node.group = in.get_string();
  node.zone = in.get_string();
  return node;
}

Status check_format(ByteReader& in, std::string_view what) {
  if (in.get<uint8_t>() == kFormat) return {};
  return Error{ErrorCode::kCorrupt, std::string(what) + " has an unknown format"};
}

}  // namespace

bool is_node_order(std::string_view payload) { return !payload.empty() && payload[0] == static_cast<char>(kFormat); }

Bytes NodeStart::encode() const {
  Bytes bytes;
  ByteWriter out(bytes);
  out.put(kFormat);
  put_entry(out, node);
  out.put(static_cast<uint32_t>(settings.size()));
  for (const auto& [name, value] : settings) {
    out.put_string(name);
    out.put_string(value);
  }
  out.put_string(sites);
  out.put_string(controller_site);
  out.put(static_cast<uint8_t>(restarts_after_crash));
  out.put(term);
  return bytes;
}

Result<NodeStart> NodeStart::decode(std::string_view bytes) {
  ByteReader in(bytes);
  TRY_DONE(check_format(in, "the order to start a node"));
  NodeStart start;
  start.node = get_entry(in);
  const auto count = in.get<uint32_t>();
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    auto name = in.get_string();
    start.settings[std::move(name)] = in.get_string();
  }
  start.sites = in.get_string();
  start.controller_site = in.get_string();
  start.restarts_after_crash = in.get<uint8_t>() != 0;
  start.term = in.get<uint64_t>();
  TRY_DONE(in.finish("the order to start a node"));
  const bool is_startable = start.node.mode == NodeMode::kDataNode || start.node.mode == NodeMode::kComputeNode;
  if (!is_startable || !is_plain_alias(start.node.site.alias) || count > kItemsMax) {
    return Error{ErrorCode::kCorrupt,
                 "the order to start a node makes no sense: alias '" + start.node.site.alias + "'"};
  }
  return start;
}

Bytes NodeStop::encode() const {
  Bytes bytes;
  ByteWriter out(bytes);
  out.put(kFormat);
  out.put_string(alias);
  out.put(timeout_ms);
  out.put(term);
  return bytes;
}

Result<NodeStop> NodeStop::decode(std::string_view bytes) {
  ByteReader in(bytes);
  TRY_DONE(check_format(in, "the order to stop a node"));
  NodeStop stop;
  stop.alias = in.get_string();
  stop.timeout_ms = in.get<uint64_t>();
  stop.term = in.get<uint64_t>();
  TRY_DONE(in.finish("the order to stop a node"));
  return stop;
}

Bytes AgentReport::encode() const {
  Bytes bytes;
  ByteWriter out(bytes);
  out.put(kFormat);
  out.put_string(agent);
  out.put(static_cast<uint32_t>(nodes.size()));
  for (const auto& node : nodes) {
    out.put_string(node.alias);
    out.put(node.pid);
    out.put_string(node.state);
    out.put_string(node.last_exit);
    out.put(node.restarts);
  }
  return bytes;
}

Result<AgentReport> AgentReport::decode(std::string_view bytes) {
  ByteReader in(bytes);
  TRY_DONE(check_format(in, "the agent's report"));
  AgentReport report;
  report.agent = in.get_string();
  const auto count = in.get<uint32_t>();
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    NodeRun node;
    node.alias = in.get_string();
    node.pid = in.get<int32_t>();
    node.state = in.get_string();
    node.last_exit = in.get_string();
    node.restarts = in.get<uint32_t>();
    report.nodes.push_back(std::move(node));
  }
  TRY_DONE(in.finish("the agent's report"));
  return report;
}

}  // namespace pelorus::config
