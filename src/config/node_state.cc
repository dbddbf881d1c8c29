#include "config/node_state.h"

#include <algorithm>
#include <fstream>

#include "config/site.h"
#include "config/text_lines.h"

namespace pelorus::config {
namespace {

constexpr std::string_view kPhaseNames[] = {"starting", "listening", "ready", "stopping", "failed"};

}  // namespace

std::string NodeState::to_string() const {
  std::string text(kPhaseNames[static_cast<size_t>(phase)]);
  return detail.empty() ? text : text + ": " + detail;
}

Status write_node_state(const std::filesystem::path& directory, const NodeState& state) {
  auto line = state.to_string();
  std::replace(line.begin(), line.end(), '\n', ' ');
  const auto new_path = directory / "node.state.new";
  std::ofstream out(new_path, std::ios::trunc);
  out << line << '\n';
  out.close();
  if (!out) return Error{ErrorCode::kIo, "cannot write: " + new_path.string()};
  std::error_code failure;
  std::filesystem::rename(new_path, directory / "node.state", failure);
  if (failure) return Error{ErrorCode::kIo, "cannot rename: " + failure.message() + ": " + new_path.string()};
  return {};
}

Result<NodeState> read_node_state(const std::filesystem::path& directory) {
  TRY(const auto text, read_file((directory / "node.state").string()));
  const auto line = trim(std::string_view(text).substr(0, text.find('\n')));
  const auto colon = line.find(':');
  const auto word = trim(line.substr(0, colon));
  for (size_t i = 0; i < std::size(kPhaseNames); ++i) {
    if (word != kPhaseNames[i]) continue;
    const auto detail = colon == std::string_view::npos ? std::string_view() : trim(line.substr(colon + 1));
    return NodeState{static_cast<NodePhase>(i), std::string(detail)};
  }
  return Error{ErrorCode::kCorrupt, "node.state makes no sense: '" + std::string(line.substr(0, 80)) + "'"};
}

}  // namespace pelorus::config
