#pragma once
// Plans as JSON: what --json prints and what the journal keeps.

#include <boost/json.hpp>

#include "cli/steps/journal.h"
#include "cli/upgrade/plan.h"

namespace pelorus::cli::upgrade {

boost::json::object json_of(const Note& note, Language language);
boost::json::object json_of(const Plan& plan, Language language);
/// With the state of the run and of each step.
boost::json::object json_of(const Plan& plan, const steps::Record& record, Language language);
/// What plan_id() is taken of.
std::string identity_json(const Plan& plan);
/// kCorrupt for anything but what json_of() made.
Result<Plan> plan_of(const std::string& text);
/// For people: members, steps, warnings; with `record` the state of each.
std::string text_of(const Plan& plan, const steps::Record* record, Language language);

}  // namespace pelorus::cli::upgrade
