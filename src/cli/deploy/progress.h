#pragma once
// How far a deployment has come: lines for people, one JSON object a line for programs; on standard error.

#include <chrono>
#include <mutex>
#include <string>

#include "cli/language.h"
#include "cli/terminal.h"

namespace pelorus::cli::deploy {

/// Thread-safe.
class Progress {
 public:
  struct Options {
    Language language = Language::kEnglish;
    bool json = false;
    int phases = 0;
  };
  Progress(Terminal& terminal, Options options) : terminal_(terminal), options_(options) {}
  /// "[2/7] …"
  void phase(const BothLanguages& text);
  /// What happened in the phase.
  void note(const BothLanguages& text);
  void complain(const BothLanguages& text);
  Language language() const { return options_.language; }
  bool json() const { return options_.json; }
  Terminal& terminal() { return terminal_; }
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count(); }

 private:
  void event(const char* kind, const BothLanguages& text);
  Terminal& terminal_;
  const Options options_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  int phase_ = 0;  // guarded by mutex_
};

}  // namespace pelorus::cli::deploy
