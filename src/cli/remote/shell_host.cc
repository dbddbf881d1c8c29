#include "cli/remote/shell_host.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/ids.h"

namespace pelorus::cli {
namespace {

namespace fs = std::filesystem;

constexpr auto kTransferLimit = std::chrono::hours(24);
constexpr auto kShortLimit = std::chrono::seconds(30);

Error failed(const std::string& address, const std::string& what, const Ran& ran) {
  std::string said = ran.err.empty() ? ran.out : ran.err;
  while (said.ends_with('\n')) said.pop_back();
  return Error{ErrorCode::kIo,
               address + ": " + what + (said.empty() ? " (status " + std::to_string(ran.status) + ")" : ": " + said)};
}

/// Beside `path`, so that a rename takes it into place.
std::string temporary_name(const std::string& path) {
  return path + "." + Uuid::random().to_string().substr(0, 8) + ".part";
}

}  // namespace

Result<Ran> ShellHost::run(const std::string& script, std::string_view input, std::chrono::milliseconds timeout) {
  // Neither arguments nor standard input alone can carry both: the shell takes its script's bytes from the front of the
  // input, one by one because a shell may not read ahead, and leaves the rest to the script.
  const std::string text = script + "\n";
  const std::string command = "sh -c 'eval \"$(dd bs=1 count=" + std::to_string(text.size()) + " 2>/dev/null)\"'";
  TRY(const auto words, words_for(command));
  std::string bytes = text;
  bytes.append(input);
  TRY(auto ran, run_captured(words, bytes, {timeout, cancellation_}));
  TRY_DONE(judge(ran));
  return ran;
}

Result<Ran> ShellHost::run_into(const std::string& script, RemoteHost& to, const std::string& reading,
                                std::chrono::milliseconds timeout, const Flow& flow) {
  TRY(const auto writer, words_for("sh -c " + shell_word(script)));
  TRY(const auto reader, to.words_for("sh -c " + shell_word(reading)));
  return run_piped(writer, reader, {timeout, cancellation_}, flow);
}

Result<Ran> ShellHost::shell(const std::string& command, const fs::path& file, FileEnd end) {
  const int opened = end == FileEnd::kInput ? open(file.c_str(), O_RDONLY | O_CLOEXEC)
                                            : open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (opened < 0) return Error{ErrorCode::kIo, file.string() + ": " + std::strerror(errno)};
  const auto words = words_for("sh -c " + shell_word(command));
  auto ran = words.ok() ? run_with_file(*words, opened, end, {kTransferLimit, cancellation_}) : words.error();
  if (end == FileEnd::kOutput && ran.ok() && fsync(opened) != 0) {
    ran = Error{ErrorCode::kIo, file.string() + ": " + std::strerror(errno)};
  }
  close(opened);
  if (!ran.ok()) return ran;
  TRY_DONE(judge(*ran));
  return ran;
}

Status ShellHost::send(const fs::path& local, const std::string& remote) {
  std::error_code failure;
  const auto kind = fs::status(local, failure).type();
  if (kind == fs::file_type::directory) return send_folder(local, remote);
  if (kind == fs::file_type::regular) return send_file(local, remote);
  return Error{ErrorCode::kNotFound, "there is no such file or folder: " + local.string()};
}

Status ShellHost::send_file(const fs::path& local, const std::string& remote) {
  std::error_code failure;
  const auto size = fs::file_size(local, failure);
  const auto rights = static_cast<unsigned>(fs::status(local, failure).permissions()) & 0777u;
  char mode[8];
  std::snprintf(mode, sizeof mode, "%03o", rights);
  const auto part = shell_word(temporary_name(remote));
  // A connection that breaks looks like the end of the file: its size tells.
  const std::string command = "umask 077; part=" + part + "; to=" + shell_word(remote) +
                              "; if [ -d \"$to\" ]; then echo 'a folder is there' >&2; exit 1; fi; trap 'rm -f "
                              "\"$part\"' EXIT; cat >\"$part\" && [ \"$(wc -c <\"$part\")\" -eq " +
                              std::to_string(size) + " ] && chmod " + mode +
                              " \"$part\" && { sync \"$part\" 2>/dev/null || :; } && mv -f \"$part\" \"$to\"";
  TRY(const auto ran, shell(command, local, FileEnd::kInput));
  if (ran.status != 0) return failed(address(), "not written: " + remote, ran);
  return {};
}

Status ShellHost::fetch(const std::string& remote, const fs::path& local) {
  TRY(const auto ran, run("if [ -d " + shell_word(remote) + " ]; then echo folder; elif [ -f " + shell_word(remote) +
                              " ]; then echo file; fi",
                          "", kShortLimit));
  if (ran.out == "folder\n") return fetch_folder(remote, local);
  if (ran.out == "file\n") return fetch_file(remote, local);
  return Error{ErrorCode::kNotFound, address() + ": there is no such file or folder: " + remote};
}

Status ShellHost::fetch_file(const std::string& remote, const fs::path& local) {
  const fs::path part = temporary_name(local.string());
  std::error_code failure;
  auto ran =
      shell("file=" + shell_word(remote) + "; stat -c '%s %a' \"$file\" >&2 && cat \"$file\"", part, FileEnd::kOutput);
  unsigned long long size = 0;
  unsigned mode = 0;
  if (ran.ok() && (ran->status != 0 || std::sscanf(ran->err.c_str(), "%llu %o", &size, &mode) != 2)) {
    ran = failed(address(), "not read: " + remote, *ran);
  } else if (ran.ok() && fs::file_size(part, failure) != size) {
    ran = Error{ErrorCode::kIo, address() + ": not read whole, it changed or the connection broke: " + remote};
  }
  if (ran.ok()) {
    fs::permissions(part, static_cast<fs::perms>(mode & 0777u), failure);
    if (!failure) fs::rename(part, local, failure);
    if (failure) ran = Error{ErrorCode::kIo, local.string() + ": " + failure.message()};
  }
  if (ran.ok()) return {};
  fs::remove(part, failure);
  return ran.error();
}

Result<bool> ShellHost::by_rsync(const std::string& from, const std::string& to) {
  if (has_rsync_ < 0) {
    TRY(const auto here, run_captured({"sh", "-c", "command -v rsync"}, "", {kShortLimit, cancellation_}));
    TRY(const auto there, run("command -v rsync", "", kShortLimit));
    has_rsync_ = here.status == 0 && there.status == 0 ? 1 : 0;
  }
  if (has_rsync_ == 0) return false;
  std::vector<std::string> words{"rsync", "-rlptHs"};
  for (auto& option : rsync_options()) words.push_back(std::move(option));
  words.insert(words.end(), {from, to});
  TRY(const auto ran, run_captured(words, "", {kTransferLimit, cancellation_}));
  TRY_DONE(judge(ran));
  if (ran.status != 0) return failed(address(), "not copied by rsync: " + from, ran);
  return true;
}

Status ShellHost::send_folder(const fs::path& local, const std::string& remote) {
  TRY(const auto made, run("mkdir -p " + shell_word(remote), "", kShortLimit));
  if (made.status != 0) return failed(address(), "the folder cannot be made: " + remote, made);
  TRY(const bool is_done, by_rsync(local.string() + "/", rsync_name(remote + "/")));
  if (is_done) return {};
  TRY(const auto words, words_for("sh -c " + shell_word("cd " + shell_word(remote) + " && tar -xof -")));
  TRY(const auto ran,
      run_piped({"tar", "-C", local.string(), "-cf", "-", "."}, words, {kTransferLimit, cancellation_}));
  TRY_DONE(judge(ran));
  if (ran.status != 0) return failed(address(), "not unpacked into " + remote, ran);
  return {};
}

Status ShellHost::fetch_folder(const std::string& remote, const fs::path& local) {
  std::error_code failure;
  fs::create_directories(local, failure);
  if (failure) return Error{ErrorCode::kIo, local.string() + ": " + failure.message()};
  TRY(const bool is_done, by_rsync(rsync_name(remote + "/"), local.string() + "/"));
  if (is_done) return {};
  TRY(const auto words, words_for("sh -c " + shell_word("cd " + shell_word(remote) + " && tar -cf - .")));
  TRY(const auto ran, run_piped(words, {"tar", "-C", local.string(), "-xof", "-"}, {kTransferLimit, cancellation_}));
  if (ran.status != 0) return failed(address(), "not copied: " + remote, ran);
  return {};
}

std::string shell_word(std::string_view text) {
  std::string word = "'";
  for (const char letter : text) {
    if (letter == '\'') {
      word += "'\\''";
    } else {
      word += letter;
    }
  }
  return word + "'";
}

}  // namespace pelorus::cli
