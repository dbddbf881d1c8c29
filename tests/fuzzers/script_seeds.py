#!/usr/bin/env python3
"""Leaves every script of the golden tests as a file of its own: seeds of the fuzzer of the parser.

  tests/fuzzers/script_seeds.py FOLDER
"""
import hashlib
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def scripts(text):
    script = []
    for line in text.split("\n"):
        if line.startswith(">"):
            script.append(line[2:])
        elif script:
            yield "\n".join(script)
            script = []


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted((ROOT / "tests" / "scripts").rglob("*.test")):
        for script in scripts(file.read_text(encoding="utf-8")):
            content = script.encode()
            (folder / hashlib.sha256(content).hexdigest()[:20]).write_bytes(content)


main(pathlib.Path(sys.argv[1]))
