#include "cli/doctor/examine.h"

#include <chrono>

#include "cli/connect.h"
#include "cli/doctor/gather_live.h"
#include "cli/doctor/gather_package.h"

namespace pelorus::cli::doctor {

Result<Facts> examine(const Arguments& arguments) {
  Facts facts;
  facts.now_s =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  auto places = arguments.words();
  if (arguments.has("package")) places.insert(places.begin(), arguments.text("package"));
  for (const auto& given : places) {
    TRY(const auto place, find_package(given));
    facts.packages.push_back(gather_package(place));
  }
  if (!facts.packages.empty()) facts.here = observe::machine_facts();
  if (!places.empty() && !arguments.has("host") && !arguments.has("port")) return facts;
  const auto target = live_target(arguments);
  TRY(const auto port, target.number("port", 1, 65535));
  facts.live =
      gather_live({target.text("host"), static_cast<int>(port)}, connection_options_of(target), facts.packages);
  return facts;
}

}  // namespace pelorus::cli::doctor
