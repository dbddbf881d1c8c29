#include <gtest/gtest.h>

#include <sstream>

#include "cli/brackets.h"
#include "cli/cluster_view.h"
#include "cli/command.h"
#include "cli/log_files.h"
#include "cli/redact.h"
#include "cli/value_json.h"
#include "cli/value_text.h"

namespace pelorus::cli {
namespace {

using data::Value;
using data::Vector;
using types::Type;

struct Ran {
  ExitCode code;
  std::string out;
  std::string err;
};

Ran run_words(std::vector<std::string> words) {
  std::ostringstream out, err;
  Terminal terminal(out, err, {});
  words.insert(words.begin(), "pelorus");
  const auto code = run_tool(words, terminal);
  return {code, out.str(), err.str()};
}

size_t longest_line(const std::string& text) {
  std::istringstream lines(text);
  size_t longest = 0;
  for (std::string line; std::getline(lines, line);) longest = std::max(longest, width_of(line));
  return longest;
}

data::Table sample() {
  return data::Table({"city", "n"}, {Vector::of_strings(Type::kString, {"Berlin", "上海", ""}),
                                     Vector::of<int32_t>(Type::kInt, {1, 1234, types::kNull<int32_t>})});
}

TEST(Tool, help_goes_to_stdout_and_fits_eighty_columns) {
  for (const std::string name : {"", "demo", "run", "console", "status", "doctor", "config", "logs", "support-bundle",
                                 "completion", "version"}) {
    const auto ran = name.empty() ? run_words({"--help"}) : run_words({name, "--help"});
    EXPECT_EQ(ran.code, ExitCode::kDone) << name;
    EXPECT_NE(ran.out.find("Usage: pelorus"), std::string::npos) << name;
    EXPECT_EQ(ran.err, "") << name;
    EXPECT_LE(longest_line(ran.out), 80u) << ran.out;
  }
}

TEST(Tool, wrong_usage_is_told_on_stderr_with_the_nearest_name) {
  const auto command = run_words({"stauts"});
  EXPECT_EQ(command.code, ExitCode::kUsage);
  EXPECT_EQ(command.out, "");
  EXPECT_NE(command.err.find("did you mean 'status'"), std::string::npos) << command.err;
  const auto option = run_words({"status", "--prot=8848"});
  EXPECT_EQ(option.code, ExitCode::kUsage);
  EXPECT_NE(option.err.find("--port"), std::string::npos) << option.err;
  EXPECT_EQ(run_words({}).code, ExitCode::kUsage);
  EXPECT_EQ(run_words({"version", "extra"}).code, ExitCode::kUsage);
  EXPECT_EQ(run_words({"run"}).code, ExitCode::kUsage);
  EXPECT_EQ(run_words({"run", "-e", "1", "--port", "many"}).code, ExitCode::kUsage);
  EXPECT_EQ(run_words({"demo", "kil", "node1"}).code, ExitCode::kUsage);
}

TEST(Tool, nobody_at_the_port_is_exit_status_four) {
  // Port 1 of a loopback address nobody uses.
  for (const std::string command : {"status", "console"}) {
    const auto ran = run_words({command, "--host", "127.9.9.9", "--port", "1"});
    EXPECT_EQ(ran.code, ExitCode::kCannotConnect) << ran.err;
    EXPECT_EQ(ran.out, "");
  }
  EXPECT_EQ(run_words({"run", "-e", "1+1", "--host", "127.9.9.9", "--port", "1"}).code, ExitCode::kCannotConnect);
}

TEST(Tool, version_says_the_version) { EXPECT_EQ(run_words({"version"}).out, "pelorus " PELORUS_VERSION "\n"); }

/// As the manual's source spells it.
std::string with_escaped_hyphens(std::string_view name) {
  std::string text;
  for (const char letter : name) text += letter == '-' ? std::string("\\-") : std::string(1, letter);
  return text;
}

TEST(Tool, completion_and_manual_name_every_command_and_option) {
  for (const std::string kind : {"bash", "zsh", "fish", "man"}) {
    const auto ran = run_words({"completion", kind});
    EXPECT_EQ(ran.code, ExitCode::kDone) << ran.err;
    for (const auto* command : all_commands()) {
      const auto spelt = [&](std::string_view name) {
        return kind == "man" ? with_escaped_hyphens(name) : std::string(name);
      };
      EXPECT_NE(ran.out.find(spelt(command->name)), std::string::npos) << kind << " " << command->name;
      for (const auto& option : command->options) {
        EXPECT_NE(ran.out.find(spelt(option.name)), std::string::npos) << kind << " " << option.name;
      }
    }
  }
  EXPECT_EQ(run_words({"completion", "csh"}).code, ExitCode::kUsage);
}

TEST(Redact, secrets_lose_their_values_and_nothing_else_does) {
  EXPECT_EQ(redact_setting("metricsToken=abc"), "metricsToken=(removed)");
  EXPECT_EQ(redact_setting("node1.initialAdminPassword = abc=d"), "node1.initialAdminPassword =(removed)");
  EXPECT_EQ(redact_setting("maxLogSize=256initialAdminPassword=abc"), "maxLogSize=256initialAdminPassword=(removed)");
  EXPECT_EQ(redact_setting("metricsToken＝abc"), "metricsToken＝(removed)");
  EXPECT_EQ(redact_setting("theirPassword=abc"), "theirPassword=(removed)");
  for (const std::string line : {"passwordMinLength=8", "clusterKeyFile=/etc/key", "maxMemSize=8", "// password", ""}) {
    EXPECT_EQ(redact_setting(line), line);
  }
  EXPECT_EQ(shown_value("node1.metricsToken", "abc"), "(removed)");
  EXPECT_EQ(shown_value("node1.volumes", "/a"), "/a");
  EXPECT_EQ(redact_log("run together; split before 'metricsToken=abc'"),
            "run together; split before 'metricsToken=(removed)");
  EXPECT_EQ(redact_log("founded. User admin has the password abc — it is"),
            "founded. User admin has the password (removed)");
}

TEST(LogLines, time_and_level_are_found) {
  const auto line = parse_log_line("2026-11-28 02:15:23.123456 <ERROR> :disk");
  EXPECT_EQ(line.time, "2026-11-28 02:15:23.123456");
  EXPECT_EQ(line.level, "ERROR");
  EXPECT_EQ(parse_log_line("    at main.cc").time, "");
  EXPECT_EQ(*parse_age("90s"), 90);
  EXPECT_EQ(*parse_age("2d"), 172800);
  for (const auto* wrong : {"", "h", "5", "5y", "-5m"}) EXPECT_FALSE(parse_age(wrong).ok()) << wrong;
}

TEST(Arguments, numbers_are_whole_and_in_range) {
  const auto arguments = parse_arguments(run_command(), {"-e", "x", "-n", "12", "--port=70000"});
  ASSERT_TRUE(arguments.ok());
  EXPECT_EQ(*arguments->number("rows", 0, 100), 12);
  EXPECT_FALSE(arguments->number("port", 1, 65535).ok());
  EXPECT_FALSE(arguments->number("execute", 1, 65535).ok());
  EXPECT_EQ(arguments->text("host"), "127.0.0.1");
  EXPECT_FALSE(arguments->has("json"));
}

TEST(Arguments, a_switch_may_have_a_value_of_its_own) {
  const auto text = [](const std::vector<std::string>& words) {
    const auto arguments = parse_arguments(status_command(), words);
    return arguments.ok() && arguments->has("watch") ? arguments->text("watch") : std::string("none");
  };
  EXPECT_EQ(text({}), "none");
  EXPECT_EQ(text({"--watch"}), "2");
  EXPECT_EQ(text({"--watch=5", "--json"}), "5");
}

TEST(ValueText, tables_are_aligned_by_columns_on_the_screen) {
  EXPECT_EQ(value_text(Value(sample())), "city       n\n------  ----\nBerlin     1\n上海    1234\n\n(3 rows)");
  EXPECT_EQ(value_text(Value(sample()), {.rows_max = 1}),
            "city    n\n------  -\nBerlin  1\n(3 rows, the first 1 shown)");
}

TEST(ValueText, other_forms) {
  EXPECT_EQ(value_text(Value::of_int(5)), "5");
  EXPECT_EQ(value_text(Value()), "NULL");
  EXPECT_EQ(value_text(Value(Vector::of<int32_t>(Type::kInt, {1, types::kNull<int32_t>, 3}))), "[1,NULL,3]");
  EXPECT_EQ(value_text(Value(Vector::of<int32_t>(Type::kInt, {1, 2, 3})), {.rows_max = 2}), "[1,2,… 3 elements]");
  EXPECT_EQ(value_text(Value(Vector::tuple({Value::of_int(1), Value::of_string("x")}))), "(1,x)");
  data::Dictionary dictionary(Type::kString, Type::kInt);
  dictionary.set(types::Scalar::of_string("a"), Value::of_int(1));
  EXPECT_EQ(value_text(Value(dictionary)), "a->1");
  EXPECT_EQ(value_text(Value(data::Matrix{Vector::of<int32_t>(Type::kInt, {1, 2, 3, 40}), 2, 2, {}, {}, false, false})),
            "#0  #1\n--  --\n 1   3\n 2  40");
}

TEST(ValueJson, keys_are_stable_and_nulls_are_null) {
  EXPECT_EQ(value_json(Value(sample())),
            R"({"type":"IN-MEMORY TABLE","value":{"columns":["city","n"],"types":["STRING","INT"],)"
            R"("rows":[["Berlin",1],["上海",1234],[null,null]]}})");
  EXPECT_EQ(value_json(Value::of_bool(true)), R"({"type":"BOOL","value":true})");
  EXPECT_EQ(value_json(Value()), R"({"type":"VOID","value":null})");
}

TEST(Brackets, text_and_comments_do_not_count) {
  EXPECT_EQ(open_brackets("def f(x) {"), 1);
  EXPECT_EQ(open_brackets("def f(x) {\n return x }"), 0);
  EXPECT_EQ(open_brackets("a = \"({[\" // ({["), 0);
  EXPECT_EQ(open_brackets("a = \"\\\"(\" + (1"), 1);
  EXPECT_EQ(open_brackets("/* ( "), 1);
  EXPECT_EQ(open_brackets("/* ( */ 1"), 0);
  EXPECT_EQ(open_brackets("\"open"), 1);
  EXPECT_EQ(open_brackets(")))("), 1);
}

data::Table perf(bool second_leads) {
  return data::Table(
      {"host", "port", "mode", "state", "name", "memoryUsed", "maxMemSize", "connectionNum", "isLeader"},
      {Vector::of_strings(Type::kString, {"10.0.0.2", "10.0.0.1", "10.0.0.1"}),
       Vector::of<int32_t>(Type::kInt, {1, 2, 3}), Vector::of<int32_t>(Type::kInt, {0, 2, 1}),
       Vector::of<int32_t>(Type::kInt, {1, 1, 0}),
       Vector::of_strings(Type::kString, {"node1", "controller1", "agent1"}),
       Vector::of<int64_t>(Type::kLong, {5, 6, 7}), Vector::of<double>(Type::kDouble, {4, 4, 4}),
       Vector::of<int32_t>(Type::kInt, {1, 2, 3}),
       Vector::of<int8_t>(Type::kBool, {types::kNull<int8_t>, int8_t{second_leads}, types::kNull<int8_t>})});
}

TEST(ClusterView, sorts_by_host_and_knows_the_leader) {
  const auto view = view_of(Value(perf(true)));
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(view->leader(), "controller1");
  ASSERT_EQ(view->nodes.size(), 3u);
  EXPECT_EQ(view->nodes[0].alias, "controller1");
  EXPECT_EQ(view->nodes[1].alias, "agent1");
  EXPECT_FALSE(view->nodes[1].online);
  EXPECT_EQ(view->nodes[2].alias, "node1");
  EXPECT_EQ(view_of(Value(perf(false)))->leader(), "");
  EXPECT_FALSE(view_of(Value::of_int(1)).ok());
}

TEST(Width, wide_and_cut_texts) {
  EXPECT_EQ(width_of("上海"), 4u);
  EXPECT_EQ(fit("abcdef", 4, false), "abc…");
  EXPECT_EQ(fit("上海北", 4, false), "上… ");
  EXPECT_EQ(fit("7", 3, true), "  7");
  EXPECT_EQ(with_commas(-1234567), "-1,234,567");
  EXPECT_EQ(with_commas(123), "123");
}

}  // namespace
}  // namespace pelorus::cli
