#pragma once
// Who may use the objects of a node that its sessions share: addAccessControl.

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/error.h"
#include "data/value.h"
#include "functions/call_context.h"
#include "meta/grants.h"

namespace pelorus::exec {

/// What a user may do with an object under access control.
struct SharedRights {
  bool read = false;
  bool insert = false;
  bool change = false;  // update and delete rows
  bool own = false;     // drop it, share another under its name: administrators and whoever made it

  bool any() const { return read || insert || change; }
};

/// The names under access control and who made the objects that bear them. Names without it are open to everybody. One
/// for shared objects, one for stream engines. Thread-safe; as long as the node.
class SharedAccess {
 public:
  using GrantsOf = std::function<Result<meta::Access>(const std::string& user)>;

  /// Before the first script. Grants name an object `name` or `node:name`. Without it, only makers and administrators
  /// reach what is under control.
  void set_grants(std::string node, GrantsOf grants_of);

  /// `user` made the object of that name, or put another in its place.
  void note_maker(const std::string& name, const std::string& user);
  /// The object is gone, and its control with it.
  void forget(std::string_view name);
  /// ScriptError unless the caller is an administrator or made the object.
  void control(const functions::Caller& caller, const std::string& name);
  bool is_controlled(std::string_view name) const;
  /// All of them when the name is not under control. Grants that can't be asked for count as none.
  SharedRights rights(const functions::Caller& caller, std::string_view name) const;

 private:
  bool is_owner(const functions::Caller& caller, std::string_view name) const;

  std::string node_;
  GrantsOf grants_of_;
  std::atomic<size_t> controlled_count_ = 0;  // looked at without the lock: usually there are none
  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> makers_;  // guarded by mutex_
  std::map<std::string, bool, std::less<>> controlled_;     // guarded by mutex_
};

/// The shared objects of a node as one session sees them. Used by the session's thread.
class SharedView final : public functions::SharedObjects {
 public:
  /// All outlive it; `access` null: nothing is under control.
  SharedView(functions::SharedObjects& objects, SharedAccess* access, const functions::Caller& caller)
      : objects_(objects), access_(access), caller_(caller) {}

  /// Under access control: ScriptError for whom nothing is granted; a table that refuses the rest for whom not all is.
  std::optional<data::Value> find(std::string_view name) const override;
  void put(const std::string& name, data::Value value) override;
  bool erase(std::string_view name) override;
  /// Without those the caller may not look at.
  std::vector<std::string> names() const override;

 private:
  void check_owner(std::string_view name, std::string_view deed) const;

  functions::SharedObjects& objects_;
  SharedAccess* const access_;
  const functions::Caller& caller_;
};

/// `value`, as somebody with these rights may use it. A table with some rights only becomes one that refuses the rest.
data::Value limited(const data::Value& value, std::string_view name, const SharedRights& rights);
/// The table that a limited one reads from, where reading is granted; `table` itself when it is not limited.
data::TableRef readable(const data::TableRef& table);

}  // namespace pelorus::exec
