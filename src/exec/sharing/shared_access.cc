#include "exec/sharing/shared_access.h"

#include <algorithm>

#include "base/script_error.h"

namespace pelorus::exec {
namespace {

using data::Schema;
using data::Table;

std::string refusal(std::string_view name, std::string_view grants) {
  return "<NoPrivilege>No access to shared table [" + std::string(name) + "]; an administrator can grant " +
         std::string(grants) + " on \"" + std::string(name) + "\".";
}

/// A table of which somebody may use a part.
class LimitedTable final : public data::TableObject {
 public:
  LimitedTable(data::TableRef table, std::string_view name, const SharedRights& rights)
      : table_(std::move(table)), name_(name), rights_(rights) {}

  std::string type_text() const override { return table_->type_text(); }
  Schema schema() const override { return table_->schema(); }
  data::Properties properties() const override { return table_->properties(); }
  Result<Table> snapshot() const override {
    TRY_DONE(allowed(rights_.read, "TABLE_READ"));
    return table_->snapshot();
  }
  Result<int64_t> append(const Table& rows) override {
    TRY_DONE(allowed(rights_.insert, "TABLE_WRITE"));
    return table_->append(rows);
  }
  Status edit(const std::function<Status(Table&)>& change) override {
    TRY_DONE(allowed(rights_.change, "TABLE_WRITE"));
    return table_->edit(change);
  }

  data::TableRef readable() const {
    if (!rights_.read) throw ScriptError(refusal(name_, "TABLE_READ"));
    return table_;
  }

 private:
  Status allowed(bool granted, std::string_view grant) const {
    if (granted) return {};
    return Error{ErrorCode::kDenied, refusal(name_, grant)};
  }

  const data::TableRef table_;
  const std::string name_;
  const SharedRights rights_;
};

}  // namespace

void SharedAccess::set_grants(std::string node, GrantsOf grants_of) {
  node_ = std::move(node);
  grants_of_ = std::move(grants_of);
}

void SharedAccess::note_maker(const std::string& name, const std::string& user) {
  const std::lock_guard lock(mutex_);
  makers_.insert_or_assign(name, user);
}

void SharedAccess::forget(std::string_view name) {
  const std::lock_guard lock(mutex_);
  if (const auto maker = makers_.find(name); maker != makers_.end()) makers_.erase(maker);
  if (const auto found = controlled_.find(name); found != controlled_.end()) controlled_.erase(found);
  controlled_count_ = controlled_.size();
}

bool SharedAccess::is_owner(const functions::Caller& caller, std::string_view name) const {
  if (caller.is_admin) return true;
  const std::lock_guard lock(mutex_);
  const auto maker = makers_.find(name);
  return maker != makers_.end() && maker->second == caller.user;
}

void SharedAccess::control(const functions::Caller& caller, const std::string& name) {
  if (!is_owner(caller, name))
    throw ScriptError("<NoPrivilege>addAccessControl: only an administrator or the user who made " + name +
                      " can restrict it.");
  const std::lock_guard lock(mutex_);
  controlled_.insert_or_assign(name, true);
  controlled_count_ = controlled_.size();
}

bool SharedAccess::is_controlled(std::string_view name) const {
  if (controlled_count_ == 0) return false;
  const std::lock_guard lock(mutex_);
  return controlled_.contains(name);
}

SharedRights SharedAccess::rights(const functions::Caller& caller, std::string_view name) const {
  constexpr SharedRights kAll{.read = true, .insert = true, .change = true, .own = true};
  if (!is_controlled(name) || is_owner(caller, name)) return kAll;
  if (!grants_of_) return {};
  const auto known = grants_of_(caller.user);
  if (!known.ok()) return {};
  meta::Access access = *known;
  if (access.is_admin) return kAll;
  access.grants.clear();
  const std::string here = node_ + ":" + std::string(name);
  for (auto grant : known->grants) {
    if (grant.object == here) grant.object = name;
    access.grants.insert(std::move(grant));
  }
  using meta::AccessType;
  return {.read = access.may(AccessType::kTableRead, name),
          .insert = access.may(AccessType::kTableInsert, name),
          .change = access.may(AccessType::kTableUpdate, name) && access.may(AccessType::kTableDelete, name)};
}

std::optional<data::Value> SharedView::find(std::string_view name) const {
  auto found = objects_.find(name);
  if (!found || access_ == nullptr || !access_->is_controlled(name)) return found;
  return limited(*found, name, access_->rights(caller_, name));
}

void SharedView::check_owner(std::string_view name, std::string_view deed) const {
  if (access_->rights(caller_, name).own) return;
  throw ScriptError("<NoPrivilege>No access to " + std::string(deed) + " shared table [" + std::string(name) +
                    "]: only an administrator or the user who shared it may.");
}

void SharedView::put(const std::string& name, data::Value value) {
  if (access_ != nullptr) check_owner(name, "replace");
  objects_.put(name, std::move(value));
  if (access_ != nullptr && !access_->is_controlled(name)) access_->note_maker(name, caller_.user);
}

bool SharedView::erase(std::string_view name) {
  if (access_ != nullptr) check_owner(name, "drop");
  const bool found = objects_.erase(name);
  if (access_ != nullptr) access_->forget(name);
  return found;
}

std::vector<std::string> SharedView::names() const {
  auto names = objects_.names();
  if (access_ != nullptr) std::erase_if(names, [&](const auto& name) { return !access_->rights(caller_, name).any(); });
  return names;
}

data::Value limited(const data::Value& value, std::string_view name, const SharedRights& rights) {
  if (!rights.any()) throw ScriptError(refusal(name, "TABLE_READ or TABLE_WRITE"));
  if (!value.is_table_object() || (rights.read && rights.insert && rights.change)) return value;
  return data::TableRef(std::make_shared<LimitedTable>(value.table_object(), name, rights));
}

data::TableRef readable(const data::TableRef& table) {
  const auto* found = dynamic_cast<const LimitedTable*>(table.get());
  return found != nullptr ? found->readable() : table;
}

}  // namespace pelorus::exec
