#pragma once
// Registration rows of this folder's functions.

#include "backup/call.h"
#include "functions/declare.h"

namespace pelorus::backup {

using Deed = data::Value (*)(const BackupServices& services, const Call& call);

/// Gives a function that adds a row: name, parameters, deed, summary; all text literals.
inline auto row_maker(functions::Registry& registry, const BackupServices& services) {
  return [&registry, &services](std::string_view name, std::string_view parameters, Deed deed,
                                std::string_view summary) {
    functions::declare(registry, "backup", functions::Nature::kWhole,
                       {.name = name,
                        .parameters = parameters,
                        .run =
                            [&services, name, deed](functions::CallContext& context, std::span<data::Value> values) {
                              return deed(services, Call(name, context, values));
                            },
                        .summary = summary,
                        .example = ""});
  };
}

void register_saving(functions::Registry& registry, const BackupServices& services);
void register_restoring(functions::Registry& registry, const BackupServices& services);

}  // namespace pelorus::backup
