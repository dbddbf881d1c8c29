#pragma once
// What the cluster's built-ins share: asking the controllers, refusing, and building the answer's table.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/script_error.h"
#include "controller/functions.h"
#include "data/value.h"
#include "functions/table_rows.h"
#include "functions/arguments.h"
#include "functions/call_context.h"
#include "meta/command.h"
#include "meta/messages.h"

namespace pelorus::controller {

/// One call of a built-in. Errors of the controllers become ScriptErrors.
class ClusterCall {
 public:
  ClusterCall(std::string_view function, functions::CallContext& context, const AskControllers& ask)
      : function_(function), context_(context), ask_(ask) {}

  /// ScriptError ("<NoPrivilege>…") unless the caller is an administrator.
  void require_admin() const {
    if (!context_.caller().is_admin) {
      throw ScriptError("<NoPrivilege>Only administrators can execute the function " + std::string(function_) + ".");
    }
  }
  template <class Reply, class Request>
  Reply ask(std::string_view method, const Request& request) const {
    auto reply = meta::decode<Reply>(send(method, meta::encode(request)), method);
    if (!reply.ok()) fail(reply.error());
    return std::move(*reply);
  }
  template <class Reply>
  Reply ask(std::string_view method) const {
    auto reply = meta::decode<Reply>(send(method, Bytes()), method);
    if (!reply.ok()) fail(reply.error());
    return std::move(*reply);
  }
  Bytes send(std::string_view method, const Bytes& payload) const {
    auto answer = ask_(method, payload);
    if (!answer.ok()) fail(answer.error());
    return std::move(*answer);
  }
  Bytes change(const meta::Command& command) const {
    return send(meta::kChange,
                meta::encode(meta::ChangeRequest{context_.caller().user, meta::encode_command(command)}));
  }
  functions::CallContext& context() const { return context_; }

  /// Tags the clients parse ("<NoPrivilege>…") stay in front.
  [[noreturn]] void fail(const Error& error) const {
    throw ScriptError(error.message.starts_with('<') ? error.message : std::string(function_) + " => " + error.message);
  }

 private:
  const std::string_view function_;
  functions::CallContext& context_;
  const AskControllers& ask_;
};

using functions::TableRows;
using functions::text_value;
using functions::timestamp_value;
inline data::Value text_vector(std::vector<std::string> texts) {
  return data::Vector::of_strings(types::Type::kString, std::move(texts));
}
inline std::string joined(const auto& items, std::string_view separator) {
  std::string text;
  for (const auto& item : items) text += (text.empty() ? "" : std::string(separator)) + item;
  return text;
}

}  // namespace pelorus::controller
