#include "session/functions.h"

#include <thread>

#include "base/script_error.h"
#include "data/convert.h"
#include "functions/arguments.h"

namespace pelorus::session {
namespace {

using data::Scalar;
using data::Shared;
using data::Table;
using data::Type;
using data::Value;
using data::Vector;
using functions::CallContext;
using functions::Function;
using functions::Nature;
using functions::Parameter;
using Arguments = std::span<Value>;

/// Clients compare with their own level (300) and complain when it is lower.
constexpr int32_t kRequiredApiVersion = 100;
constexpr int64_t kNsPerMs = 1'000'000;

void check(const Status& status) {
  if (!status.ok()) throw ScriptError(status.error().message);
}

template <class T>
T checked(Result<T> result) {
  if (!result.ok()) throw ScriptError(result.error().message);
  return std::move(result).value();
}

std::string text_argument(Arguments args, size_t i, std::string_view function) {
  if (i < args.size() && args[i].is_text()) return args[i].text();
  throw ScriptError(std::string(function) + "(): argument " + std::to_string(i + 1) + " must be a string.");
}

bool bool_argument(Arguments args, size_t i) {
  return i < args.size() && args[i].is_scalar() && !args[i].is_null() && args[i].scalar().type() == Type::kBool &&
         args[i].scalar().get<int8_t>() != 0;
}

/// The session of the caller; a statement outside any connection (a job) has none.
std::shared_ptr<Session> session_of(const FunctionSurroundings& with, CallContext& context, std::string_view function) {
  auto session = with.sessions.find(context.caller().session_id);
  if (session == nullptr) throw ScriptError(std::string(function) + "() needs a client's connection.");
  return session;
}

bool may_see(const CallContext& context, std::string_view user) {
  return context.caller().is_admin || context.caller().user == user;
}

Scalar timestamp_of(int64_t wall_ns) { return Scalar::of<int64_t>(Type::kTimestamp, wall_ns / kNsPerMs); }

/// A table built row by row.
class Rows {
 public:
  explicit Rows(const std::vector<std::pair<std::string, Type>>& columns) {
    for (const auto& [name, type] : columns) {
      names_.push_back(name);
      columns_.emplace_back(type);
    }
  }
  void add(std::initializer_list<Value> row) {
    size_t c = 0;
    for (const auto& value : row) columns_[c++].push_back(value);
  }
  Value finish() {
    return Value(
        Table(std::move(names_), {std::make_move_iterator(columns_.begin()), std::make_move_iterator(columns_.end())}));
  }

 private:
  std::vector<std::string> names_;
  std::vector<Vector> columns_;
};

Value console_jobs(const FunctionSurroundings& with, CallContext& context) {
  Rows rows({{"node", Type::kString},
             {"userID", Type::kString},
             {"rootJobId", Type::kString},
             {"jobType", Type::kString},
             {"desc", Type::kString},
             {"priority", Type::kInt},
             {"parallelism", Type::kInt},
             {"receiveTime", Type::kTimestamp},
             {"sessionId", Type::kLong},
             {"remoteIP", Type::kString},
             {"remotePort", Type::kInt},
             {"totalTasks", Type::kInt},
             {"finishedTasks", Type::kInt}});
  for (const auto& job : with.jobs.all()) {
    // The asking statement is left out: clients cancel all that they find under a session's number.
    if (job.thread == std::this_thread::get_id() || !may_see(context, job.facts.user)) continue;
    const auto& f = job.facts;
    rows.add({Value::of_string(with.node_alias), Value::of_string(f.user), Value::of_string(job.id),
              Value::of_string("unknown"), Value::of_string(f.description), Value::of_int(f.priority),
              Value::of_int(f.parallelism), timestamp_of(f.received_ns),
              Value::of_long(static_cast<int64_t>(f.session_id)), Value::of_string(f.remote_ip),
              Value::of_int(f.remote_port), Value::of_int(1), Value::of_int(0)});
  }
  return rows.finish();
}

Value completed_queries(const FunctionSurroundings& with, CallContext& context, Arguments args) {
  constexpr int64_t kUsualCount = 10;
  const functions::Arguments a("getCompletedQueries", args);
  if (!context.caller().is_admin)
    throw ScriptError("<NoPrivilege>getCompletedQueries: only an administrator may call it.");
  if (with.completed_queries == nullptr)
    throw ScriptError(
        "getCompletedQueries: no account of queries is kept; set perfMonitoring=1 and start the node again.");
  const int64_t top = a.integer_or(0, "top", kUsualCount);
  if (top < 1) a.refuse("top", "must be positive.");
  Rows rows({{"userID", Type::kString},
             {"sessionID", Type::kLong},
             {"jobID", Type::kString},
             {"rootID", Type::kString},
             {"level", Type::kInt},
             {"startTime", Type::kNanotimestamp},
             {"endTime", Type::kNanotimestamp},
             {"jobDesc", Type::kString},
             {"errorMsg", Type::kString},
             {"remoteIP", Type::kString}});
  for (const auto& query : with.completed_queries->last(static_cast<size_t>(top))) {
    rows.add({Value::of_string(query.user), Value::of_long(static_cast<int64_t>(query.session_id)),
              Value::of_string(query.job_id), Value::of_string(query.root_id), Value::of_int(0),
              Scalar::of<int64_t>(Type::kNanotimestamp, query.begin_ns),
              Scalar::of<int64_t>(Type::kNanotimestamp, query.end_ns), Value::of_string(query.text),
              Value::of_string(query.error), Value::of_string(query.remote_ip)});
  }
  return rows.finish();
}

/// One id or a vector of them.
std::vector<std::string> texts_of(const Value& value, std::string_view function) {
  if (value.is_scalar()) {
    if (value.is_text()) return {value.text()};
    const auto text = data::convert(value.scalar(), Type::kString);
    if (text) return {text->text()};
  }
  if (value.is_vector() && !value.vector().is_array()) {
    if (value.vector().empty()) return {};
    if (const auto converted = data::convert(value.vector_shared(), Type::kString)) {
      std::vector<std::string> texts;
      for (size_t i = 0; i < (*converted)->size(); ++i) texts.push_back((*converted)->text_at(i));
      return texts;
    }
  }
  throw ScriptError(std::string(function) + "(): the argument must be an id or a vector of ids.");
}

Value cancel_jobs(const FunctionSurroundings& with, CallContext& context, const Value& ids) {
  const auto all = with.jobs.all();
  for (const auto& id : texts_of(ids, "cancelConsoleJob")) {
    for (const auto& job : all) {
      if (job.id != id) continue;
      if (!may_see(context, job.facts.user)) {
        throw ScriptError("<NoPrivilege>Only an administrator may cancel the job of another user: " + id);
      }
      with.jobs.cancel(id);
    }
  }
  return {};
}

Value session_memory(const FunctionSurroundings& with, CallContext& context) {
  Rows rows({{"userId", Type::kString},
             {"sessionId", Type::kLong},
             {"memSize", Type::kLong},
             {"remoteIP", Type::kString},
             {"remotePort", Type::kInt},
             {"createTime", Type::kTimestamp},
             {"lastActiveTime", Type::kTimestamp}});
  for (const auto& session : with.sessions.all()) {
    const auto caller = session->caller();
    if (!may_see(context, caller.user)) continue;
    rows.add({Value::of_string(caller.user), Value::of_long(static_cast<int64_t>(session->id())),
              Value::of_long(session->memory_bytes), Value::of_string(caller.remote_ip),
              Value::of_int(caller.remote_port), timestamp_of(session->opened_ns()),
              timestamp_of(session->last_active_ns)});
  }
  return rows.finish();
}

Value connections(const FunctionSurroundings& with, CallContext& context) {
  Rows rows({{"server", Type::kString},
             {"client", Type::kString},
             {"startTime", Type::kTimestamp},
             {"userID", Type::kString}});
  for (const auto& session : with.sessions.all()) {
    const auto caller = session->caller();
    if (!may_see(context, caller.user)) continue;
    rows.add({Value::of_string(with.node_alias),
              Value::of_string(caller.remote_ip + ":" + std::to_string(caller.remote_port)),
              timestamp_of(session->opened_ns()), Value::of_string(caller.user)});
  }
  return rows.finish();
}

Value close_sessions(const FunctionSurroundings& with, CallContext& context, const Value& ids) {
  for (const auto& text : texts_of(ids, "closeSessions")) {
    const auto session = with.sessions.find(std::strtoull(text.c_str(), nullptr, 10));
    if (session == nullptr) continue;
    if (!may_see(context, session->caller().user)) {
      throw ScriptError("<NoPrivilege>Only an administrator may close the session of another user: " + text);
    }
    with.jobs.cancel_session(session->id());
    if (const auto peer = session->peer()) peer->close();
  }
  return {};
}

using Body = std::function<Value(CallContext&, Arguments)>;

class Registrar {
 public:
  explicit Registrar(functions::Registry& registry) : registry_(registry) {}
  void add(std::string name, std::vector<Parameter> parameters, std::string_view summary, Body body) {
    Function row;
    row.name = std::move(name);
    row.parameters = std::move(parameters);
    row.nature = Nature::kWhole;
    row.run = std::move(body);
    row.doc.summary = summary;
    row.family = "sessions";
    registry_.add(std::move(row));
  }

 private:
  functions::Registry& registry_;
};

void register_login(Registrar& to, const FunctionSurroundings& with) {
  to.add("login", {{"userId"}, {"password"}, {"encrypted", true}}, "Logs the session in; true.",
         [with](CallContext& context, Arguments args) {
           const auto session = session_of(with, context, "login");
           check(with.login.by_password(*session, text_argument(args, 0, "login"), text_argument(args, 1, "login"),
                                        bool_argument(args, 2)));
           return Value::of_bool(true);
         });
  to.add("logout", {{"userId", true}}, "Makes the session a guest's.", [with](CallContext& context, Arguments) {
    with.login.logout(*session_of(with, context, "logout"));
    return Value();
  });
  to.add("getDynamicPublicKey", {}, "The key under which clients encrypt user and password for login, in PEM.",
         [with](CallContext&, Arguments) { return Value::of_string(checked(with.login.public_key())); });
  to.add("scramClientFirst", {{"userId"}, {"clientNonce"}}, "First step of SCRAM-SHA-256: salt, iterations, nonce.",
         [with](CallContext& context, Arguments args) {
           const auto session = session_of(with, context, "scramClientFirst");
           const auto challenge = checked(with.login.scram_first(*session, text_argument(args, 0, "scramClientFirst"),
                                                                 text_argument(args, 1, "scramClientFirst")));
           return Value(Vector::tuple({Value::of_string(challenge.salt_base64), Value::of_int(challenge.iterations),
                                       Value::of_string(challenge.combined_nonce)}));
         });
  to.add("scramClientFinal", {{"userId"}, {"combinedNonce"}, {"proof"}},
         "Last step of SCRAM-SHA-256: logs the session in and gives the server's signature.",
         [with](CallContext& context, Arguments args) {
           const auto session = session_of(with, context, "scramClientFinal");
           constexpr std::string_view kName = "scramClientFinal";
           return Value::of_string(checked(with.login.scram_final(
               *session, text_argument(args, 0, kName), text_argument(args, 1, kName), text_argument(args, 2, kName))));
         });
  to.add("isClientAuth", {}, "Whether guests may call only a fixed list of functions.",
         [with](CallContext&, Arguments) { return Value::of_bool(with.client_auth); });
  to.add("authenticateByTicket", {{"ticket"}}, "Logs the session in with a ticket.",
         [with](CallContext& context, Arguments args) {
           const auto session = session_of(with, context, "authenticateByTicket");
           check(with.login.by_ticket(*session, text_argument(args, 0, "authenticateByTicket")));
           return Value::of_bool(true);
         });
  to.add("getAuthenticatedUserTicket", {}, "A ticket with which the session's user may log in elsewhere.",
         [with](CallContext& context, Arguments) {
           const auto& caller = context.caller();
           // Another node asks on behalf of a user of its own.
           if (caller.session_id == 0 && caller.user != Session::kGuest)
             return Value::of_string(with.login.ticket_of(caller.user));
           return Value::of_string(
               checked(with.login.make_ticket(*session_of(with, context, "getAuthenticatedUserTicket"))));
         });
}

void register_node(Registrar& to, const FunctionSurroundings& with) {
  to.add("isNodeInitialized", {}, "Whether the node is ready for work.", [with](CallContext&, Arguments) {
    return Value::of_bool(with.is_initialized == nullptr || with.is_initialized());
  });
  to.add("getRequiredAPIVersion", {}, "The level of the client library this server asks for, and a warning.",
         [](CallContext&, Arguments) {
           return Value(Vector::tuple({Value::of_int(kRequiredApiVersion), Value::of_string("")}));
         });
  to.add("version", {}, "Version of the server.",
         [with](CallContext&, Arguments) { return Value::of_string(with.version); });
}

void register_sessions(Registrar& to, const FunctionSurroundings& with) {
  to.add("getCurrentSessionAndUser", {}, "Number of the session, its user, address and port.",
         [](CallContext& context, Arguments) {
           const auto& caller = context.caller();
           return Value(
               Vector::tuple({Value::of_long(static_cast<int64_t>(caller.session_id)), Value::of_string(caller.user),
                              Value::of_string(caller.remote_ip), Value::of_int(caller.remote_port)}));
         });
  to.add("getConsoleJobs", {}, "The statements running on this node, except the asking one.",
         [with](CallContext& context, Arguments) { return console_jobs(with, context); });
  to.add("getCompletedQueries", {{"top", true}},
         "The queries of stored tables that ended last on this node, newest first.",
         [with](CallContext& context, Arguments args) { return completed_queries(with, context, args); });
  to.add("cancelConsoleJob", {{"rootJobId"}}, "Ends running statements; unknown ids are ignored.",
         [with](CallContext& context, Arguments args) { return cancel_jobs(with, context, args[0]); });
  to.add("getSessionMemoryStat", {}, "Memory of each session's variables.",
         [with](CallContext& context, Arguments) { return session_memory(with, context); });
  to.add("isLoggedIn", {{"userId"}}, "Whether some session of this node is that user's.",
         [with](CallContext&, Arguments args) {
           const auto user = text_argument(args, 0, "isLoggedIn");
           bool found = false;
           for (const auto& session : with.sessions.all()) found = found || session->caller().user == user;
           return Value::of_bool(found);
         });
  to.add("closeSessions", {{"sessionId"}}, "Closes connections; their statements are cancelled.",
         [with](CallContext& context, Arguments args) { return close_sessions(with, context, args[0]); });
  to.add("getConnections", {}, "The clients connected to this node.",
         [with](CallContext& context, Arguments) { return connections(with, context); });
}

}  // namespace

void register_session_functions(functions::Registry& registry, const FunctionSurroundings& surroundings) {
  Registrar to(registry);
  register_login(to, surroundings);
  register_node(to, surroundings);
  register_sessions(to, surroundings);
}

}  // namespace pelorus::session
