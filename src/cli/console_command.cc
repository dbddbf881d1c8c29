#include <histedit.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "cli/brackets.h"
#include "cli/connect.h"
#include "cli/value_text.h"

namespace pelorus::cli {
namespace {

constexpr int kHistoryLinesMax = 1000;

/// Lines typed by a person, with editing and history; or plain ones from a pipe.
class LineSource {
 public:
  LineSource() : edited_(isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1) {
    if (!edited_) return;
    history_ = history_init();
    editor_ = el_init("pelorus", stdin, stdout, stderr);
    HistEvent event;
    history(history_, &event, H_SETSIZE, kHistoryLinesMax);
    history(history_, &event, H_SETUNIQUE, 1);
    el_set(editor_, EL_CLIENTDATA, this);
    el_set(editor_, EL_PROMPT, &LineSource::prompt);
    el_set(editor_, EL_EDITOR, "emacs");
    el_set(editor_, EL_SIGNAL, 1);
    el_set(editor_, EL_HIST, &history, history_);
    el_source(editor_, nullptr);
    if (const char* home = std::getenv("HOME"); home != nullptr) {
      path_ = std::string(home) + "/.pelorus_history";
      history(history_, &event, H_LOAD, path_.c_str());
    }
  }
  ~LineSource() {
    if (!edited_) return;
    HistEvent event;
    if (!path_.empty()) history(history_, &event, H_SAVE, path_.c_str());
    el_end(editor_);
    history_end(history_);
  }
  LineSource(const LineSource&) = delete;
  LineSource& operator=(const LineSource&) = delete;

  bool is_edited() const { return edited_; }
  /// False at the end of the input.
  bool next(std::string& line, bool goes_on) {
    if (!edited_) return static_cast<bool>(std::getline(std::cin, line));
    prompt_ = goes_on ? "     ... " : "pelorus> ";
    int count = 0;
    const char* text = el_gets(editor_, &count);
    if (text == nullptr || count <= 0) return false;
    line.assign(text, static_cast<size_t>(count));
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    HistEvent event;
    if (!line.empty()) history(history_, &event, H_ENTER, line.c_str());
    return true;
  }

 private:
  static char* prompt(EditLine* editor) {
    LineSource* self = nullptr;
    el_get(editor, EL_CLIENTDATA, &self);
    return self->prompt_.data();
  }

  const bool edited_;
  EditLine* editor_ = nullptr;
  History* history_ = nullptr;
  std::string prompt_;
  std::string path_;
};

ExitCode show(client::Connection& connection, const std::string& script, const TextLimits& limits, Terminal& terminal) {
  const auto began = std::chrono::steady_clock::now();
  const auto answer = connection.run(script);
  if (!answer.ok()) return report(answer.error(), terminal);
  if (*answer) terminal.out() << value_text(**answer, limits) << std::endl;
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
  if (terminal.facts().out_is_terminal) {
    terminal.out() << terminal.paint(Colour::kFaint, std::to_string(took.count()).substr(0, 6) + " ms") << std::endl;
  }
  return ExitCode::kDone;
}

ExitCode run(const Arguments& arguments, Terminal& terminal) {
  const auto rows = arguments.number("rows", 0, 1'000'000'000);
  if (!rows.ok()) return report(rows.error(), terminal);
  ExitCode result{};
  const auto connection = connect(arguments, terminal, true, result);
  if (connection == nullptr) return result;
  LineSource lines;
  if (lines.is_edited()) {
    terminal.out() << "Connected to " << connection->endpoint().text() << ". exit or Ctrl-D leaves." << std::endl;
  }
  result = ExitCode::kDone;
  std::string script, line;
  while (lines.next(line, !script.empty())) {
    if (script.empty() && (line == "exit" || line == "quit")) break;
    script += (script.empty() ? "" : "\n") + line;
    if (open_brackets(script) > 0) continue;
    if (script.find_first_not_of(" \t\n") != std::string::npos) {
      const TextLimits limits{.rows_max = static_cast<size_t>(*rows)};
      result = show(*connection, script, limits, terminal);
    }
    script.clear();
    if (!connection->is_usable()) return ExitCode::kCannotConnect;
  }
  if (!script.empty()) {
    terminal.complain("the input ended inside a bracket or text: " + script.substr(0, 60));
    return ExitCode::kFailed;
  }
  // A person has seen each error; a pipe learns of the last one.
  return lines.is_edited() ? ExitCode::kDone : result;
}

}  // namespace

const Command& console_command() {
  static const Command command = [] {
    Command made{
        .name = "console",
        .summary = "Runs scripts line by line on a node.",
        .usage = "console [OPTIONS]",
        .examples = {"pelorus console", "pelorus console --port 8902 -u admin", "pelorus console < lines.dos"},
        .options = {{"rows", 'n', "N", "show at most N rows of a table; 0: all", "50"}},
        .notes =
            "A statement goes on over lines until its brackets are closed.\n"
            "It is one session: variables stay.",
        .words_max = 0,
        .run = run,
    };
    for (const auto& option : connection_options()) made.options.push_back(option);
    return made;
  }();
  return command;
}

}  // namespace pelorus::cli
