#pragma once
// The process log. One line a message: `YYYY-MM-DD HH:MM:SS.ffffff <LEVEL> :message`, the form operators' tools
// grep for. The sink is the one global of the program.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pelorus {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError };

struct LogOptions {
  std::string path;                  // empty: standard output only
  LogLevel level = LogLevel::kInfo;  // messages below are dropped
  int64_t bytes_max = 1024LL << 20;  // above: the file is renamed to <date><3 digits><name> and a new one begun
  bool also_stdout = false;
};

/// Opens the sink. Before it, messages go to standard error. Call once, from main.
Status open_log(const LogOptions& options);
void set_log_level(LogLevel level);

/// Writes one message; line feeds in it become blanks. Thread-safe; never fails, never throws.
void log_message(LogLevel level, std::string_view message);

inline void log_debug(std::string_view message) { log_message(LogLevel::kDebug, message); }
inline void log_info(std::string_view message) { log_message(LogLevel::kInfo, message); }
inline void log_warning(std::string_view message) { log_message(LogLevel::kWarning, message); }
inline void log_error(std::string_view message) { log_message(LogLevel::kError, message); }

}  // namespace pelorus
