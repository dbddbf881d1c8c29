// The certificates of nodes with TLS, as they tell themselves and as their files say.

#include <algorithm>

#include "cli/certificates.h"
#include "cli/doctor/check.h"

namespace pelorus::cli::doctor {
namespace {

struct Ends {
  std::vector<std::string> expired;
  std::vector<std::string> soon;
  std::optional<int64_t> first_s;

  void note(const std::string& whose, const std::string& file, int64_t end_s, int64_t now_s) {
    first_s = std::min(first_s.value_or(end_s), end_s);
    if (end_s - now_s > kRenewBefore_s) return;
    auto& list = end_s <= now_s ? expired : soon;
    const auto text = whose + " " + file + " " + day_of(end_s);
    if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
  }
};

/// What is wrong with files of keys, but for their end.
std::vector<std::string> faults_of(const KeyFacts& keys, bool zh) {
  const auto at = keys.alias + " " + keys.directory + "/";
  if (!keys.missing.empty()) return {at + keys.missing + (zh ? " 不存在或不可读" : " is missing or cannot be read")};
  if (!keys.certificate_s) return {at + (zh ? "server.crt 不是 PEM 证书" : "server.crt holds no certificate")};
  std::vector<std::string> faults;
  if (!keys.has_key)
    faults.push_back(at + (zh ? "serverPrivate.key 不是该证书的私钥" : "serverPrivate.key is not the certificate's"));
  if (!keys.is_signed)
    faults.push_back(at + (zh ? "server.crt 不是由 ca.crt 签发" : "server.crt was not signed by ca.crt there"));
  if (!keys.is_for_host)
    faults.push_back(at +
                     (zh ? "server.crt 不包含 localSite 的主机" : "server.crt does not name the host of localSite"));
  return faults;
}

Ends ends_of(const Facts& facts) {
  Ends ends;
  if (const auto* live = answering(facts)) {
    for (const auto& node : live->nodes) {
      if (node.certificate_end_s) ends.note(node.row.alias, node.certificate, *node.certificate_end_s, facts.now_s);
    }
  }
  for (const auto& package : facts.packages) {
    for (const auto& keys : package.keys) {
      const auto note = [&](const char* name, std::optional<int64_t> end_s) {
        if (end_s) ends.note(keys.alias, keys.directory + "/" + name, *end_s, facts.now_s);
      };
      note("server.crt", keys.certificate_s);
      note("ca.crt", keys.authority_s);
    }
  }
  return ends;
}

Outcome judge_certificates(const Facts& facts) {
  if (answering(facts) == nullptr && facts.packages.empty()) return skipped_without_live(facts);
  const auto ends = ends_of(facts);
  std::vector<std::string> faults_en, faults_zh;
  for (const auto& package : facts.packages) {
    for (const auto& keys : package.keys) {
      const auto en = faults_of(keys, false), zh = faults_of(keys, true);
      faults_en.insert(faults_en.end(), en.begin(), en.end());
      faults_zh.insert(faults_zh.end(), zh.begin(), zh.end());
    }
  }
  const auto fix = in_both(
      "Run pelorus deploy again as the cluster was deployed: it renews certificates it made; else put new ones into "
      "keyPath. Running nodes take them up by themselves; a new ca.crt: docs/operations/deploy.md.",
      "按部署时的参数再次运行 pelorus deploy：它会更新自己签发的证书；否则把新证书放入 "
      "keyPath。运行中的节点会自动采用；更换 "
      "ca.crt 见 docs/operations/deploy.zh.md。");
  if (!ends.expired.empty()) {
    return problem(in_both("Certificates have expired, and their nodes are refused: {}.",
                           "证书已过期，节点会被拒绝：{}。", listed(ends.expired)),
                   fix);
  }
  if (!faults_en.empty()) {
    return problem(
        {"Certificates cannot be used: " + listed(faults_en) + ".", "证书不可用：" + listed(faults_zh) + "。"}, fix);
  }
  if (!ends.soon.empty())
    return warning(in_both("Certificates expire within 30 days: {}.", "证书将在 30 天内过期：{}。", listed(ends.soon)),
                   fix);
  if (!ends.first_s) return skipped(in_both("No node has a certificate.", "没有节点使用证书。"));
  return fine(in_both("The first certificate to expire does so on {}.", "最早到期的证书：{}。", day_of(*ends.first_s)));
}

}  // namespace

std::vector<Check> certificate_checks() {
  return {{"certificates", "when certificates expire, and whether they fit their nodes",
           "证书的到期时间以及是否适合其节点", judge_certificates}};
}

}  // namespace pelorus::cli::doctor
