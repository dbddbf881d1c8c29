#pragma once
// The plan and the checks, for people and as JSON.

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "cli/deploy/checks.h"
#include "cli/deploy/layout.h"

namespace pelorus::cli::deploy {

/// Who runs where, and what the loss of each host means.
std::string plan_text(const Topology& topology, const Layout& layout, Language language);
boost::json::object plan_json(const Topology& topology, const Layout& layout);

/// Warnings and problems, one a line, then how many checks were good.
std::string findings_text(const std::vector<Finding>& findings, Language language);
boost::json::array findings_json(const std::vector<Finding>& findings, Language language);

}  // namespace pelorus::cli::deploy
