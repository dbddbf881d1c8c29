#include "cli/migrate/steps/folder_scripts.h"

#include <string_view>

#include "cli/remote/remote_host.h"

namespace pelorus::cli::migrate {
namespace {

/// $copy becomes a copy of $from, proved file by file.
constexpr std::string_view kProvedCopy =
    "rm -rf \"$copy\"\n"
    "mkdir -p \"$(dirname \"$copy\")\"\n"
    "cp -a \"$from\" \"$copy\"\n"
    "sync\n"
    "(cd \"$from\" && find . -type f -exec sha256sum {} +) >\"$copy.sums\"\n"
    "if [ -s \"$copy.sums\" ] && ! (cd \"$copy\" && sha256sum -c \"$copy.sums\") >\"$copy.checked\" 2>&1; then\n"
    "  grep -v ': OK$' \"$copy.checked\" | head -n 3 >&2; echo \"the copy differs from $from\" >&2; exit 1\n"
    "fi\n"
    "if [ \"$(cd \"$from\" && find . | wc -l)\" != \"$(cd \"$copy\" && find . | wc -l)\" ]; then\n"
    "  echo \"the copy of $from has other files\" >&2; exit 1\n"
    "fi\n"
    "rm -f \"$copy.sums\" \"$copy.checked\"\n";

/// $to is no root of a file system, and can be made; sets $place, where it would be.
constexpr std::string_view kCheckPlace =
    "if [ -e \"$to\" ] && [ -n \"$(ls -A \"$to\")\" ]; then echo \"$to is there and not empty\"; fi\n"
    "place=$to; while [ ! -d \"$place\" ]; do place=$(dirname \"$place\"); done\n"
    "if [ -d \"$to\" ] && ! [ \"$(df -P \"$to\" | awk 'END { print $1 }')\" = "
    "\"$(df -P \"$(dirname \"$to\")\" | awk 'END { print $1 }')\" ]; then "
    "echo \"$to is the root of a file system; choose a folder below it\"; fi\n"
    "[ -w \"$place\" ] || echo \"$place cannot be written by $(id -un)\"\n";

/// The folder's content, or the file, as the words of find.
constexpr std::string_view kEnter =
    "if [ -d \"$from\" ]; then cd \"$from\"; set -- .; else cd \"$(dirname \"$from\")\"; "
    "set -- \"./$(basename \"$from\")\"; fi\n";

std::string names_of_copy(const std::string& to, const std::string& id) {
  return "set -eu\nLC_ALL=C; export LC_ALL\nto=" + shell_word(to) + "\ncopy=" + shell_word(to + ".copy-" + id) +
         "\nsums=" + shell_word(to + ".sums-" + id) + "\n";
}

}  // namespace

std::string copy_script(const std::string& from, const std::string& to, const std::string& id) {
  return "from=" + shell_word(from) + "\nto=" + shell_word(to) + "\ncopy=" + shell_word(to + ".copy-" + id) +
         "\n"
         "[ -e \"$from\" ] || exit 0\n"
         "if [ -d \"$to\" ] && [ -n \"$(ls -A \"$to\")\" ]; then exit 0; fi\n" +
         std::string(kProvedCopy) +
         "if [ -d \"$to\" ]; then rmdir \"$to\"; fi\n"
         "mv \"$copy\" \"$to\"\n";
}

std::string return_script(const std::string& from, const std::string& to, const std::string& id) {
  const auto gone = shell_word(to + ".left-" + id);
  return "from=" + shell_word(to) + "\nto=" + shell_word(from) + "\ncopy=" + shell_word(from + ".copy-" + id) +
         "\n"
         "if [ -e \"$from\" ]; then\n" +
         std::string(kProvedCopy) + "rm -rf \"$to\"\nmv \"$copy\" \"$to\"\nmv \"$from\" " + gone + "\nfi\nrm -rf " +
         gone + " " + shell_word(to + ".copy-" + id) + "\n";
}

std::string check_folder_script(const std::string& from, const std::string& to) {
  return "from=" + shell_word(from) + "\nto=" + shell_word(to) + "\n" + std::string(kCheckPlace) +
         "needed=$(du -sk \"$from\" 2>/dev/null | awk '{ print $1 }'); free=$(df -Pk \"$place\" | awk 'END { print $4 "
         "}')\n"
         "if [ \"${needed:-0}\" -gt \"${free:-0}\" ]; then echo \"$place has $free kB free, $from holds $needed kB\"; "
         "fi\n";
}

std::string check_target_script(const std::string& to) {
  return "to=" + shell_word(to) + "\n" + std::string(kCheckPlace);
}

Transfer transfer(const std::string& from, const std::string& to, const std::string& id) {
  Transfer made;
  made.names = names_of_copy(to, id);
  const auto source = "set -eu\nfrom=" + shell_word(from) + "\nlist=${TMPDIR:-/tmp}/pelorus-" + id + ".$(id -u)\n";
  const auto entered = source + std::string(kEnter);
  made.kind =
      source + "if [ -d \"$from\" ]; then echo folder; elif [ -e \"$from\" ]; then echo file; else echo none; fi\n";
  made.begin = made.names +
               "if [ -e \"$to\" ] && [ -n \"$(ls -A \"$to\")\" ]; then echo there; exit 0; fi\nmkdir -p \"$copy\"\n";
  made.sums = entered + "find \"$@\" -type f -exec sha256sum {} +\n";
  made.keep_sums = made.names + "cat >\"$sums.part\"\nmv \"$sums.part\" \"$sums\"\n";
  made.rest = entered + "find \"$@\" ! -type f >\"$list\"\ntar --no-recursion -T \"$list\" -cf -\nrm -f \"$list\"\n";
  made.unpack = made.names + "cd \"$copy\"\ntar -xpof -\n";
  made.missing = made.names +
                 "cd \"$copy\"\nif [ -s \"$sums\" ]; then sha256sum -c \"$sums\" 2>/dev/null | sed -n "
                 "'s/: FAILED.*$//p'; fi\n";
  made.keep_list = source + "cat >\"$list\"\n";
  made.files = entered + "tar --no-recursion -T \"$list\" -cf -\nrm -f \"$list\"\n";
  made.count = entered + "find \"$@\" ! -name . | wc -l\n";
  return made;
}

std::string Transfer::end(const std::string& counted, bool is_file) const {
  return names +
         "cd \"$copy\"\n"
         "if [ -s \"$sums\" ] && ! sha256sum -c \"$sums\" >\"$sums.checked\" 2>&1; then\n"
         "  grep -v ': OK$' \"$sums.checked\" | head -n 3 >&2; echo \"the copy for $to differs from its source\" >&2; "
         "exit 1\nfi\n"
         "rm -f \"$sums.checked\"\n"
         "found=$(find . ! -name . | wc -l)\nwanted=" +
         counted +
         "\nif [ \"$found\" -ne \"$wanted\" ]; then\n"
         "  cd /; rm -rf \"$copy\"\n"
         "  echo \"the copy for $to has $found entries and its source $wanted; resume copies it anew\" >&2; exit "
         "1\nfi\n"
         "sync\ncd /\n"
         "if [ -d \"$to\" ]; then rmdir \"$to\"; fi\n" +
         (is_file ? "mkdir -p \"$(dirname \"$to\")\"\nmv \"$copy\"/* \"$to\"\nrmdir \"$copy\"\n"
                  : "mv \"$copy\" \"$to\"\n");
}

std::string unchanged_script(const std::string& folder) {
  return "LC_ALL=C; export LC_ALL\ncd " + shell_word(folder) +
         " 2>/dev/null || exit 0\nfind . -type f ! -path ./moved ! -path ./moved.new -exec stat -c '%n %s %Y' {} + | "
         "sort "
         "| sha256sum\n";
}

std::string remove_copy_script(const std::string& to, const std::string& id) {
  return names_of_copy(to, id) +
         "rm -rf \"$copy\"\nif [ -e \"$sums\" ]; then rm -rf \"$to\"; fi\nrm -f \"$sums\" \"$sums.part\" "
         "\"$sums.checked\"\nrmdir \"$(dirname \"$to\")\" 2>/dev/null || :\n";
}

std::string forget_copy_script(const std::string& to, const std::string& id) {
  return names_of_copy(to, id) + "rm -f \"$sums\"\n";
}

std::string kept_name(const std::string& folder, const std::string& id) { return folder + ".before-" + id; }

std::string put_back_script(const std::string& folder, const std::string& id) {
  const auto gone = shell_word(folder + ".left-" + id);
  return "from=" + shell_word(folder) + "\nkept=" + shell_word(kept_name(folder, id)) + "\ngone=" + gone +
         "\n"
         "if [ -e \"$kept\" ]; then\n"
         "  rm -rf \"$gone\"\n"
         "  if [ -e \"$from\" ]; then mv \"$from\" \"$gone\"; fi\n"
         "  mv \"$kept\" \"$from\"\nfi\n"
         "rm -rf \"$gone\" " +
         shell_word(kept_name(folder, id) + ".copy-" + id) + "\n";
}

}  // namespace pelorus::cli::migrate
