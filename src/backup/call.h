#pragma once
// What every function of this folder does with its arguments.

#include "backup/restore_table.h"
#include "base/script_error.h"
#include "functions/arguments.h"
#include "functions/file_access.h"

namespace pelorus::backup {

/// One call: who calls, with what. Errors of everything below become ScriptErrors with the function's name in front.
class Call {
 public:
  /// ScriptError for guests: they reach no files of the node.
  Call(std::string_view name, functions::CallContext& context, std::span<data::Value> values)
      : name_(name), context_(context), arguments_(name, values) {
    functions::require_login(context, name);
  }

  const functions::Arguments& arguments() const { return arguments_; }
  functions::CallContext& context() const { return context_; }
  const std::string& user() const { return context_.caller().user; }

  template <class T>
  T checked(Result<T> result) const {
    if (!result.ok()) fail(result.error());
    return std::move(result).value();
  }
  void checked(const Status& status) const {
    if (!status.ok()) fail(status.error());
  }
  /// Tags such as <NoPrivilege> stay at the very beginning: clients look for them there.
  [[noreturn]] void fail(const Error& error) const {
    throw ScriptError(error.message.starts_with("<") ? error.message : std::string(name_) + " => " + error.message);
  }

  /// An absolute path; ScriptError for another.
  std::string directory(size_t i) const {
    auto path = arguments_.text(i, "backupDir");
    if (!path.starts_with("/")) arguments_.refuse("backupDir", "must be an absolute path on this node");
    while (path.size() > 1 && path.ends_with("/")) path.pop_back();
    return path;
  }
  /// "dfs://…" of a text or a database handle.
  std::string database(size_t i, std::string_view parameter) const;
  /// A text, or nothing where the argument is not given or empty.
  std::string text_or_nothing(size_t i, std::string_view parameter) const {
    const bool given = arguments_.has(i) && !arguments_[i].is_null();
    return given ? arguments_.text(i, parameter) : std::string();
  }
  /// Encrypted backups are refused, not made as plain ones.
  void refuse_key(size_t i) const {
    if (!text_or_nothing(i, "keyPath").empty())
      arguments_.refuse("keyPath", "is not supported: backups are not encrypted; put them on an encrypted disk");
  }

  /// ScriptError unless the caller has the right to the object.
  void require(const BackupServices& services, meta::AccessType right, const std::string& object) const;

 private:
  const std::string_view name_;
  functions::CallContext& context_;
  const functions::Arguments arguments_;
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
