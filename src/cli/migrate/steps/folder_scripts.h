#pragma once
// Shell scripts that copy folders and prove the copies by SHA-256. A copy gets its name last, so a folder of that name
// is whole; `id` is the plan's.

#include <string>

namespace pelorus::cli::migrate {

/// On one host: `to` becomes a copy of `from`, unless something is there.
std::string copy_script(const std::string& from, const std::string& to, const std::string& id);
/// What lies at `to` is newer than what was left at `from`. It loses its name once it is back, and is removed then.
std::string return_script(const std::string& from, const std::string& to, const std::string& id);
/// A line for each reason why copy_script would fail.
std::string check_folder_script(const std::string& from, const std::string& to);

/// From one host to another, file by file; a second try sends what is missing. In the order in which they run.
struct Transfer {
  std::string kind;       // source: says "folder", "file" or "none"
  std::string begin;      // target: says "there" when something has that name
  std::string sums;       // source, read by …
  std::string keep_sums;  // target
  std::string rest;       // source: folders and links, read by …
  std::string unpack;     // target
  std::string missing;    // target: names of files that are not there or not right, read by …
  std::string keep_list;  // source
  std::string files;      // source: those, read by unpack
  std::string count;      // source: how many entries there are
  std::string end(const std::string& counted, bool is_file) const;  // target: proves the copy and gives it its name

  std::string names;  // the lines that all scripts of the target begin with
};
Transfer transfer(const std::string& from, const std::string& to, const std::string& id);
/// A line for each reason why there can be no copy at `to`.
std::string check_target_script(const std::string& to);
/// Says a word that is another one when a file below was written, made or removed; the mark of a copy left behind does
/// not count.
std::string unchanged_script(const std::string& folder);
/// Removes a copy that a transfer made, whole or not; what else has its name stays.
std::string remove_copy_script(const std::string& to, const std::string& id);
/// Of a copy that stays: what the transfer kept beside it.
std::string forget_copy_script(const std::string& to, const std::string& id);

/// Where a folder's state is kept while the folder itself goes on, and putting it back.
std::string kept_name(const std::string& folder, const std::string& id);
std::string put_back_script(const std::string& folder, const std::string& id);

}  // namespace pelorus::cli::migrate
