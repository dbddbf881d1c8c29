// The scripts run for real, by this machine's shell, in a folder of their own; each is cut off at every move.

#include "cli/upgrade/host_scripts.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "base/ids.h"
#include "cli/remote/remote_host.h"

namespace pelorus::cli::upgrade {
namespace {

namespace fs = std::filesystem;
using Files = std::map<std::string, std::string>;

constexpr const char* kId = "0123456789ab";

class Package : public testing::Test {
 protected:
  Package() {
    write("server/pelorusd", "old program");
    write("server/lib/libold.so", "old library");
    write("server/web/index.html", "old page");
    write("server/clusterDemo/startAgent.sh", "old script");
    write("server/clusterDemo/config/agent.cfg", "mine");
    write("server/clusterDemo/data/node1/identity", "mine");
    write("server/dolphindb.lic", "mine");
    write("new/pelorusd", "new program");
    write("new/lib/libnew.so", "new library");
    write("new/web/index.html", "new page");
    write("new/tools/added.sh", "added");
    write("new/clusterDemo/startAgent.sh", "new script");
    write("new/clusterDemo/upgrade.sh", "added");
    write("new/clusterDemo/config/agent.cfg", "an example");
    write("new/dolphindb.lic", "an example");
    before_ = files();
    EXPECT_EQ(run(facts_script({server()})).substr(0, 8), "machine ");
    EXPECT_EQ(run(placed_script(places())), "missing\n");
    run(place_script(places(), "fingerprint"));
    EXPECT_EQ(run(placed_script(places())), "placed\n");
    EXPECT_EQ(files(), before_) << "nothing is changed yet";
  }
  ~Package() override { fs::remove_all(root_); }

  std::string server() const { return (root_ / "server").string(); }
  Places places() const { return {kId, (root_ / "new").string(), {server()}}; }
  void write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  /// Of server/: name and content.
  Files files() const {
    Files found;
    for (const auto& entry : fs::recursive_directory_iterator(root_ / "server")) {
      std::ostringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      if (entry.is_regular_file()) found[entry.path().lexically_relative(root_ / "server").string()] = text.str();
    }
    return found;
  }
  std::string run(const std::string& script, int status = 0) {
    const auto ran = host_->run(script, "", std::chrono::seconds(30));
    EXPECT_TRUE(ran.ok());
    if (!ran.ok()) return "";
    EXPECT_EQ(ran->status, status) << ran->err;
    return ran->out;
  }
  /// Ends the script after so many moves; false when it needs no more.
  bool cut_off(const std::string& script, int moves) {
    const auto counting = "moves=0\nmv() { moves=$((moves + 1)); [ $moves -le " + std::to_string(moves) +
                          " ] || exit 9; command mv \"$@\"; }\n";
    const auto ran = host_->run(counting + script, "", std::chrono::seconds(30));
    EXPECT_TRUE(ran.ok());
    return ran.ok() && ran->status == 9;
  }

  const fs::path root_ = fs::temp_directory_path() / ("pelorus-upgrade-" + Uuid::random().to_string());
  const std::unique_ptr<RemoteHost> host_ = make_local_host();
  Files before_;
};

const Files kAfter = {{"pelorusd", "new program"},
                      {"lib/libnew.so", "new library"},
                      {"web/index.html", "new page"},
                      {"tools/added.sh", "added"},
                      {"clusterDemo/startAgent.sh", "new script"},
                      {"clusterDemo/upgrade.sh", "added"},
                      {"clusterDemo/config/agent.cfg", "mine"},
                      {"clusterDemo/data/node1/identity", "mine"},
                      {"dolphindb.lic", "mine"},
                      {".fingerprint", "fingerprint\n"}};

TEST_F(Package, programs_change_places_and_what_is_the_operators_stays) {
  const auto forth = exchange_script(server(), kId), back = exchange_back_script(server(), kId);
  run(forth);
  EXPECT_EQ(files(), kAfter);
  EXPECT_EQ(run(forth), "already\n");
  EXPECT_EQ(run(placed_script(places())), "placed\n");
  run(back);
  EXPECT_EQ(files(), before_);
  EXPECT_EQ(run(back), "already\n");
  run(forth);
  EXPECT_EQ(files(), kAfter);
  run(tidy_script(places()));
  EXPECT_EQ(files(), kAfter);
  EXPECT_FALSE(fs::exists(server() + ".before-" + kId));
  EXPECT_FALSE(fs::exists(server() + ".upgrade-" + kId));
}

TEST_F(Package, an_exchange_cut_off_anywhere_goes_on_or_back) {
  const auto forth = exchange_script(server(), kId), back = exchange_back_script(server(), kId);
  int moves = 0;
  for (; cut_off(forth, moves); ++moves) {
    run(forth);
    EXPECT_EQ(files(), kAfter) << moves;
    run(back);
    EXPECT_EQ(files(), before_) << moves;
    EXPECT_TRUE(cut_off(forth, moves));
    run(back);
    EXPECT_EQ(files(), before_) << moves;
  }
  EXPECT_GT(moves, 10);
  EXPECT_EQ(files(), kAfter);
  for (moves = 0; cut_off(back, moves); ++moves) {
    run(back);
    EXPECT_EQ(files(), before_) << moves;
    run(forth);
    EXPECT_EQ(files(), kAfter) << moves;
  }
  EXPECT_GT(moves, 10);
}

TEST_F(Package, nothing_is_exchanged_for_programs_that_were_not_sent) {
  run(tidy_script(places()));
  run(exchange_script(server(), kId), 1);
  EXPECT_EQ(files(), before_);
}

TEST(UpgradeHost, tells_what_stands_in_the_way) {
  const auto host = make_local_host();
  const auto ran = host->run(facts_script({"/nowhere/server"}), "", std::chrono::seconds(30));
  ASSERT_TRUE(ran.ok());
  EXPECT_NE(ran->out.find("fault: /nowhere/server is no package"), std::string::npos) << ran->out;
}

}  // namespace
}  // namespace pelorus::cli::upgrade
