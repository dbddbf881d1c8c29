#include "cli/config/in_effect.h"

namespace pelorus::cli {
namespace {

std::string text_of(const data::Value& lines) {
  std::string text;
  for (const auto& line : texts_of(lines)) text += line + "\n";
  return text;
}

Result<data::Value> ask(client::Connection& connection, std::string_view script) {
  TRY(auto answer, connection.run(script));
  return answer.value_or(data::Value());
}

void ask_role(const std::optional<config::Loaded>& role, const client::ConnectionOptions& options, InEffect& live) {
  if (!role) return;
  const auto own = role->settings.local_site();
  auto node = client::Connection::open({own.host, own.port}, options);
  if (!node.ok()) return;
  const auto alias = ask(**node, "getNodeAlias()");
  const auto settings = ask(**node, "getConfig()");
  if (!alias.ok() || !settings.ok() || !alias->is_text() || alias->text() != own.alias) return;
  live.settings[own.alias] = settings_of(*settings);
}

}  // namespace

std::vector<std::string> texts_of(const data::Value& value) {
  std::vector<std::string> texts;
  if (!value.is_vector() || !types::is_literal(value.type())) return texts;
  for (size_t i = 0; i < value.vector().size(); ++i) texts.push_back(value.vector().text_at(i));
  return texts;
}

std::map<std::string, std::string> settings_of(const data::Value& value) {
  std::map<std::string, std::string> settings;
  if (!value.is_dictionary()) return settings;
  const auto& keys = value.dictionary().keys();
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto setting = value.dictionary().get(keys.scalar_at(i));
    if (setting.is_text()) settings[keys.scalar_at(i).text()] = setting.text();
  }
  return settings;
}

Result<InEffect> read_in_effect(client::Connection& connection, const PackageConfig& package,
                                const client::ConnectionOptions& options) {
  InEffect live;
  config::Findings ignored;  // the cluster's own text was checked when it was taken over
  if (!package.place.config.empty()) {
    TRY(const auto nodes, ask(connection, "getClusterNodesCfg()"));
    TRY(const auto cluster, ask(connection, "loadClusterNodesConfigs()"));
    live.nodes = config::parse_cluster_nodes(text_of(nodes), "getClusterNodesCfg()", {}, ignored);
    live.cluster = config::parse_cluster_config(text_of(cluster), "loadClusterNodesConfigs()", ignored);
  }
  for (const auto* role : {&package.controller, &package.agent, &package.single}) ask_role(*role, options, live);
  return live;
}

}  // namespace pelorus::cli
