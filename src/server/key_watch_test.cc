// A node's certificates while it runs: exchanged ones are taken up, broken ones are not, and their end is told.

#include "server/key_watch.h"

#include <gtest/gtest.h>

#include "rpc/test_certificates.h"

namespace pelorus::server {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;

class KeyWatchTest : public testing::Test {
 protected:
  KeyWatchTest() {
    fs::create_directories(keys_);
    fs::copy_file(authority_.file("ca.crt"), keys_ / "ca.crt");
  }
  ~KeyWatchTest() override { fs::remove_all(keys_); }

  /// Puts a certificate of the authority there that ends in so many days.
  void issue(int64_t days) {
    const auto files = authority_.issue("server", {.ends_s = days * 86400});
    fs::copy_file(files.certificate, keys_ / "server.crt", fs::copy_options::overwrite_existing);
    fs::copy_file(files.key, keys_ / "serverPrivate.key", fs::copy_options::overwrite_existing);
  }
  std::unique_ptr<KeyWatch> watch() {
    return std::make_unique<KeyWatch>(
        keys_,
        [this]() -> Status {
          ++taken_up_;
          if (tls_) return tls_->renew();
          return {};
        },
        clock_,
        [this](LogLevel level, const std::string& text) {
          told_.push_back({level, text});
        });
  }
  rpc::TlsFiles files() const {
    return {(keys_ / "ca.crt").string(), (keys_ / "server.crt").string(), (keys_ / "serverPrivate.key").string()};
  }
  /// The only message since the last call; empty: none or several.
  std::string said(LogLevel level) {
    const auto told = std::exchange(told_, {});
    return told.size() == 1 && told[0].first == level ? told[0].second : "";
  }
  size_t messages() { return std::exchange(told_, {}).size(); }

  /// Stands at the present; moved by hand.
  struct TestClock final : Clock {
    std::chrono::steady_clock::time_point now() const override { return {}; }
    int64_t wall_ns() const override { return SystemClock().wall_ns() + ahead.count(); }
    std::chrono::nanoseconds ahead{0};
  };
  const rpc::TestAuthority authority_{"test cluster", int64_t{3650} * 86400};
  const fs::path keys_ = fs::temp_directory_path() / ("pelorus-watch-" + Uuid::random().to_string());
  TestClock clock_;
  std::shared_ptr<rpc::NodeTls> tls_;
  std::vector<std::pair<LogLevel, std::string>> told_;
  int taken_up_ = 0;
};

TEST_F(KeyWatchTest, takes_up_what_was_exchanged_once_it_has_settled) {
  issue(100);
  const auto keys = watch();
  for (int i = 0; i < 3; ++i) keys->look();
  EXPECT_EQ(taken_up_, 0);
  issue(200);
  keys->look();
  EXPECT_EQ(taken_up_, 0) << "the other file may still be on its way";
  keys->look();
  keys->look();
  EXPECT_EQ(taken_up_, 1);
  EXPECT_EQ(said(LogLevel::kInfo), "new connections use the new certificates in " + keys_.string());
}

TEST_F(KeyWatchTest, keeps_the_old_ones_when_the_new_ones_cannot_be_used) {
  issue(100);
  auto loaded = rpc::NodeTls::load(files(), "127.0.0.1");
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  tls_ = *loaded;
  const auto before = tls_->context();
  const auto keys = watch();
  keys->look();
  fs::remove(keys_ / "serverPrivate.key");
  keys->look();
  keys->look();
  auto text = said(LogLevel::kError);
  EXPECT_NE(text.find("were exchanged, but cannot be used; those from before stay in use"), std::string::npos) << text;
  EXPECT_NE(text.find("serverPrivate.key: No such file"), std::string::npos) << text;
  EXPECT_EQ(tls_->context(), before);
  keys->look();
  EXPECT_EQ(messages(), 0u) << "once is enough";
  clock_.ahead += hours(25);
  keys->look();
  EXPECT_NE(said(LogLevel::kError), "") << "once a day";
  issue(200);
  keys->look();
  keys->look();
  EXPECT_NE(said(LogLevel::kInfo), "");
  EXPECT_NE(tls_->context(), before);
}

TEST_F(KeyWatchTest, warns_a_month_before_the_end_once_a_day) {
  issue(40);
  const auto keys = watch();
  keys->look();
  EXPECT_EQ(messages(), 0u);
  clock_.ahead += hours(24 * 11 + 1);
  keys->look();
  const auto text = said(LogLevel::kWarning);
  EXPECT_NE(text.find((keys_ / "server.crt").string() + " expires in 28 days, on "), std::string::npos) << text;
  EXPECT_NE(text.find("pelorus deploy"), std::string::npos) << text;
  keys->look();
  clock_.ahead += hours(23);
  keys->look();
  EXPECT_EQ(messages(), 0u);
  clock_.ahead += hours(2);
  keys->look();
  EXPECT_NE(said(LogLevel::kWarning), "");
  clock_.ahead += hours(24 * 30);
  keys->look();
  EXPECT_NE(said(LogLevel::kError).find("server.crt expired on "), std::string::npos);
  clock_.ahead += hours(1);
  keys->look();
  EXPECT_NE(said(LogLevel::kError), "") << "hourly now";
}

TEST_F(KeyWatchTest, the_authority_counts_as_well) {
  issue(100);
  const auto ends = first_to_end(keys_);
  ASSERT_TRUE(ends);
  EXPECT_EQ(ends->file, (keys_ / "server.crt").string());
  const rpc::TestAuthority short_lived("other", int64_t{9} * 86400 + 60);
  fs::copy_file(short_lived.file("ca.crt"), keys_ / "ca.crt", fs::copy_options::overwrite_existing);
  EXPECT_EQ(first_to_end(keys_)->file, (keys_ / "ca.crt").string());
  const auto keys = watch();
  keys->look();
  EXPECT_NE(said(LogLevel::kWarning).find("ca.crt expires in 9 days"), std::string::npos);
}

}  // namespace
}  // namespace pelorus::server
