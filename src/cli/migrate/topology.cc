#include "cli/migrate/topology.h"

#include <algorithm>
#include <tuple>

namespace pelorus::cli::migrate {
namespace {

int rank_of(NodeMode role) {
  return role == NodeMode::kController ? 0 : role == NodeMode::kAgent ? 1 : role == NodeMode::kDataNode ? 2 : 3;
}

}  // namespace

std::vector<Member> members_of(const std::vector<Member>& members, NodeMode role) {
  std::vector<Member> found;
  for (const auto& member : members) {
    if (member.role == role) found.push_back(member);
  }
  return found;
}

std::vector<Member> members_on(const std::vector<Member>& members, std::string_view host) {
  std::vector<Member> found;
  for (const auto& member : members) {
    if (member.host == host) found.push_back(member);
  }
  return found;
}

const Member* find_member(const std::vector<Member>& members, std::string_view alias) {
  const auto found = std::find_if(members.begin(), members.end(), [&](const Member& m) { return m.alias == alias; });
  return found == members.end() ? nullptr : &*found;
}

std::pair<std::string, int64_t> stem_and_number(const std::string& alias) {
  size_t end = alias.size();
  while (end > 0 && alias[end - 1] >= '0' && alias[end - 1] <= '9' && alias.size() - end < 15) --end;
  if (end == alias.size()) return {alias, -1};
  return {alias.substr(0, end), std::stoll(alias.substr(end))};
}

bool alias_before(const std::string& left, const std::string& right) {
  return std::tuple(stem_and_number(left), left) < std::tuple(stem_and_number(right), right);
}

void sort_members(std::vector<Member>& members) {
  std::sort(members.begin(), members.end(), [](const Member& left, const Member& right) {
    if (rank_of(left.role) != rank_of(right.role)) return rank_of(left.role) < rank_of(right.role);
    return alias_before(left.alias, right.alias);
  });
}

std::vector<std::string> hosts_of(const std::vector<Member>& members) {
  std::vector<std::string> hosts;
  for (const auto& member : members) {
    if (std::find(hosts.begin(), hosts.end(), member.host) == hosts.end()) hosts.push_back(member.host);
  }
  return hosts;
}

int hosts_that_may_fail(std::vector<int> voters_by_host) {
  std::sort(voters_by_host.rbegin(), voters_by_host.rend());
  int all = 0;
  for (const int voters : voters_by_host) all += voters;
  int left = all, lost = 0;
  for (const int voters : voters_by_host) {
    left -= voters;
    if (left * 2 <= all) break;
    ++lost;
  }
  return lost;
}

int hosts_that_may_fail_among(const std::vector<Member>& members) {
  std::map<std::string, int> counts;
  for (const auto& member : members_of(members, NodeMode::kController)) ++counts[member.host];
  std::vector<int> values;
  for (const auto& [host, count] : counts) values.push_back(count);
  return hosts_that_may_fail(std::move(values));
}

std::string filled_in(std::string text, const std::string& host, const std::string& alias) {
  const auto fill = [&](const std::string& word, const std::string& value) {
    for (size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += value.size()) {
      text.replace(at, word.size(), value);
    }
  };
  fill("<HOST>", host);
  fill("<ALIAS>", alias);
  return text;
}

}  // namespace pelorus::cli::migrate
