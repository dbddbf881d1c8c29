#include "cli/remote/remote_host.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

namespace pelorus::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A stand-in for ssh: notes its words, and runs those behind the host by a shell, as a server does.
constexpr const char* kFakeSsh = R"(#!/bin/sh
printf '%s\n' "$*" >>"$PELORUS_TEST_SSH_LOG"
case " $* " in
  *' denied '*) echo 'denied: Permission denied (publickey).' >&2; exit 255 ;;
  *' away '*) echo 'connect to host away port 22: No route to host' >&2; exit 255 ;;
  *' -N '* | *' -O '*) exit 0 ;;
esac
while case $1 in server | operator@server) false ;; esac; do shift; done
shift
exec sh -c "$*"
)";

/// Each test by this machine's shell and by ssh.
class Hosts : public testing::TestWithParam<bool> {
 protected:
  Hosts() {
    signal(SIGPIPE, SIG_IGN);
    std::string pattern = (fs::temp_directory_path() / "pelorus-remote-test-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    write(root_ / "bin/ssh", kFakeSsh);
    fs::permissions(root_ / "bin/ssh", fs::perms::owner_all);
    path_ = std::getenv("PATH");
    setenv("PATH", ((root_ / "bin").string() + ":" + path_).c_str(), 1);
    setenv("PELORUS_TEST_SSH_LOG", (root_ / "ssh.log").c_str(), 1);
  }
  ~Hosts() override {
    setenv("PATH", path_.c_str(), 1);
    fs::remove_all(root_);
  }
  std::unique_ptr<RemoteHost> host(CancellationToken cancellation = {}) {
    if (!GetParam()) return make_local_host("127.0.0.1", cancellation);
    return make_ssh_host({"server", "operator", 2222, "/a key", {"UserKnownHostsFile=/known"}}, cancellation);
  }
  static void write(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  static std::string text_of(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  static unsigned mode_of(const fs::path& path) {
    struct stat facts {};
    return stat(path.c_str(), &facts) == 0 ? facts.st_mode & 0777u : 0;
  }
  size_t files_in(const fs::path& folder) const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
  }
  void folder_goes_there_and_back();
  fs::path root_;
  std::string path_;
};

TEST_P(Hosts, a_script_reads_its_input_and_tells_status_and_both_outputs) {
  const auto ran = host()->run("read -r first; echo \"got $first\"; cat; echo 'it''s wrong' >&2; exit 3",
                               std::string("one\ntwo\0end", 11), seconds(10));
  ASSERT_TRUE(ran.ok()) << ran.error().message;
  EXPECT_EQ(ran->status, 3);
  EXPECT_EQ(ran->out, std::string("got one\ntwo\0end", 15));
  EXPECT_EQ(ran->err, "its wrong\n");
}

TEST_P(Hosts, large_inputs_and_outputs_pass) {
  const std::string large(3 << 20, 'x');
  const auto ran = host()->run("cat; echo end", large, seconds(20));
  ASSERT_TRUE(ran.ok()) << ran.error().message;
  EXPECT_EQ(ran->out, large + "end\n");
  const auto unread = host()->run("exec <&-; echo done", large, seconds(20));
  ASSERT_TRUE(unread.ok()) << unread.error().message;
  EXPECT_EQ(unread->out, "done\n");
}

TEST_P(Hosts, what_one_writes_another_reads) {
  const auto from = host(), to = make_local_host();
  const auto file = shell_word((root_ / "it's there").string());
  const auto ran = from->run_into("head -c 3000000 /dev/zero; echo 'wrote \"it\"' >&2", *to,
                                  "cat >" + file + "; wc -c <" + file + "; exit 4", seconds(20), {});
  ASSERT_TRUE(ran.ok()) << ran.error().message;
  EXPECT_EQ(ran->status, 4);
  EXPECT_EQ(ran->out, "3000000\n");
  const auto failed = from->run_into("echo half; exit 1", *to, "cat >/dev/null", seconds(20), {});
  EXPECT_EQ(failed.error().code, ErrorCode::kIo);
}

TEST_P(Hosts, what_passes_is_counted_and_held_back) {
  int64_t seen = 0;
  const auto began = std::chrono::steady_clock::now();
  const auto ran = host()->run_into("head -c 300000 /dev/zero", *make_local_host(), "cat >/dev/null", seconds(20),
                                    {.bytes_per_second_max = 1'000'000, .watched = [&](int64_t bytes) {
                                       EXPECT_GE(bytes, seen);
                                       seen = bytes;
                                     }});
  ASSERT_TRUE(ran.ok()) << ran.error().message;
  EXPECT_EQ(seen, 300000);
  EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds(300));
}

TEST_P(Hosts, a_process_left_behind_is_not_waited_for) {
  const auto ran = host()->run("sleep 30 & echo $!", "", seconds(10));
  ASSERT_TRUE(ran.ok()) << ran.error().message;
  EXPECT_EQ(kill(std::stoi(ran->out), SIGKILL), 0);
}

TEST_P(Hosts, time_and_cancellation_end_a_script) {
  EXPECT_EQ(host()->run("while :; do :; done", "", milliseconds(50)).error().code, ErrorCode::kTimeout);
  CancellationToken token;
  const auto cancelled = host(token);
  std::thread canceller([&] {
    while (!fs::exists(root_ / "begun")) std::this_thread::yield();
    token.cancel();
  });
  const auto ran =
      cancelled->run(": >" + shell_word((root_ / "begun").string()) + "; while :; do :; done", "", seconds(20));
  canceller.join();
  EXPECT_EQ(ran.error().code, ErrorCode::kCancelled);
}

TEST_P(Hosts, a_file_goes_there_and_back_with_its_rights) {
  std::string bytes;
  for (int i = 0; i < 300'000; ++i) bytes += static_cast<char>(i * 31);
  write(root_ / "from", bytes);
  fs::permissions(root_ / "from", fs::perms::owner_read | fs::perms::owner_write);
  const auto at = host();
  const std::string there = (root_ / "there" / "it's a file").string();
  EXPECT_EQ(at->send(root_ / "from", there).error().code, ErrorCode::kIo);  // no such folder
  fs::create_directories(root_ / "there");
  ASSERT_TRUE(at->send(root_ / "from", there).ok());
  EXPECT_EQ(text_of(there), bytes);
  EXPECT_EQ(mode_of(there), 0600u);
  EXPECT_EQ(files_in(root_ / "there"), 1u);
  ASSERT_TRUE(at->fetch(there, root_ / "back").ok());
  EXPECT_EQ(text_of(root_ / "back"), bytes);
  EXPECT_EQ(mode_of(root_ / "back"), 0600u);
  EXPECT_EQ(at->fetch(there + "x", root_ / "other").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(at->send(root_ / "missing", there).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(at->send(root_ / "from", (root_ / "there").string()).error().code, ErrorCode::kIo);
  EXPECT_EQ(files_in(root_ / "there"), 1u);
}

void Hosts::folder_goes_there_and_back() {
  write(root_ / "from/sub/file", "content");
  write(root_ / "from/program", "#!/bin/sh\n");
  fs::permissions(root_ / "from/program", fs::perms::owner_all);
  fs::create_symlink("program", root_ / "from/link");
  fs::create_hard_link(root_ / "from/program", root_ / "from/twin");
  write(root_ / "the re/stays", "x");
  const auto at = host();
  const auto sent = at->send(root_ / "from", (root_ / "the re").string());
  ASSERT_TRUE(sent.ok()) << sent.error().message;
  EXPECT_EQ(text_of(root_ / "the re/sub/file"), "content");
  EXPECT_EQ(text_of(root_ / "the re/stays"), "x");
  EXPECT_EQ(mode_of(root_ / "the re/program"), 0700u);
  EXPECT_EQ(fs::read_symlink(root_ / "the re/link"), "program");
  EXPECT_TRUE(fs::equivalent(root_ / "the re/program", root_ / "the re/twin"));
  ASSERT_TRUE(at->fetch((root_ / "the re").string(), root_ / "back").ok());
  EXPECT_EQ(text_of(root_ / "back/sub/file"), "content");
  EXPECT_EQ(text_of(root_ / "back/stays"), "x");
}

TEST_P(Hosts, a_folder_goes_there_and_back) { folder_goes_there_and_back(); }

TEST_P(Hosts, a_folder_goes_where_there_is_no_rsync) {
  for (const char* tool : {"sh", "dd", "tar", "mkdir"}) {
    const auto found = run_captured({"sh", "-c", std::string("command -v ") + tool}, "", {seconds(5), {}});
    ASSERT_TRUE(found.ok() && found->status == 0) << tool;
    fs::create_symlink(found->out.substr(0, found->out.size() - 1), root_ / "bin" / tool);
  }
  setenv("PATH", (root_ / "bin").c_str(), 1);
  folder_goes_there_and_back();
}

INSTANTIATE_TEST_SUITE_P(Ways, Hosts, testing::Bool(),
                         [](const auto& way) { return way.param ? std::string("ssh") : std::string("local"); });

class Ssh : public Hosts {};

TEST_P(Ssh, is_called_with_what_the_access_says) {
  ASSERT_TRUE(host()->run("exit 0", "", seconds(10)).ok());
  const auto log = text_of(root_ / "ssh.log");
  for (const char* words : {"-o UserKnownHostsFile=/known -o BatchMode=yes", "StrictHostKeyChecking=accept-new",
                            "-p 2222", "-i /a key", "ControlMaster=yes", "-- operator@server"}) {
    EXPECT_NE(log.find(words), std::string::npos) << words << " not in\n" << log;
  }
  EXPECT_EQ(log.find("exit 0"), std::string::npos);  // scripts are not seen among the processes
  EXPECT_NE(log.find("-O exit"), std::string::npos);
}

TEST_P(Ssh, refusal_and_absence_are_told_apart) {
  EXPECT_EQ(make_ssh_host({.address = "denied", .user = {}, .identity_file = {}, .ssh_options = {}})
                ->run(":", "", seconds(10))
                .error()
                .code,
            ErrorCode::kDenied);
  const auto away = make_ssh_host({.address = "away", .user = {}, .identity_file = {}, .ssh_options = {}});
  const auto ran = away->run(":", "", seconds(10));
  EXPECT_EQ(ran.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(ran.error().message.find("away: ssh has no connection: connect to host away"), std::string::npos);
  EXPECT_EQ(away->send(root_ / "bin", "/nowhere").error().code, ErrorCode::kUnavailable);
}

INSTANTIATE_TEST_SUITE_P(Only, Ssh, testing::Values(true));

TEST(OwnAddress, loopback_is_and_documentation_is_not) {
  EXPECT_TRUE(is_own_address("127.0.0.1"));
  EXPECT_TRUE(is_own_address("127.9.8.7"));
  EXPECT_FALSE(is_own_address("192.0.2.7"));
}

}  // namespace
}  // namespace pelorus::cli
