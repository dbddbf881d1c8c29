#include "cli/deploy/progress.h"

#include <boost/json.hpp>
#include <cstdio>

namespace pelorus::cli::deploy {

void Progress::event(const char* kind, const BothLanguages& text) {
  if (options_.json) {
    boost::json::object event{
        {"event", kind}, {"text", text.in(options_.language)}, {"phase", phase_}, {"phases", options_.phases}};
    event["seconds"] = static_cast<int64_t>(seconds() * 1000) / 1000.0;
    terminal_.err() << boost::json::serialize(event) << std::endl;
    return;
  }
  if (std::string_view(kind) != "phase") {
    terminal_.err() << "      " << text.in(options_.language) << std::endl;
    return;
  }
  char took[32];
  std::snprintf(took, sizeof took, "%5.1f s", seconds());
  terminal_.err() << "[" << phase_ << "/" << options_.phases << "] " << took << "  " << text.in(options_.language)
                  << std::endl;
}

void Progress::phase(const BothLanguages& text) {
  const std::lock_guard lock(mutex_);
  ++phase_;
  event("phase", text);
}

void Progress::note(const BothLanguages& text) {
  const std::lock_guard lock(mutex_);
  event("note", text);
}

void Progress::complain(const BothLanguages& text) {
  const std::lock_guard lock(mutex_);
  if (options_.json) {
    event("problem", text);
  } else {
    terminal_.complain(text.in(options_.language));
  }
}

}  // namespace pelorus::cli::deploy
