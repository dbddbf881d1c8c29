// triggerTSDBCompaction getTSDBCompactionTaskStatus

#include <chrono>
#include <deque>
#include <mutex>

#include "datanode/chunk_call.h"

namespace pelorus::datanode {
namespace {

using data::Value;
using functions::TableRows;
using functions::text_value;
using types::Type;

constexpr size_t kTasksKept = 256;

struct CompactionTask {
  std::string volume;
  std::string chunk;
  std::string table;
  int32_t files = 0;  // before
  int64_t begun_ns = 0;
  int64_t ended_ns = 0;
  std::string error;
};

int64_t now_ns() { return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count(); }

/// The compactions this node was asked for, newest last. Thread-safe.
class CompactionTasks {
 public:
  void add(CompactionTask task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    if (tasks_.size() > kTasksKept) tasks_.pop_front();
  }
  std::deque<CompactionTask> all() const {
    const std::lock_guard lock(mutex_);
    return tasks_;
  }

 private:
  mutable std::mutex mutex_;
  std::deque<CompactionTask> tasks_;  // guarded by mutex_
};

/// The registry keeps functions, not objects, and lives as long as the process serves.
CompactionTasks& tasks() {
  static CompactionTasks all;
  return all;
}

/// "dfs://db/table"; empty when the controllers cannot be asked.
std::string table_of(const ChunkCall& call, ChunkId id) {
  for (const auto& chunk : call.chunks()) {
    if (chunk.info.chunk == id && !chunk.table.empty()) return chunk.database + "/" + chunk.table;
  }
  return {};
}

Value trigger(const ChunkCall& call) {
  call.require_admin();
  const auto text = call.arguments().text(0, "chunkId");
  const auto chunk = call.chunk_id(text, "chunkId", "an id");
  const auto info = call.checked(call.store().info(chunk));
  if (!info.sort.sorts())
    call.fail({ErrorCode::kInvalid, "chunk " + text + " is not of a TSDB table; OLAP files are merged by themselves"});
  CompactionTask task{.volume = info.volume,
                      .chunk = text,
                      .table = table_of(call, chunk),
                      .files = static_cast<int32_t>(info.segments),
                      .begun_ns = now_ns()};
  auto done = call.store().flush(chunk);
  if (done.ok()) done = call.store().compact(chunk);
  task.ended_ns = now_ns();
  if (!done.ok()) task.error = done.error().message;
  tasks().add(std::move(task));
  call.checked(done);
  return {};
}

Value status(const ChunkCall& call) {
  call.require_login();
  TableRows rows({{"volume", Type::kString},
                  {"chunkId", Type::kString},
                  {"tableName", Type::kString},
                  {"files", Type::kInt},
                  {"startTime", Type::kTimestamp},
                  {"endTime", Type::kTimestamp},
                  {"errorMessage", Type::kString}});
  const auto all = tasks().all();
  const auto wanted = static_cast<size_t>(std::max<int64_t>(0, call.arguments().integer_or(0, "n", kTasksKept)));
  const size_t first = all.size() - std::min(all.size(), wanted);
  for (size_t i = first; i < all.size(); ++i) {
    const auto& task = all[i];
    rows.add({text_value(task.volume), text_value(task.chunk), text_value(task.table), Value::of_int(task.files),
              functions::timestamp_value(task.begun_ns), functions::timestamp_value(task.ended_ns),
              text_value(task.error)});
  }
  return rows.take();
}

}  // namespace

void register_compaction_functions(functions::Registry& registry, const ChunkServices& services) {
  const auto row = chunk_row_maker(registry, services);
  row("triggerTSDBCompaction", "chunkId, [level=0]", trigger,
      "Merges the files of a TSDB chunk of this data node into as few as their size allows, before it returns. Files "
      "have no levels: "
      "level is ignored.");
  row("getTSDBCompactionTaskStatus", "[n]", status,
      "Returns one row for each of the last compactions that triggerTSDBCompaction began on this data node.");
}

}  // namespace pelorus::datanode
