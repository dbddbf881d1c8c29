#include "cli/log_files.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <fstream>
#include <sstream>

namespace pelorus::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kTimeSize = sizeof("2026-11-28 02:15:23.123456") - 1;

bool is_time(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00 00:00:00.000000";
  if (text.size() < kTimeSize) return false;
  for (size_t i = 0; i < kTimeSize; ++i) {
    if (kForm[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != kForm[i]) return false;
  }
  return true;
}

/// 20261128000controller.log: eight digits of a date and three of a number.
bool is_rotated(const std::string& stem) {
  return stem.size() > 11 && std::all_of(stem.begin(), stem.begin() + 11, [](char c) { return c >= '0' && c <= '9'; });
}

std::string alias_of(const PackageConfig& package, const std::string& stem) {
  if (stem == "controller" && package.controller) return package.controller->settings.alias();
  if (stem == "agent" && package.agent) return package.agent->settings.alias();
  if (stem == "dolphindb" && package.single) return package.single->settings.alias();
  return stem;
}

}  // namespace

std::vector<LogFile> log_files(const PackageConfig& package) {
  std::vector<LogFile> files;
  std::error_code ignored;
  for (const auto& directory : package.place.log_directories()) {
    for (const auto& entry : fs::directory_iterator(directory, ignored)) {
      const auto stem = entry.path().stem().string();
      if (entry.path().extension() != ".log" || stem.ends_with("_job") || is_rotated(stem)) continue;
      files.push_back({alias_of(package, stem), entry.path()});
    }
  }
  std::sort(files.begin(), files.end(),
            [](const LogFile& left, const LogFile& right) { return left.path < right.path; });
  return files;
}

LogLine parse_log_line(std::string text) {
  LogLine line;
  if (is_time(text)) {
    line.time = text.substr(0, kTimeSize);
    const auto open = text.find('<', kTimeSize);
    const auto close = text.find('>', kTimeSize);
    if (open == kTimeSize + 1 && close != std::string::npos) line.level = text.substr(open + 1, close - open - 1);
  }
  line.text = std::move(text);
  return line;
}

Result<std::vector<LogLine>> read_log_end(const fs::path& path, int64_t bytes, int64_t* size) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return Error{ErrorCode::kIo, "cannot be read: " + path.string()};
  const auto end = static_cast<int64_t>(file.tellg());
  const auto begin = std::max<int64_t>(0, end - bytes);
  std::string text(static_cast<size_t>(end - begin), '\0');
  file.seekg(begin);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(0, file.gcount())));
  if (begin > 0) text.erase(0, std::min(text.find('\n'), text.size() - 1) + 1);
  const auto complete = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
  if (size != nullptr) *size = end - static_cast<int64_t>(text.size() - complete);
  text.resize(complete);  // the rest is being written
  std::vector<LogLine> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(parse_log_line(std::move(line)));
  return lines;
}

std::string log_time_before(int64_t seconds) {
  const std::time_t then = std::time(nullptr) - seconds;
  tm parts{};
  localtime_r(&then, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts)};
}

Result<int64_t> parse_age(const std::string& text) {
  int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(end, text.data() + text.size());
  const int64_t factor = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : unit == "d" ? 86400 : 0;
  if (failure != std::errc() || factor == 0 || number < 0 || number > 36500) {
    return Error{ErrorCode::kInvalid, "--since needs an age like 90s, 15m, 1h or 2d, not '" + text + "'"};
  }
  return number * factor;
}

}  // namespace pelorus::cli
