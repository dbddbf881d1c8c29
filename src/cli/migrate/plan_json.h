#pragma once
// Plans as JSON: what --json shows, what the state directory keeps, what the id is made over.

#include <boost/json.hpp>

#include "base/error.h"
#include "cli/migrate/plan.h"

namespace pelorus::cli::migrate {

boost::json::object json_of(const Note& note, Language language);
boost::json::object json_of(const Plan& plan, Language language);
/// Errors: kCorrupt.
Result<Plan> plan_of(const boost::json::value& json);
/// Target, members and steps in one canonical text, without what changes while a cluster works.
std::string identity_json(const Plan& plan);

}  // namespace pelorus::cli::migrate
