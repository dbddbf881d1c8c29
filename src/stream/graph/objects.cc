#include "stream/graph/objects.h"

#include "base/script_error.h"
#include "stream/graph/full_name.h"

namespace pelorus::stream {

GraphPlan StreamGraphObject::plan() const {
  const std::lock_guard lock(mutex_);
  return plan_;
}

std::string StreamGraphObject::name() const {
  const std::lock_guard lock(mutex_);
  return plan_.name;
}

void StreamGraphObject::check_open(std::string_view method) const {
  const std::lock_guard lock(mutex_);
  if (submitted_) {
    throw ScriptError(std::string(method) + ": the stream graph " + plan_.name +
                      " was submitted and can't be changed any more; dropStreamGraph it and make it anew.");
  }
}

void StreamGraphObject::change(std::string_view method, const std::function<void(GraphPlan&)>& edit) {
  check_open(method);
  const std::lock_guard lock(mutex_);
  edit(plan_);
}

void StreamGraphObject::close() {
  const std::lock_guard lock(mutex_);
  submitted_ = true;
}

std::string stream_name(const GraphPlan& plan, size_t node) {
  while (plan.nodes[node].kind != NodeKind::kTable && !plan.nodes[node].inputs.empty())
    node = plan.nodes[node].inputs[0];
  return std::string(last_part(plan.nodes[node].name));
}

std::string label_of(const GraphNode& node, size_t place) {
  return node.name.empty() ? node.call + "#" + std::to_string(place) : node.name;
}

}  // namespace pelorus::stream
