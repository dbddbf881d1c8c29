#include "server/key_watch.h"

#include <sys/stat.h>

#include <algorithm>
#include <ctime>

#include "rpc/certificate_file.h"

namespace pelorus::server {
namespace {

constexpr int64_t kDay_s = 86400, kHour_s = 3600;
constexpr int64_t kNsPerSecond = 1'000'000'000;
constexpr const char* kRenew =
    "pelorus deploy, run again as the cluster was deployed, renews certificates that it made; else put a new "
    "server.crt and serverPrivate.key there. Running nodes take them up by themselves";
constexpr const char* kRenewAuthority =
    "make a new authority and new certificates before, see docs/operations/deploy.md, \"Certificates\"";

std::string date_of(int64_t seconds) {
  const auto moment = static_cast<time_t>(seconds);
  tm utc{};
  gmtime_r(&moment, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &utc);
  return text;
}

/// Of the certificate itself, before those of authorities between; of authorities the one that lasts longest.
std::optional<int64_t> end_of(const std::filesystem::path& file) {
  const auto ends = rpc::certificate_ends(file.string());
  if (!ends.ok()) return std::nullopt;
  return file.filename() == "ca.crt" ? *std::max_element(ends->begin(), ends->end()) : ends->front();
}

}  // namespace

std::optional<CertificateEnd> first_to_end(const std::filesystem::path& keys) {
  std::optional<CertificateEnd> first;
  for (const auto* name : {"server.crt", "ca.crt"}) {
    const auto end = end_of(keys / name);
    if (end && (!first || *end < first->ends_s)) first = CertificateEnd{(keys / name).string(), *end};
  }
  return first;
}

KeyWatch::KeyWatch(std::filesystem::path keys, std::function<Status()> take_up, const Clock& clock, Tell tell)
    : keys_(std::move(keys)), take_up_(std::move(take_up)), clock_(clock), tell_(std::move(tell)) {
  in_use_ = seen_ = fingerprint();
}

void KeyWatch::start() {
  thread_ = std::thread([this] {
    for (;;) {
      look();
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, kLook, [this] { return stopping_; })) return;
    }
  });
}

void KeyWatch::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void KeyWatch::look() {
  take_up_changes();
  tell_ends();
}

std::string KeyWatch::fingerprint() const {
  std::string all;
  for (const auto* name : {"ca.crt", "server.crt", "serverPrivate.key"}) {
    struct stat facts {};
    if (::stat((keys_ / name).c_str(), &facts) != 0) facts = {};
    for (const int64_t number :
         {static_cast<int64_t>(facts.st_ino), static_cast<int64_t>(facts.st_size),
          static_cast<int64_t>(facts.st_mtim.tv_sec), static_cast<int64_t>(facts.st_mtim.tv_nsec)})
      all += std::to_string(number) + " ";
  }
  return all;
}

void KeyWatch::take_up_changes() {
  auto now = fingerprint();
  const bool has_settled = now == seen_;
  seen_ = now;
  if (!has_settled || now == in_use_) return;
  in_use_ = std::move(now);
  tell_again_s_ = 0;
  const auto taken = take_up_();
  refused_ = taken.ok() ? "" : taken.error().message;
  if (taken.ok()) tell_(LogLevel::kInfo, "new connections use the new certificates in " + keys_.string());
}

bool KeyWatch::tell_end(const char* name, const char* remedy, int64_t now_s) {
  const auto file = keys_ / name;
  const auto end = end_of(file);
  if (!end || *end - now_s > kWarnBefore_s) return false;
  if (*end <= now_s) {
    tell_(LogLevel::kError, file.string() + " expired on " + date_of(*end) + ", and is refused: " + remedy);
  } else {
    const auto days = (*end - now_s) / kDay_s;
    tell_(LogLevel::kWarning, file.string() + " expires in " + std::to_string(days) + (days == 1 ? " day" : " days") +
                                  ", on " + date_of(*end) + ": " + remedy);
  }
  return *end - now_s < kDay_s;
}

void KeyWatch::tell_ends() {
  const auto now_s = clock_.wall_ns() / kNsPerSecond;
  if (now_s < tell_again_s_) return;
  if (!refused_.empty())
    tell_(LogLevel::kError, "the certificates in " + keys_.string() +
                                " were exchanged, but cannot be used; those from before stay in use: " + refused_);
  const bool certificate_presses = tell_end("server.crt", kRenew, now_s);
  const bool authority_presses = tell_end("ca.crt", kRenewAuthority, now_s);
  tell_again_s_ = now_s + (certificate_presses || authority_presses ? kHour_s : kDay_s);
}

}  // namespace pelorus::server
