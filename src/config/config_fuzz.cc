// Fuzzes the readers of configuration files; the first byte chooses the reader.

#include <cstddef>
#include <cstdint>

#include "config/cluster_config.h"
#include "config/cluster_nodes.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pelorus::config;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  Findings findings;
  if (data[0] % 2 == 0) {
    const auto nodes = parse_cluster_nodes(text, "fuzz", {"node1", "node2"}, findings);
    Findings again;
    const auto canonical = format_cluster_nodes(nodes.nodes());
    const auto reread = parse_cluster_nodes(canonical, "fuzz", {}, again);
    if (reread.nodes() != nodes.nodes()) __builtin_trap();
  } else {
    const auto config = parse_cluster_config(text, "fuzz", findings);
    config.effective_settings("node1");
    config.validate({"node1", "node2"}, findings);
  }
  return 0;
}
