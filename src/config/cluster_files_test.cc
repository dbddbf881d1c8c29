#include <gtest/gtest.h>

#include <algorithm>

#include "config/cluster_config.h"
#include "config/cluster_nodes.h"
#include "config/key_values.h"

namespace pelorus::config {
namespace {

constexpr const char* kFile = "f";

struct Parsed {
  ClusterNodes nodes;
  Findings findings;

  std::string members() const {
    std::string text;
    for (const auto& record : nodes.records) text += record.node.to_string() + "\n";
    return text;
  }
  bool says(std::string_view words, int line, Severity severity) const {
    return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
      return finding.line == line && finding.severity == severity && finding.text.find(words) != std::string::npos;
    });
  }
};

Parsed parse_nodes(std::string_view text, const std::vector<std::string>& known = {}) {
  Parsed parsed;
  parsed.nodes = parse_cluster_nodes(text, kFile, known, parsed.findings);
  return parsed;
}

constexpr const char* kTwo = "h:1:agent1,agent\nh:2:node1,datanode\n";

TEST(ClusterNodes, a_clean_file_has_no_findings) {
  const auto parsed = parse_nodes("localSite,mode\nh:1:agent1,agent\n// comment\n\n# comment\nh:2:node1,datanode\n");
  EXPECT_EQ(parsed.members(), kTwo);
  EXPECT_TRUE(parsed.nodes.has_header);
  EXPECT_TRUE(parsed.findings.empty());
}

TEST(ClusterNodes, a_blank_first_line_is_no_empty_file) {
  EXPECT_EQ(parse_nodes("\n\nlocalSite,mode\nh:1:agent1,agent\nh:2:node1,datanode\n").members(), kTwo);
}

TEST(ClusterNodes, damage_1_carriage_returns) {
  const auto parsed = parse_nodes("localSite,mode\r\nh:1:agent1,\ragent\r\nh:2:node1,datanode");
  EXPECT_EQ(parsed.members(), kTwo);
  EXPECT_TRUE(parsed.says("CR inside", 2, Severity::kWarning));
  EXPECT_TRUE(parsed.says("CRLF", 0, Severity::kNote));
  EXPECT_TRUE(parsed.says("no newline", 0, Severity::kNote));
  EXPECT_EQ(parse_nodes("localSite,mode\rh:1:agent1,agent\rh:2:node1,datanode").members(), kTwo);
}

TEST(ClusterNodes, damage_2_records_run_together) {
  const auto parsed = parse_nodes("localSite,mode\n172.0.0.3:9909:node3,datanode172.0.0.2:9905:agent2,agent\n");
  EXPECT_EQ(parsed.members(), "172.0.0.3:9909:node3,datanode\n172.0.0.2:9905:agent2,agent\n");
  EXPECT_TRUE(parsed.says("run together", 2, Severity::kWarning));
}

TEST(ClusterNodes, damage_2_three_records_and_the_header_run_together) {
  const auto parsed = parse_nodes("localSite,modeh:1:agent1,agenth:2:node1,datanodeh:3:node2,datanode");
  EXPECT_EQ(parsed.members(), std::string(kTwo) + "h:3:node2,datanode\n");
  EXPECT_TRUE(parsed.nodes.has_header);
}

TEST(ClusterNodes, damage_2_with_groups_is_an_error_not_a_guess) {
  const auto parsed = parse_nodes("localSite,mode,computeGroup\nh:1:c1,computenode,g1172.0.0.2:9905:agent2,agent\n");
  EXPECT_TRUE(parsed.says("run together?", 2, Severity::kError));
}

TEST(ClusterNodes, damage_3_record_torn_by_a_newline) {
  const std::string text = "localSite,mode\n172.0.0.1:9907:\node1,datanode\n172.0.0.2:9908:node2,datanode\n";
  const auto parsed = parse_nodes(text, {"node1"});
  EXPECT_EQ(parsed.members(), "172.0.0.1:9907:node1,datanode\n172.0.0.2:9908:node2,datanode\n");
  EXPECT_TRUE(parsed.says("torn by a newline; joined with line 3", 2, Severity::kWarning));
  EXPECT_TRUE(parse_nodes(text, {"other"}).says("line 3", 2, Severity::kError));
}

TEST(ClusterNodes, damage_4_missing_header) {
  const auto parsed = parse_nodes("172.0.0.3:9906:agent3,agent\n");
  EXPECT_EQ(parsed.members(), "172.0.0.3:9906:agent3,agent\n");
  EXPECT_FALSE(parsed.nodes.has_header);
  EXPECT_TRUE(parsed.says("header", 0, Severity::kWarning));
}

TEST(ClusterNodes, damage_5_repeated_records_are_dropped) {
  const auto parsed = parse_nodes("localSite,mode\nh:1:agent1,agent\nh:2:node1,datanode\nh:1:agent1,agent\n");
  EXPECT_EQ(parsed.members(), kTwo);
  EXPECT_TRUE(parsed.says("the same record as line 2", 4, Severity::kNote));
}

TEST(ClusterNodes, damage_5_contradicting_records_name_both_lines) {
  const auto alias = parse_nodes("localSite,mode\nh:1:agent1,agent\nh:7:agent1,agent\n");
  EXPECT_TRUE(alias.says("on line 2", 3, Severity::kError));
  const auto address = parse_nodes("localSite,mode\nh:1:agent1,agent\nh:1:agent2,agent\n");
  EXPECT_TRUE(address.says("'agent1' on line 2", 3, Severity::kError));
}

TEST(ClusterNodes, damage_6_full_width_tabs_and_byte_order_mark) {
  const auto parsed = parse_nodes("\xEF\xBB\xBFlocalSite,mode\nh：1：agent1，agent \n\th:2:node1 ,\tdatanode\t\n");
  EXPECT_EQ(parsed.members(), kTwo);
  EXPECT_TRUE(parsed.says("byte-order mark", 1, Severity::kNote));
  EXPECT_TRUE(parsed.says("full-width", 2, Severity::kWarning));
}

TEST(ClusterNodes, the_header_decides_the_columns) {
  const auto parsed = parse_nodes("zone,mode,localSite\nz1,datanode,h:2:node1\n");
  EXPECT_EQ(parsed.members(), "h:2:node1,datanode,,z1\n");
  EXPECT_EQ(parse_nodes("mode,localSite\nagent,h:1:agent1\ndatanode,h:2:node1\n").members(), kTwo);
  EXPECT_TRUE(parse_nodes("localSite,rolle\n").says("rolle", 1, Severity::kError));
}

TEST(ClusterNodes, a_wrong_mode_gets_a_suggestion) {
  EXPECT_TRUE(parse_nodes("localSite,mode\nh:1:a,datanod\n").says("did you mean 'datanode'?", 2, Severity::kError));
}

TEST(ClusterNodes, utf16_is_named_as_such) {
  EXPECT_TRUE(parse_nodes(std::string_view("\xFF\xFEl\0o\0", 6)).says("UTF-16", 1, Severity::kError));
}

TEST(ClusterNodes, the_canonical_file_reads_back) {
  const auto parsed =
      parse_nodes("localSite,mode,computeGroup,zone\nh:1:a,agent\nh:2:c,computenode,g\nh:3:d,datanode,,z\n");
  EXPECT_EQ(parse_nodes(format_cluster_nodes(parsed.nodes.nodes())).members(), parsed.members());
  EXPECT_EQ(format_cluster_nodes(parse_nodes(kTwo).nodes.nodes()), std::string("localSite,mode\n") + kTwo);
}

KeyValues parse_values(std::string_view text, Findings& findings) { return parse_key_values(text, kFile, findings); }

TEST(KeyValues, values_are_trimmed_and_the_last_duplicate_counts) {
  Findings findings;
  const auto values = parse_values("\n workerNum = 4 \r\nworkerNum=5\nlanCluster=0\nlanCluster=0\n", findings);
  EXPECT_EQ(values.find("workerNum")->value, "5");
  EXPECT_EQ(values.entries.size(), 2u);
  EXPECT_EQ(findings.back().describe(), "f:5: note: 'lanCluster' stands on line 4 too; the value is the same");
}

TEST(KeyValues, text_appended_behind_a_carriage_return_belongs_to_the_line) {
  Findings findings;
  const auto values = parse_values("sites=h:1:a:agent\r,h:2:c:controller\n", findings);
  EXPECT_EQ(values.find("sites")->value, "h:1:a:agent,h:2:c:controller");
}

TEST(KeyValues, lines_run_together_are_split_where_a_known_name_begins) {
  Findings findings;
  const auto values = parse_values("maxLogSize=256dfsHAMode=Raft\nlocalSite=h:1:alanCluster=0\n", findings);
  EXPECT_EQ(values.find("maxLogSize")->value, "256");
  EXPECT_EQ(values.find("dfsHAMode")->value, "Raft");
  EXPECT_EQ(values.find("localSite")->value, "h:1:a");
  EXPECT_EQ(values.find("lanCluster")->value, "0");
}

TEST(KeyValues, free_text_keeps_its_equal_signs_and_wide_letters) {
  Findings findings;
  const auto values = parse_values("volumes=/a/workerNum=3,/b\nlogFile=/日志，甲/x.log\nmetricsToken=a=b\n", findings);
  EXPECT_EQ(values.find("volumes")->value, "/a/workerNum=3,/b");
  EXPECT_EQ(values.find("logFile")->value, "/日志，甲/x.log");
  EXPECT_EQ(values.find("metricsToken")->value, "a=b");
  EXPECT_TRUE(findings.empty());
}

TEST(KeyValues, full_width_signs_are_understood) {
  Findings findings;
  const auto values = parse_values("workerNum＝４\nlocalSite=172.0.0.1：9901：c1\n", findings);
  EXPECT_EQ(values.find("workerNum")->value, "4");
  EXPECT_EQ(values.find("localSite")->value, "172.0.0.1:9901:c1");
}

TEST(KeyValues, a_line_without_a_sign_or_a_key_is_an_error) {
  Findings findings;
  EXPECT_TRUE(parse_values("workerNum\n=3\n.x=1\nnode1.=2\n", findings).entries.empty());
  EXPECT_EQ(findings.size(), 4u);
  EXPECT_TRUE(has_errors(findings));
}

TEST(KeyValues, synonyms_become_the_real_name) {
  Findings findings;
  EXPECT_NE(parse_values("chunkCacheEngineMemSize=2\n", findings).find("OLAPCacheEngineSize"), nullptr);
}

TEST(ClusterConfig, own_line_before_pattern_before_plain) {
  Findings findings;
  const auto config = parse_cluster_config(
      "maxMemSize=1\n%.maxMemSize=2\nnode%.maxMemSize=3\nnode?2.maxMemSize=4\nnode12.maxMemSize=5\nworkerNum=9\n",
      kFile, findings);
  const auto memory = [&](const char* alias) { return config.effective_settings(alias).at("maxMemSize").text; };
  EXPECT_EQ(memory("node12"), "5");
  EXPECT_EQ(memory("node22"), "4");
  EXPECT_EQ(memory("node1"), "3");
  EXPECT_EQ(memory("other"), "2");
  EXPECT_EQ(config.effective_settings("node1").at("workerNum").line, 6);
  EXPECT_EQ(config.qualifier_aliases(), std::vector<std::string>{"node12"});
}

TEST(ClusterConfig, percent_is_any_number_of_letters_and_question_mark_one) {
  EXPECT_TRUE(fits_pattern("%8821", "dnode8821"));
  EXPECT_TRUE(fits_pattern("%8821", "8821"));
  EXPECT_TRUE(fits_pattern("dfsnode?", "dfsnode1"));
  EXPECT_FALSE(fits_pattern("dfsnode?", "dfsnode"));
  EXPECT_FALSE(fits_pattern("dfsnode?", "dfsnode12"));
  EXPECT_TRUE(fits_pattern("a%b%c", "axxbyybzc"));
  EXPECT_FALSE(fits_pattern("a%b%c", "axxbyybz"));
}

TEST(ClusterConfig, the_macro_is_filled_in_everywhere_and_doubted_in_a_line_for_one_alias) {
  Findings findings;
  const auto config =
      parse_cluster_config("volumes=/r/<ALIAS>,/s/<ALIAS>\nnodeA.volumes=/x/<ALIAS>\n", kFile, findings);
  EXPECT_EQ(config.effective_settings("node1").at("volumes").text, "/r/node1,/s/node1");
  EXPECT_EQ(config.effective_settings("nodeA").at("volumes").text, "/x/nodeA");
  config.validate({"node1", "nodeA"}, findings);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings.front().line, 2);
}

TEST(ClusterConfig, a_qualifier_nobody_has_gets_a_suggestion) {
  Findings findings;
  parse_cluster_config("ndoe1.maxMemSize=4\n", kFile, findings).validate({"node1", "agent1"}, findings);
  EXPECT_EQ(findings.back().text, "no member is called 'ndoe1'; did you mean 'node1'?");
}

}  // namespace
}  // namespace pelorus::config
