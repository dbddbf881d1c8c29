#pragma once
// Stream graphs and their streams as values of scripts.

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "data/objects.h"
#include "stream/graph/plan.h"

namespace pelorus::stream {

/// What createStreamGraph gives. Used by several sessions at most one after the other: thread-safe call by call.
class StreamGraphObject final : public data::HandleObject {
 public:
  static constexpr const char* kKind = "StreamGraph";

  /// `submitted`: its plan can't be added to any more.
  StreamGraphObject(GraphPlan plan, bool submitted) : plan_(std::move(plan)), submitted_(submitted) {}

  std::string kind() const override { return kKind; }
  std::string describe() const override { return "<Instance of Class '::StreamGraph'>"; }

  GraphPlan plan() const;
  std::string name() const;
  /// ScriptError naming `method` once the graph was submitted.
  void check_open(std::string_view method) const;
  /// Changes the plan. ScriptError as check_open.
  void change(std::string_view method, const std::function<void(GraphPlan&)>& edit);
  /// From now on it is as it is.
  void close();

 private:
  mutable std::mutex mutex_;
  GraphPlan plan_;          // guarded by mutex_
  bool submitted_ = false;  // guarded by mutex_
};

/// A stream of a graph: the rows that leave a node. Immutable but for the settings of what is added next.
class StreamObject final : public data::HandleObject {
 public:
  static constexpr const char* kKind = "DStream";

  StreamObject(std::shared_ptr<StreamGraphObject> graph, size_t node, EdgeSettings settings = {})
      : graph_(std::move(graph)), node_(node), settings_(settings) {}

  std::string kind() const override { return kKind; }
  std::string describe() const override { return "<Instance of Class '::DStream'>"; }

  const std::shared_ptr<StreamGraphObject>& graph() const { return graph_; }
  size_t node() const { return node_; }
  const EdgeSettings& settings() const { return settings_; }

 private:
  const std::shared_ptr<StreamGraphObject> graph_;
  const size_t node_;
  const EdgeSettings settings_;
};

}  // namespace pelorus::stream
