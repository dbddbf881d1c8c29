#include "agent/node_arguments.h"

#include <fstream>

#include "config/text_lines.h"

namespace pelorus::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kArgumentsFile = "node.arguments";

}  // namespace

Status write_arguments(const fs::path& directory, const std::vector<std::string>& arguments) {
  std::error_code failure;
  fs::create_directories(directory, failure);
  const auto path = directory / kArgumentsFile;
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  for (const auto& argument : arguments) out << argument << '\0';
  out.close();
  if (!out) return Error{ErrorCode::kIo, "cannot write: " + path.string() + "; is the directory yours?"};
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write, failure);
  return {};
}

std::vector<std::string> read_arguments(const fs::path& directory) {
  std::vector<std::string> arguments;
  const auto text = config::read_file((directory / kArgumentsFile).string());
  if (!text.ok()) return arguments;
  for (size_t begin = 0; begin < text->size();) {
    const auto end = text->find('\0', begin);
    arguments.push_back(text->substr(begin, end - begin));
    if (end == std::string::npos) break;
    begin = end + 1;
  }
  return arguments;
}

}  // namespace pelorus::agent
