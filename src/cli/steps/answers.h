#pragma once
// How commands that work in steps answer: refusals, progress, where they stopped; as text or as JSON.

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/steps/journal.h"
#include "cli/steps/words.h"
#include "cli/terminal.h"

namespace pelorus::cli::steps {

boost::json::array texts_json(const std::vector<std::string>& texts);
/// `text`: the note in the language of the answer.
boost::json::object note_json(const Note& note, const std::string& text);

class Answers {
 public:
  /// Puts a note into the command's words.
  using Say = std::string (*)(Language, const Note&);
  Answers(Terminal& terminal, Say say, Language language, bool json)
      : terminal_(terminal), say_(say), language_(language), json_(json) {}

  std::string words(const Note& note) const { return say_(language_, note); }
  ExitCode refuse(const Error& error) const;
  /// All reasons at once, below "label.refused".
  ExitCode refuse(const std::vector<Note>& reasons) const;
  /// Progress: step from 1; 0: the run itself.
  void tell(size_t step, size_t steps, const Note& note) const;
  /// "label.stopped". Returns the step that was under way, from 1; 0: none.
  size_t tell_stopped(const Record& record, const Error& error) const;

 private:
  Terminal& terminal_;
  const Say say_;
  const Language language_;
  const bool json_;
};

}  // namespace pelorus::cli::steps
