#include "backup/call.h"

#include "dist/database_handle.h"

namespace pelorus::backup {

std::string Call::database(size_t i, std::string_view parameter) const {
  if (arguments().has(i) && arguments()[i].is_handle()) {
    if (const auto* handle = dynamic_cast<const dist::DatabaseHandle*>(arguments()[i].handle().get()))
      return handle->path();
  }
  return arguments().text(i, parameter);
}

void Call::require(const BackupServices& services, meta::AccessType right, const std::string& object) const {
  auto& catalogue = services.distribution.catalogue;
  const auto database = object.substr(0, object.find('/', std::string_view("dfs://").size()));
  const auto found = checked(catalogue.find_database(database));
  const auto access = checked(catalogue.access(user()));
  checked(access.check(right, object, found ? found->owner : std::string()));
}

}  // namespace pelorus::backup
