#include "cli/steps/answers.h"

namespace pelorus::cli::steps {

namespace json = boost::json;

json::array texts_json(const std::vector<std::string>& texts) {
  json::array array;
  for (const auto& text : texts) array.emplace_back(text);
  return array;
}

json::object note_json(const Note& note, const std::string& text) {
  return {{"code", note.code}, {"arguments", texts_json(note.arguments)}, {"text", text}};
}

ExitCode Answers::refuse(const Error& error) const {
  terminal_.complain(error.message);
  if (error.code == ErrorCode::kNotFound || error.code == ErrorCode::kConflict) return ExitCode::kNotMet;
  return exit_code_of(error);
}

ExitCode Answers::refuse(const std::vector<Note>& reasons) const {
  terminal_.complain(words({"label.refused", {}}));
  json::array array;
  for (const auto& reason : reasons) {
    terminal_.err() << "  " << words(reason) << std::endl;
    array.push_back(note_json(reason, words(reason)));
  }
  if (json_) terminal_.out() << json::serialize(json::object{{"refusals", std::move(array)}}) << std::endl;
  return ExitCode::kNotMet;
}

void Answers::tell(size_t step, size_t steps, const Note& note) const {
  if (json_) {
    terminal_.err() << json::serialize(
                           json::object{{"step", step}, {"steps", steps}, {"code", note.code}, {"text", words(note)}})
                    << std::endl;
  } else {
    const auto place = step == 0 ? "" : "[" + std::to_string(step) + "/" + std::to_string(steps) + "] ";
    terminal_.err() << place << words(note) << std::endl;
  }
}

size_t Answers::tell_stopped(const Record& record, const Error& error) const {
  size_t at = 0;
  for (size_t i = 0; i < record.steps.size(); ++i) {
    const auto state = record.steps[i].state;
    if (state == StepState::kBegun || state == StepState::kUndoing) at = i + 1;
  }
  terminal_.complain(
      words({"label.stopped", {std::to_string(at), std::to_string(record.steps.size()), error.message}}));
  return at;
}

}  // namespace pelorus::cli::steps
