#pragma once
// Plans and journals for people.

#include <boost/json.hpp>
#include <string>

#include "cli/migrate/journal.h"

namespace pelorus::cli::migrate {

/// Members now and then by host, what may fail, warnings, every step with its effect and its undo.
std::string text_of(const Plan& plan, Language language);
/// The steps with their states.
std::string text_of(const Plan& plan, const Record& record, Language language);
boost::json::object json_of(const Plan& plan, const Record& record, Language language);

}  // namespace pelorus::cli::migrate
