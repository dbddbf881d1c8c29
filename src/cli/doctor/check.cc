#include "cli/doctor/check.h"

#include <algorithm>

namespace pelorus::cli::doctor {

constexpr size_t kListedMax = 4;

const NodeFacts* LiveFacts::find(const std::string& alias) const {
  const auto found =
      std::find_if(nodes.begin(), nodes.end(), [&](const NodeFacts& node) { return node.row.alias == alias; });
  return found == nodes.end() ? nullptr : &*found;
}

const std::vector<Check>& all_checks() {
  static const std::vector<Check> checks = [] {
    std::vector<Check> all;
    for (const auto& group : {cluster_checks(), data_checks(), machine_checks(), certificate_checks(), file_checks()}) {
      all.insert(all.end(), group.begin(), group.end());
    }
    return all;
  }();
  return checks;
}

const Check* find_check(std::string_view id) {
  const auto& all = all_checks();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Check& check) { return check.id == id; });
  return found == all.end() ? nullptr : &*found;
}

Outcome fine(BothLanguages reason) { return {Verdict::kOk, std::move(reason), {}}; }
Outcome warning(BothLanguages reason, BothLanguages fix) {
  return {Verdict::kWarning, std::move(reason), std::move(fix)};
}
Outcome problem(BothLanguages reason, BothLanguages fix) {
  return {Verdict::kProblem, std::move(reason), std::move(fix)};
}
Outcome skipped(BothLanguages reason) { return {Verdict::kSkipped, std::move(reason), {}}; }

Outcome skipped_without_live(const Facts& facts) {
  if (!facts.live)
    return skipped(in_both("No live cluster was asked (--host, --port).", "没有询问在线集群（--host、--port）。"));
  return skipped(in_both("No node answered.", "没有节点应答。"));
}

Outcome skipped_without_package() {
  return skipped(in_both("No package was given (--package).", "没有给出安装包（--package）。"));
}

const LiveFacts* answering(const Facts& facts) {
  return facts.live && facts.live->failure.empty() ? &*facts.live : nullptr;
}

std::string listed(const std::vector<std::string>& items) {
  std::string text;
  for (size_t i = 0; i < items.size() && i < kListedMax; ++i) text += (i == 0 ? "" : ", ") + items[i];
  return items.size() > kListedMax ? text + " +" + std::to_string(items.size() - kListedMax) : text;
}

bool is_loopback_host(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

std::string gigabytes(double bytes) { return fmt::format("{:.1f} GB", bytes / (1024.0 * 1024 * 1024)); }

}  // namespace pelorus::cli::doctor
