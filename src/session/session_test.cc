#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <future>

#include "base/script_error.h"
#include "exec/interpreter.h"
#include "session/client_auth.h"
#include "session/run_statement.h"

namespace pelorus::session {
namespace {

using data::Value;
using wire::Request;
using wire::RequestKind;

/// "echo x" gives x; "fail x" fails, "throw x" as scripts throw; "wait" waits for cancellation; "set" has no value;
/// "count" counts its runs.
class FakeHost final : public ScriptHost {
 public:
  explicit FakeHost(std::atomic<int>& runs) : runs_(runs) {}
  std::optional<Value> run(std::string_view script, const StatementSurroundings& with) override {
    if (script.starts_with("echo ")) return Value::of_string(std::string(script.substr(5)));
    if (script.starts_with("fail ")) throw ScriptError(std::string(script.substr(5)));
    if (script.starts_with("throw ")) throw exec::ThrownError(std::string(script.substr(6)));
    if (script == "count") return Value::of_int(++runs_);
    if (script == "print") with.print("hello");
    if (script == "wait") {
      while (!with.cancellation.cancelled()) std::this_thread::yield();
      throw ScriptError("The job was cancelled.");
    }
    return std::nullopt;
  }
  std::optional<Value> call(std::string_view function, std::vector<Value> arguments,
                            const StatementSurroundings&) override {
    if (function == "first") return arguments.at(0);
    throw ScriptError("Can't recognize function name " + std::string(function));
  }
  void set_variable(const std::string& name, Value value) override { variables[name] = std::move(value); }
  void clear_variables() override { variables.clear(); }
  void set_caller(const functions::Caller&) override {}
  int64_t memory_bytes() const override { return static_cast<int64_t>(variables.size()); }

  std::map<std::string, Value> variables;

 private:
  std::atomic<int>& runs_;
};

class FakeHosts final : public ScriptHostFactory {
 public:
  std::unique_ptr<ScriptHost> open(const functions::Caller&) override {
    ++opened;
    return std::make_unique<FakeHost>(runs);
  }
  std::atomic<int> runs{0};
  std::atomic<int> opened{0};
};

class SessionTest : public testing::Test {
 protected:
  SessionTest() { users_.put("admin", {.verifier = *meta::make_verifier("123456", 100), .is_admin = true}); }

  Request script(std::string text) {
    Request request;
    request.kind = RequestKind::kScript;
    request.text = std::move(text);
    return request;
  }
  Outcome run(Request request) {
    return runner_.run(*session_, std::move(request), [this](std::string_view text) { printed_ += text; });
  }
  std::string error_of(Request request) { return run(std::move(request)).error.value_or("no error"); }

  FixedUsers users_;
  ManualClock clock_;
  SessionTable sessions_{clock_, 3};
  Login login_{users_, clock_, {.failures_max = 3}};
  JobBoard jobs_;
  OutcomeMemory outcomes_;
  FakeHosts hosts_;
  StatementRunner runner_{hosts_, login_, jobs_, outcomes_, clock_, {}};
  std::shared_ptr<Session> session_ = *sessions_.open({"10.0.0.1", 5000});
  std::string printed_;
};

TEST_F(SessionTest, statements_give_values_nothing_or_an_error_text) {
  EXPECT_EQ(run(script("echo a")).value->text(), "a");
  const auto nothing = run(script("set"));
  EXPECT_FALSE(nothing.value || nothing.error);
  EXPECT_EQ(error_of(script("fail <NotLeader>h:1:a")), "<NotLeader>h:1:a");
  EXPECT_EQ(error_of(script("fail f() => insert(t) => <NotLeader>h:1:a")), "<NotLeader>h:1:a");
  EXPECT_EQ(error_of(script("throw g() => <NotLeader>h:1:a")), "g() => <NotLeader>h:1:a");
  run(script("print"));
  EXPECT_EQ(printed_, "hello");
}

TEST_F(SessionTest, uploads_become_variables_and_flag_16_clears_them) {
  Request upload;
  upload.kind = RequestKind::kUpload;
  upload.names = {"a", "b"};
  upload.arguments = {Value::of_int(1), Value::of_int(2)};
  EXPECT_FALSE(run(upload).error);
  EXPECT_EQ(session_->memory_bytes, 2);
  auto clearing = script("echo x");
  clearing.header.flags = wire::kClearMemory;
  run(clearing);
  EXPECT_EQ(session_->memory_bytes, 0);
}

TEST_F(SessionTest, connect_logs_in_or_says_why_not) {
  Request connect;
  connect.kind = RequestKind::kConnect;
  EXPECT_FALSE(run(connect).error);
  EXPECT_TRUE(session_->is_guest());
  connect.login = wire::Credentials{"admin", "wrong", false};
  EXPECT_EQ(error_of(connect), "The user name or password is incorrect.");
  connect.login->password = "123456";
  EXPECT_FALSE(run(connect).error);
  EXPECT_EQ(session_->caller().user, "admin");
  EXPECT_TRUE(session_->caller().is_admin);
}

TEST_F(SessionTest, guessing_locks_the_user_for_that_address_for_a_while) {
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(login_.by_password(*session_, "admin", "no", false).ok());
  EXPECT_EQ(login_.by_password(*session_, "admin", "123456", false).error().code, ErrorCode::kLimit);
  const auto elsewhere = *sessions_.open({"10.0.0.2", 5000});
  EXPECT_TRUE(login_.by_password(*elsewhere, "admin", "123456", false).ok());
  clock_.advance(std::chrono::seconds(601));
  EXPECT_TRUE(login_.by_password(*session_, "admin", "123456", false).ok());
}

TEST_F(SessionTest, unknown_users_get_the_same_answers) {
  EXPECT_EQ(login_.by_password(*session_, "nobody", "x", false).error().message,
            "The user name or password is incorrect.");
  const auto one = login_.scram_first(*session_, "nobody", "n1");
  const auto two = login_.scram_first(*session_, "nobody", "n2");
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(one->salt_base64, two->salt_base64);
  EXPECT_FALSE(login_.scram_final(*session_, "nobody", two->combined_nonce, "AAAA").ok());
}

std::string rsa_encrypted(const std::string& pem, const std::string& text) {
  BIO* in = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  EVP_PKEY* key = PEM_read_bio_PUBKEY(in, nullptr, nullptr, nullptr);
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(key, nullptr);
  EVP_PKEY_encrypt_init(context);
  EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING);
  std::string out(256, '\0');
  size_t size = out.size();
  EVP_PKEY_encrypt(context, reinterpret_cast<unsigned char*>(out.data()), &size,
                   reinterpret_cast<const unsigned char*>(text.data()), text.size());
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(key);
  BIO_free(in);
  auto base64 = meta::to_base64(out.substr(0, size));
  for (size_t at = 64; at < base64.size(); at += 65) base64.insert(at, "\n");
  return base64 + "\n";
}

TEST_F(SessionTest, rsa_logins_bring_broken_lines_of_base64) {
  const auto pem = login_.public_key();
  ASSERT_TRUE(pem.ok());
  EXPECT_TRUE(pem->starts_with("-----BEGIN PUBLIC KEY-----\n"));
  EXPECT_EQ(*login_.public_key(), *pem);
  EXPECT_TRUE(login_.by_password(*session_, rsa_encrypted(*pem, "admin"), rsa_encrypted(*pem, "123456"), true).ok());
  EXPECT_FALSE(login_.by_password(*session_, "admin", "123456", true).ok());
}

TEST_F(SessionTest, tickets_log_in_until_they_expire) {
  EXPECT_FALSE(login_.make_ticket(*session_).ok());
  ASSERT_TRUE(login_.by_password(*session_, "admin", "123456", false).ok());
  const auto ticket = *login_.make_ticket(*session_);
  const auto other = *sessions_.open({"10.0.0.3", 1});
  EXPECT_FALSE(login_.by_ticket(*other, "AAAA").ok());
  auto forged = *meta::from_base64(ticket);
  forged[forged.find('\n') + 1] = 'b';
  EXPECT_FALSE(login_.by_ticket(*other, meta::to_base64(forged)).ok());
  EXPECT_TRUE(login_.by_ticket(*other, ticket).ok());
  EXPECT_EQ(other->caller().user, "admin");
  clock_.advance(std::chrono::hours(24 * 8));
  EXPECT_FALSE(login_.by_ticket(*other, ticket).ok());
}

TEST_F(SessionTest, client_auth_lets_guests_call_the_list_only) {
  StatementRunner strict(hosts_, login_, jobs_, outcomes_, clock_, {.client_auth = true});
  const auto print = [](std::string_view) {};
  EXPECT_TRUE(strict.run(*session_, script("1+1"), print).error->ends_with("RefId: S04009"));
  EXPECT_TRUE(strict.may_send_only_logins(*session_));
  session_->set_identity("admin", true);
  EXPECT_FALSE(strict.run(*session_, script("1+1"), print).error);
  EXPECT_FALSE(strict.may_send_only_logins(*session_));
}

TEST(ClientAuth, scripts_are_open_only_as_one_plain_call) {
  for (const char* open : {"login('u','p')", " version() ;", "login(\"a)b\", 'c', false)", "getClusterPerf(true)"}) {
    Request request;
    request.text = open;
    EXPECT_TRUE(may_run_before_login(request)) << open;
  }
  for (const char* closed :
       {"1+1", "version();run(1)", "login(run(1))", "login('a", "version", "version(){x}", "shell('version()')"}) {
    Request request;
    request.text = closed;
    EXPECT_FALSE(may_run_before_login(request)) << closed;
  }
}

TEST_F(SessionTest, repeated_requests_take_effect_once) {
  auto request = script("count");
  request.header.client_id = "client-1";
  request.header.sequence = 1;
  EXPECT_EQ(run(request).value->scalar().get<int32_t>(), 1);
  request.header.sequence = -1;
  EXPECT_EQ(run(request).value->scalar().get<int32_t>(), 1);
  request.header.sequence = -2;
  EXPECT_EQ(run(request).value->scalar().get<int32_t>(), 2);
  request.header.client_id = "client-2";
  EXPECT_EQ(run(request).value->scalar().get<int32_t>(), 3);
}

TEST_F(SessionTest, failed_requests_run_again_when_repeated) {
  auto request = script("fail x");
  request.header.client_id = "client-1";
  request.header.sequence = 1;
  EXPECT_EQ(error_of(request), "x");
  request.text = "count";
  request.header.sequence = -1;
  EXPECT_EQ(run(request).value->scalar().get<int32_t>(), 1);
}

TEST_F(SessionTest, urgent_requests_run_beside_a_busy_statement_and_can_cancel_it) {
  auto busy = std::async(std::launch::async, [&] { return run(script("wait")); });
  while (jobs_.all().empty()) std::this_thread::yield();
  auto urgent = script("echo at once");
  urgent.header.flags = wire::kUrgent;
  while (hosts_.opened == 0) std::this_thread::yield();
  EXPECT_EQ(run(urgent).value->text(), "at once");
  runner_.cancel(*session_);
  EXPECT_EQ(*busy.get().error, "The job was cancelled.");
  EXPECT_TRUE(jobs_.all().empty());
}

TEST_F(SessionTest, connections_are_limited) {
  const auto two = sessions_.open({"10.0.0.1", 1});
  const auto three = sessions_.open({"10.0.0.1", 2});
  const auto four = sessions_.open({"10.0.0.1", 3});
  ASSERT_TRUE(two.ok() && three.ok());
  ASSERT_FALSE(four.ok());
  EXPECT_NE(four.error().message.find("maxConnections"), std::string::npos);
  sessions_.close((*two)->id());
  EXPECT_TRUE(sessions_.open({"10.0.0.1", 4}).ok());
}

TEST(OutcomeMemoryTest, forgets_the_client_not_heard_of_for_longest) {
  OutcomeMemory memory({.clients_max = 2, .outcomes_per_client = 2});
  const OutcomeMemory::Remembered success{.value = Value::of_int(1)};
  for (const char* client : {"a", "b", "c"}) {
    EXPECT_FALSE(memory.begin(client, 1));
    memory.end(client, 1, &success);
  }
  EXPECT_TRUE(memory.begin("c", -1));
  EXPECT_TRUE(memory.begin("b", -1));
  EXPECT_FALSE(memory.begin("a", -1));
}

TEST(OutcomeMemoryTest, keeps_few_bytes_of_values_but_all_outcomes) {
  OutcomeMemory memory({.clients_max = 10, .outcomes_per_client = 2, .value_bytes_max = 1000, .bytes_max = 2500});
  const OutcomeMemory::Remembered success{.value = Value::of_string(std::string(900, 'x'))};
  for (const char* client : {"a", "b", "c", "d"}) {
    for (int64_t number : {1, 2, 3}) {
      EXPECT_FALSE(memory.begin(client, number));
      memory.end(client, number, &success);
    }
  }
  EXPECT_FALSE(memory.begin("d", 4));
  memory.end("d", 4, nullptr);
  for (const char* client : {"a", "b", "c"}) {
    const auto known = memory.begin(client, -3);
    ASSERT_TRUE(known) << "it is not run again";
    EXPECT_FALSE(known->value);
  }
  EXPECT_TRUE(memory.begin("d", -3)->value);
}

}  // namespace
}  // namespace pelorus::session
