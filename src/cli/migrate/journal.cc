#include "cli/migrate/journal.h"

#include "cli/migrate/plan_json.h"

namespace pelorus::cli::migrate {
namespace {

Result<Plan> checked(const std::string& text, const Record& record, const std::string& id) {
  boost::system::error_code failure;
  const auto value = boost::json::parse(text, failure);
  if (failure) return Error{ErrorCode::kCorrupt, "plan " + id + " cannot be understood: " + failure.message()};
  TRY(auto plan, plan_of(value));
  if (plan.id != plan_id(plan)) return Error{ErrorCode::kCorrupt, "plan " + id + " was changed after it was made"};
  if (record.steps.size() != plan.steps.size())
    return Error{ErrorCode::kCorrupt, "the journal does not fit its plan: " + id};
  return plan;
}

}  // namespace

Status Journal::create(io::FileSystem& files, const std::string& directory, const Plan& plan,
                       const std::string& plan_json, const std::string& ssh) {
  return steps::Journal::create(files, directory, plan.id, plan_json, plan.steps.size(), ssh);
}

Result<std::pair<Plan, Record>> Journal::read(io::FileSystem& files, const std::string& directory,
                                              const std::string& id) {
  TRY(auto kept, steps::Journal::read(files, directory, id));
  TRY(auto plan, checked(kept.plan, kept.record, id));
  return std::pair{std::move(plan), std::move(kept.record)};
}

Result<std::unique_ptr<Journal>> Journal::open(io::FileSystem& files, const std::string& directory,
                                               const std::string& id) {
  TRY(auto opened, steps::Journal::open(files, directory, id));
  TRY(auto plan, checked(opened->plan(), opened->record(), id));
  return std::unique_ptr<Journal>(new Journal(std::move(opened), std::move(plan)));
}

}  // namespace pelorus::cli::migrate
