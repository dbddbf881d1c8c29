#pragma once
// What every function of this folder does with its arguments.

#include "backup/restore_table.h"
#include "functions/file_access.h"
#include "functions/function_call.h"

namespace pelorus::backup {

/// A call by somebody who has logged in.
class Call : public functions::FunctionCall {
 public:
  /// ScriptError for guests: they reach no files of the node.
  Call(std::string_view name, functions::CallContext& context, std::span<data::Value> values)
      : FunctionCall(name, context, values) {
    functions::require_login(context, name);
  }

  const std::string& user() const { return context().caller().user; }

  /// An absolute path; ScriptError for another.
  std::string directory(size_t i) const {
    auto path = arguments().text(i, "backupDir");
    if (!path.starts_with("/")) arguments().refuse("backupDir", "must be an absolute path on this node");
    while (path.size() > 1 && path.ends_with("/")) path.pop_back();
    return path;
  }
  /// "dfs://…" of a text or a database handle.
  std::string database(size_t i, std::string_view parameter) const;
  /// Encrypted backups are refused, not made as plain ones.
  void refuse_key(size_t i) const {
    if (!text_or_nothing(i, "keyPath").empty())
      arguments().refuse("keyPath", "is not supported: backups are not encrypted; put them on an encrypted disk");
  }

  /// ScriptError unless the caller has the right to the object.
  void require(const BackupServices& services, meta::AccessType right, const std::string& object) const;
};

/// Ends the job when the work does, however it ends.
class RunningJob {
 public:
  RunningJob(Jobs& jobs, const Call& call, const char* type, const TableName& table)
      : jobs_(jobs), job_(jobs.begin(call.user(), type, table.database, table.table)) {}
  ~RunningJob() { jobs_.end(*job_); }
  RunningJob(const RunningJob&) = delete;
  RunningJob& operator=(const RunningJob&) = delete;
  Job& job() const { return *job_; }

 private:
  Jobs& jobs_;
  const std::shared_ptr<Job> job_;
};

}  // namespace pelorus::backup
