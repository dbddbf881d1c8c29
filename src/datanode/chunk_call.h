#pragma once
// What the functions about chunks and volumes share.

#include <map>

#include "datanode/chunk_functions.h"
#include "functions/declare.h"
#include "functions/function_call.h"
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

class ChunkCall : public functions::FunctionCall {
 public:
  ChunkCall(std::string_view name, const ChunkServices& services, functions::CallContext& context,
            std::span<data::Value> values)
      : FunctionCall(name, context, values), services_(services) {}

  const ChunkServices& services() const { return services_; }

  /// ScriptError on nodes without data.
  storage::ChunkStore& store() const {
    if (services_.store == nullptr)
      throw ScriptError(std::string(name()) + " => this node holds no data; call it on a data node, as by " +
                        "rpc(nodeAlias, …) or pnodeRun");
    return *services_.store;
  }
  void require_admin() const {
    if (!context().caller().is_admin)
      throw ScriptError("<NoPrivilege>Only administrators can execute the function " + std::string(name()) + ".");
  }
  void require_login() const {
    if (context().caller().user == "guest")
      throw ScriptError("<NoPrivilege>" + std::string(name()) + ": log in to see chunks and their places.");
  }
  /// An id as getChunksMeta shows it. ScriptError for another text: the parameter must be `what`, "an id" or "ids".
  ChunkId chunk_id(const std::string& text, std::string_view parameter, std::string_view what) const {
    char* end = nullptr;
    const ChunkId chunk{std::strtoull(text.c_str(), &end, 10)};
    if (text.empty() || *end != '\0')
      arguments().refuse(parameter, "must be " + std::string(what) + " as getChunksMeta shows them, not " + text);
    return chunk;
  }

  /// This node's chunks, ascending. Asks the controllers for all of the cluster's.
  std::vector<KnownChunk> chunks() const;

 private:
  const ChunkServices& services_;
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
