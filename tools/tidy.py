#!/usr/bin/env python3
"""Checks what style can be counted: lengths, refused words and types, machine paths, open marks, names given twice. Excess that exists
is listed in tools/tidy_excess.txt (path:rule) and may only shrink."""
import pathlib
import re
import subprocess
import sys

FILE_LINES_MAX = 800
HEADER_LINES_MAX = 300
FUNCTION_LINES_MAX = 70
FOLDER_SOURCES_MAX = 25
WIDTH_MAX = 140
SCRIPT_WIDTH_MAX = 120  # TypeScript
REFUSED = re.compile(r"\b(?:class|struct|namespace)\s+\w*(Manager|Helper|Util|Utils|Common|Misc|Processor|Wrapper)\b")
MARKS = re.compile(r"\b(?:FIXME|XXX|HACK)\b|\bTODO\b(?!\(#\d+\))")
# Its acquire() in libstdc++ 12 may sleep though a place is free: base/semaphore.h.
LOSES_WAKE_UPS = re.compile(r"\bstd::(?:counting|binary)_semaphore\b")
NAMESPACE = re.compile(r"(?:inline )?namespace ?([\w:]*) *\{")
TYPE = re.compile(r"(?:struct|class|enum class|enum|union) (\w+)(?: final)?(?: *:[^:;]*)?(?: *\{.*)?$")
# A function body: a line that opens a brace at namespace or class depth and looks like a signature.
SIGNATURE = re.compile(r"^(?:  )?[\w:<>,&*~\[\]\s\"=()\-+!|/.'?{}]*\)\s*(?:const|noexcept|override|final|mutable|->[^{]*|:\s[^;]*)*\s*\{$")


def tracked(root):
    out = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True).stdout
    return [root / line for line in out.splitlines()]


def head_of(lines, last):
    """The first line of the signature or statement that `last` ends."""
    first = last
    while first > 0 and indent_of(lines[first]) > 2 and not lines[first - 1].rstrip().endswith((";", "{", "}", ":")):
        first -= 1
    return first


def indent_of(line):
    return len(line) - len(line.lstrip())


def long_functions(lines):
    """Yields (line number, length) of functions longer than the limit, judged by indentation of the closing brace."""
    for end_of_head, line in enumerate(lines):
        if not SIGNATURE.match(line) or "](" in line:  # no lambda
            continue
        start = head_of(lines, end_of_head)
        indent = indent_of(lines[start])
        if indent > 2 or lines[start].lstrip().startswith(("if", "for", "while", "switch", "namespace", "}")):
            continue
        for end in range(end_of_head + 1, len(lines)):
            if lines[end].startswith(" " * indent + "}"):
                if end - start + 1 > FUNCTION_LINES_MAX:
                    yield start + 1, end - start + 1
                break


def faults_of(file, root):
    name = str(file.relative_to(root))
    lines = file.read_text(errors="replace").splitlines()
    limit = HEADER_LINES_MAX if file.suffix == ".h" else FILE_LINES_MAX
    if len(lines) > limit:
        yield f"{name}:lines", f"{name}: {len(lines)} lines, at most {limit}"
    width = SCRIPT_WIDTH_MAX if file.suffix in {".ts", ".tsx"} else WIDTH_MAX
    for number, line in enumerate(lines, 1):
        if REFUSED.search(line):
            yield f"{name}:name", f"{name}:{number}: refused word in a type name"
        if MARKS.search(line):
            yield f"{name}:mark", f"{name}:{number}: an open mark without an issue"
        if file.suffix in {".cc", ".h"} and LOSES_WAKE_UPS.search(line):
            yield f"{name}:semaphore", f"{name}:{number}: may sleep for ever, take base/semaphore.h"
        if len(line) > width:
            yield f"{name}:width", f"{name}:{number}: {len(line)} columns, at most {width}"
    if file.suffix in {".cc", ".h"}:
        for number, length in long_functions(lines):
            yield f"{name}:function", f"{name}:{number}: function of {length} lines, at most {FUNCTION_LINES_MAX}"


def crowded_folders(files, root):
    counts = {}
    for file in files:
        if file.suffix == ".cc" and not file.name.endswith("_test.cc") and (root / "src") in file.parents:
            counts[file.parent] = counts.get(file.parent, 0) + 1
    for folder, count in counts.items():
        if count > FOLDER_SOURCES_MAX:
            name = str(folder.relative_to(root))
            yield f"{name}:sources", f"{name}: {count} sources at one level, at most {FOLDER_SOURCES_MAX}"


def types_named_twice(files, root):
    """Two types of one full name: the linker keeps one of their functions, and the program breaks without a word."""
    places = {}
    for file in files:
        if file.suffix not in {".cc", ".h"} or (root / "src") not in file.parents:
            continue
        spaces = []
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if opened := NAMESPACE.match(line):
                spaces.append(opened[1])
            elif line.startswith("}  // namespace"):
                spaces.pop()
            elif (named := TYPE.match(line)) and "" not in spaces:
                places.setdefault("::".join([*spaces, named[1]]), {})[file.relative_to(root)] = number
    for name, where in places.items():
        if len(where) > 1:
            yield f"{name}:twice", f"{name} is defined in " + " and in ".join(f"{file}:{number}" for file, number in where.items())


def main(root):
    files = [f for f in tracked(root) if f.exists()]
    code = [f for f in files if f.suffix in {".cc", ".h", ".c"} or (f.suffix in {".ts", ".tsx", ".py"})]
    excess_file = root / "tools" / "tidy_excess.txt"
    excess = set(excess_file.read_text().split()) if excess_file.exists() else set()
    seen, faults = set(), []
    rows = [row for f in code for row in faults_of(f, root)] + list(crowded_folders(files, root)) + list(types_named_twice(files, root))
    for key, text in rows:
        seen.add(key)
        if key not in excess:
            faults.append(text)
    faults += [f"tools/tidy_excess.txt: {key} holds now, remove the line" for key in sorted(excess - seen)]
    print("\n".join(faults) or "tidy")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()))
