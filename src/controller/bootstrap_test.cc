#include "controller/bootstrap.h"

#include <gtest/gtest.h>

#include "rpc/fake_network.h"

namespace pelorus::controller {
namespace {

using Verdict = BootstrapDecision::Verdict;

TEST(BootstrapPoll, three_empty_controllers_become_one_cluster) {
  rpc::FakeNetwork network;
  const std::vector<std::string> aliases{"c1", "c2", "c3"};
  std::map<std::string, std::unique_ptr<Bootstrap>> all;
  for (const auto& alias : aliases) {
    auto others = aliases;
    std::erase(others, alias);
    meta::ControllerState self{.alias = alias, .controllers = aliases};
    self.node.bytes.fill(static_cast<uint8_t>(alias.back()));
    auto& methods = network.add(alias, config::NodeMode::kController);
    all[alias] = std::make_unique<Bootstrap>(self, others, network.caller(alias));
    all[alias]->register_methods(methods);
  }
  const std::chrono::milliseconds timeout(1000);
  network.crash("c3");
  EXPECT_EQ(all["c1"]->poll(timeout, false).verdict, Verdict::kWait);
  network.start("c3");
  EXPECT_EQ(all["c2"]->poll(timeout, false).verdict, Verdict::kWait);
  const auto found = all["c1"]->poll(timeout, false);
  ASSERT_EQ(found.verdict, Verdict::kFound);
  auto founder = all["c1"]->self();
  founder.cluster.bytes.fill(7);
  for (const auto& alias : aliases) founder.founders.push_back({alias, all[alias]->self().node});
  all["c1"]->set_self(founder);
  for (const auto* alias : {"c2", "c3"}) {
    const auto adopted = all[alias]->poll(timeout, false);
    EXPECT_EQ(adopted.verdict, Verdict::kAdopt);
    EXPECT_EQ(adopted.cluster, founder.cluster);
    EXPECT_EQ(adopted.voters, found.voters);
  }
  network.stop();
}

}  // namespace
}  // namespace pelorus::controller
