// Files and folders of the node: files mkdir rm rmdir.

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "functions/arguments.h"
#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/file_access.h"
#include "functions/texts.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "files";

namespace fs = std::filesystem;

struct Entry {
  std::string name;
  bool is_folder = false;
  int64_t bytes = 0;
  int64_t accessed_ms = 0;
  int64_t modified_ms = 0;
};

int64_t milliseconds(const timespec& t) { return int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000; }

std::vector<Entry> entries_of(const std::string& folder, const std::string& pattern) {
  std::vector<Entry> entries;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    Entry entry{.name = at->path().filename().string()};
    struct stat facts {};
    if ((!pattern.empty() && !matches_wildcard(entry.name, pattern)) || stat(at->path().c_str(), &facts) != 0) continue;
    entry.is_folder = S_ISDIR(facts.st_mode);
    entry.bytes = facts.st_size;
    entry.accessed_ms = milliseconds(facts.st_atim);
    entry.modified_ms = milliseconds(facts.st_mtim);
    entries.push_back(std::move(entry));
  }
  if (error) throw ScriptError("Can't list the folder " + folder + ": " + error.message() + ".");
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return entries;
}

Value list_files(CallContext& context, std::span<Value> args) {
  require_login(context, "files");
  Arguments a("files", args);
  const auto entries = entries_of(a.text(0, "directory"), a.text_or(1, "pattern", ""));
  std::vector<std::string> names;
  Vector folders(Type::kBool), sizes(Type::kLong), accessed(Type::kTimestamp), modified(Type::kTimestamp);
  for (const auto& entry : entries) {
    names.push_back(entry.name);
    folders.edit<int8_t>().push_back(entry.is_folder ? 1 : 0);
    sizes.edit<int64_t>().push_back(entry.bytes);
    accessed.edit<int64_t>().push_back(entry.accessed_ms);
    modified.edit<int64_t>().push_back(entry.modified_ms);
  }
  return data::Table({"filename", "isDir", "fileSize", "lastAccessed", "lastModified"},
                     {Vector::of_strings(Type::kString, std::move(names)), std::move(folders), std::move(sizes),
                      std::move(accessed), std::move(modified)});
}

Value make_folder(CallContext& context, std::span<Value> args) {
  require_login(context, "mkdir");
  const auto path = Arguments("mkdir", args).text(0, "directory");
  std::error_code error;
  if (fs::exists(path, error)) throw ScriptError("Can't make the folder " + path + ": it exists.");
  fs::create_directories(path, error);
  if (error) throw ScriptError("Can't make the folder " + path + ": " + error.message() + ".");
  return Value::null();
}

Value remove_file(CallContext& context, std::span<Value> args) {
  require_login(context, "rm");
  const auto path = Arguments("rm", args).text(0, "filename");
  std::error_code error;
  if (fs::is_directory(path, error)) throw ScriptError("Can't delete " + path + ": it is a folder, see rmdir.");
  if (!fs::remove(path, error)) {
    throw ScriptError("Can't delete the file " + path + ": " + (error ? error.message() : "there is none") + ".");
  }
  return Value::null();
}

Value remove_folder(CallContext& context, std::span<Value> args) {
  require_login(context, "rmdir");
  Arguments a("rmdir", args);
  const auto path = a.text(0, "directory");
  const bool recursive = a.flag_or(1, "recursive", false), keep_root = a.flag_or(2, "keepRootDir", false);
  std::error_code error;
  if (!fs::is_directory(path, error)) throw ScriptError("Can't delete the folder " + path + ": there is none.");
  if (keep_root) {
    for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
      std::error_code failed;
      recursive ? fs::remove_all(at->path(), failed) : fs::remove(at->path(), failed);
      if (failed) throw ScriptError("Can't delete " + at->path().string() + ": " + failed.message() + ".");
    }
  } else if (recursive) {
    fs::remove_all(path, error);
  } else {
    fs::remove(path, error);
  }
  if (error) throw ScriptError("Can't delete the folder " + path + ": " + error.message() + ".");
  return Value::null();
}

}  // namespace

void register_paths(Registry& registry) {
  const auto command = [&](Declaration d) { declare(registry, kFamily, Nature::kCommand, std::move(d)); };
  declare(
      registry, kFamily, Nature::kWhole,
      {"files", "directory, [pattern]", list_files, "The files and folders of a folder; pattern: % any text, ? one.",
       "exec isDir from files(\"/\", \"tmp\")", "[true]"});
  command({"mkdir", "directory", make_folder, "Makes a folder and those above it.",
           "d = \"/tmp/pelorus-example-a\"; if(exists(d)) rmdir(d, true); mkdir(d); exists(d)", "true"});
  command({"rm", "filename", remove_file, "Deletes a file.",
           "f = \"/tmp/pelorus-example-b\"; saveTextFile(\"x\", f); rm(f); exists(f)", "false"});
  command({"rmdir", "directory, [recursive=false], [keepRootDir=false]", remove_folder, "Deletes a folder.",
           "d = \"/tmp/pelorus-example-c\"; if(!exists(d)) mkdir(d); rmdir(d); exists(d)", "false"});
}

}  // namespace pelorus::functions
