#pragma once
// What the words of `pelorus migrate …` ask for.

#include "cli/command.h"
#include "cli/migrate/gather.h"
#include "cli/migrate/journal.h"

namespace pelorus::cli::migrate {

struct Request {
  std::string verb;
  std::string id;
  std::string state_directory;
  Language language = Language::kEnglish;
  bool json = false;
  bool yes = false;
  HostAccess access;
  std::string package;  // folder server/
  int64_t throttle_mb = 0;
  Login login;
  Target target;
  std::vector<std::string> files;  // --from-config
  std::string hosts_text, replace_text, address_text, directory_text;
  bool to_cluster = false;
};

/// Of every command that changes a cluster in steps: how hosts and the cluster are reached, what is sent, how it is
/// told.
std::vector<Option> common_options();
/// Errors: kInvalid. `kind`: where plans are kept, in the default state directory.
Result<Request> common_request_of(const Arguments& arguments, const std::vector<std::string_view>& verbs,
                                  std::string_view kind);

std::vector<Option> request_options();
/// Errors: kInvalid.
Result<Request> request_of(const Arguments& arguments);
/// The target's hosts from --to-hosts or --replace and the members. Errors: kInvalid.
Result<Target> target_of(const Request& request, const std::vector<Member>& members);

/// How hosts are reached and what is sent, for the journal; and back, for what was not given now.
std::string means_of(const Request& request);
void take_means(Request& request, const Arguments& arguments, const std::string& means);

}  // namespace pelorus::cli::migrate
