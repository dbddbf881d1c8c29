#pragma once
// What the functions about chunks and volumes share.

#include <map>

#include "base/script_error.h"
#include "datanode/chunk_functions.h"
#include "functions/arguments.h"
#include "functions/declare.h"
#include "functions/table_rows.h"
#include "meta/messages.h"

namespace pelorus::datanode {

/// A chunk of this node together with what the controllers know of it.
struct KnownChunk {
  storage::ChunkInfo info;
  std::string table;     // empty: the controllers do not know the chunk (any more)
  std::string database;  // "dfs://db"
  std::string dfs_path;  // "/db/20240101/0_50"
  meta::Chunk facts;
  bool is_stale = false;
};

class ChunkCall {
 public:
  ChunkCall(std::string_view name, const ChunkServices& services, functions::CallContext& context,
            std::span<data::Value> values)
      : name_(name), services_(services), context_(context), arguments_(name, values) {}

  const functions::Arguments& arguments() const { return arguments_; }
  functions::CallContext& context() const { return context_; }
  const ChunkServices& services() const { return services_; }

  /// ScriptError on nodes without data.
  storage::ChunkStore& store() const {
    if (services_.store == nullptr)
      throw ScriptError(std::string(name_) + " => this node holds no data; call it on a data node, as by " +
                        "rpc(nodeAlias, …) or pnodeRun");
    return *services_.store;
  }
  void require_admin() const {
    if (!context_.caller().is_admin)
      throw ScriptError("<NoPrivilege>Only administrators can execute the function " + std::string(name_) + ".");
  }
  void require_login() const {
    if (context_.caller().user == "guest")
      throw ScriptError("<NoPrivilege>" + std::string(name_) + ": log in to see chunks and their places.");
  }
  template <class T>
  T checked(Result<T> result) const {
    if (!result.ok()) fail(result.error());
    return std::move(result).value();
  }
  void checked(const Status& status) const {
    if (!status.ok()) fail(status.error());
  }
  [[noreturn]] void fail(const Error& error) const {
    throw ScriptError(error.message.starts_with("<") ? error.message : std::string(name_) + " => " + error.message);
  }

  /// This node's chunks, ascending. Asks the controllers for all of the cluster's.
  std::vector<KnownChunk> chunks() const;

 private:
  const std::string_view name_;
  const ChunkServices& services_;
  functions::CallContext& context_;
  const functions::Arguments arguments_;
};

/// <volume>/chunks/<number>; empty before the first flush.
std::string directory_of(const storage::ChunkInfo& info);

/// A row maker for register_…: name, parameters, deed, summary; all text literals.
inline auto chunk_row_maker(functions::Registry& registry, const ChunkServices& services) {
  return [&registry, &services](std::string_view name, std::string_view parameters,
                                data::Value (*deed)(const ChunkCall&), std::string_view summary) {
    functions::declare(registry, "cluster", functions::Nature::kWhole,
                       {.name = name,
                        .parameters = parameters,
                        .run =
                            [&services, name, deed](functions::CallContext& context, std::span<data::Value> values) {
                              return deed(ChunkCall(name, services, context, values));
                            },
                        .summary = summary,
                        .example = ""});
  };
}

}  // namespace pelorus::datanode
