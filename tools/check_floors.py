#!/usr/bin/env python3
"""Fails when a folder of src/ includes one that src/floors.txt does not let it see."""
import pathlib
import re
import sys


def read_floors(path):
    allowed = {}
    for line in path.read_text().splitlines():
        folder, colon, sees = line.split("#")[0].strip().partition(":")
        if colon:
            allowed[folder.strip()] = set(sees.split())
    return allowed


def faults_of_order(allowed):
    """floors.txt may only name folders listed before: the file itself has no cycle."""
    order = list(allowed)
    for folder, sees in allowed.items():
        for name in sorted(sees - set(order[: order.index(folder)])):
            yield f"floors.txt: {folder} sees {name}, which is not listed before it"


def faults_of_file(file, here, allowed):
    for number, line in enumerate(file.read_text().splitlines(), 1):
        found = re.match(r'\s*#\s*include\s+"([\w]+)/([^"]*)"', line)
        if not found:
            continue
        there, rest = found.groups()
        if there != here and there in allowed and there not in allowed.get(here, set()):
            yield f"{file}:{number}: {here} may not include {there}"
        if there != here and rest.startswith("internal/"):
            yield f"{file}:{number}: {there}/internal is private"


def main(src):
    allowed = read_floors(src / "floors.txt")
    faults = list(faults_of_order(allowed))
    for file in sorted(src.rglob("*")):
        if file.suffix not in {".h", ".cc", ".c"}:
            continue
        here = file.relative_to(src).parts[0]
        if here not in allowed:
            faults.append(f"{file}: folder {here} has no line in floors.txt")
        faults += faults_of_file(file, here, allowed)
    print("\n".join(faults) or "floors hold")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "src")))
