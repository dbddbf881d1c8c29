#!/usr/bin/env python3
"""The documents are true: links and paths exist, commands and their options exist, marked blocks run on a real node.

  tests/docs/run.py [FILE.md...]      without files: every tracked document

Blocks run when the word after their language is `single`: ```sh single, ```python single, ```dolphindb single. They meet a
fresh single node whose port stands in for 8848; `pelorus` is in the path. Needs PELORUS_PACKAGE for that.
"""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(.*)$")
CODE = re.compile(r"`([^`\n]+)`")
# A path of this repository written in prose; patterns and placeholders are left out.
PATH = re.compile(r"^(?:src|docs|tests|tools|packaging|bench|web)/[\w./-]+$")
COMMAND = re.compile(r"^(?:\$ )?(?:[\w/.]*/)?pelorus ([a-z-]+)(.*)$")
BLOCK_SECONDS = 120


def documents():
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).exists()]


def parts(text):
    """Yields (line, prose line or None, (language words, block text) or None)."""
    block, words, start = None, [], 0
    for number, line in enumerate(text.splitlines(), 1):
        fence = FENCE.match(line.strip())
        if fence and block is None:
            block, words, start = [], fence.group(1).split(), number
        elif fence:
            yield start, None, (words, "\n".join(block) + "\n")
            block = None
        elif block is not None:
            block.append(line)
        else:
            yield number, line, None


def anchors(file):
    """What GitHub makes of the headings."""
    found = set()
    for _, line, _ in parts(file.read_text()):
        if line and line.startswith("#"):
            title = line.lstrip("#").strip().lower()
            found.add(re.sub(r"[^\w\- ]", "", title).replace(" ", "-"))
    return found


def link_fault(file, target):
    if re.match(r"^[a-z]+:", target):
        return None
    path, _, anchor = target.partition("#")
    place = (file.parent / path).resolve() if path else file
    if not place.exists():
        return f"the link leads nowhere: {target}"
    if anchor and place.suffix == ".md" and anchor not in anchors(place):
        return f"the document has no such heading: {target}"
    return None


def exists(path):
    """In the repository, with or without its ending; or made by a build."""
    place = ROOT / path
    if place.exists() or list(place.parent.glob(place.name + ".*")):
        return True
    return subprocess.run(["git", "check-ignore", path, path.rstrip("/") + "/"], cwd=ROOT, capture_output=True).returncode == 0


def prose_faults(file, line):
    for target in LINK.findall(line):
        yield link_fault(file, target)
    for code in CODE.findall(line):
        if PATH.match(code) and not exists(code):
            yield f"there is no {code}"


class Commands:
    """What the tool's own help knows."""

    def __init__(self, tool):
        self.tool = tool
        self.help = {}

    def options(self, name):
        if name not in self.help:
            asked = subprocess.run([self.tool, name, "--help"], capture_output=True, text=True)
            self.help[name] = asked.stdout if asked.returncode == 0 else None
        return self.help[name]

    def fault(self, line):
        found = COMMAND.match(line.strip())
        if not found or found.group(1) == "help":
            return None
        known = self.options(found.group(1))
        if known is None:
            return f"pelorus has no command {found.group(1)}"
        plain = re.sub(r"'[^']*'|\"[^\"]*\"", "", found.group(2)).split("#")[0].split("|")[0]
        for option in re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", plain):
            if not re.search(rf"(?<![\w-]){option}(?![\w-])", known):
                return f"pelorus {found.group(1)} has no option {option}"
        return None


def script_fault(line):
    """A block's line that begins with a file of the repository."""
    word = line.strip().removeprefix("$ ").split(" ")[0]
    if not word.startswith(("./", "tools/", "tests/", "packaging/")) or "*" in word:
        return None
    file = ROOT / word
    if not file.is_file() or not os.access(file, os.X_OK):
        return f"{word} is no program of the repository"
    return None


class SingleNode:
    """The package's single node in a directory of its own."""

    def __init__(self, package):
        self.work = tempfile.TemporaryDirectory(prefix="pelorus-docs-")
        self.server = pathlib.Path(self.work.name) / "server"
        shutil.copytree(pathlib.Path(package) / "server", self.server, symlinks=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = str(probe.getsockname()[1])
        config = self.server / "dolphindb.cfg"
        config.write_text(config.read_text().replace("localhost:8848", f"127.0.0.1:{self.port}"))
        subprocess.run(["sh", "startSingle.sh"], cwd=self.server, check=True, stdout=subprocess.DEVNULL)

    def stop(self):
        subprocess.run(["sh", "stopSingle.sh", "--timeout", "30"], cwd=self.server, stdout=subprocess.DEVNULL)
        self.work.cleanup()

    def program(self, language, text):
        """The command that runs a block."""
        if language == "python":
            made = subprocess.run([ROOT / "tests/python_env.sh"], stdout=subprocess.PIPE, text=True)  # its reasons go to our log
            return [made.stdout.strip(), "-c", text] if made.returncode == 0 else ["sh", "-c", "echo no Python environment; exit 1"]
        if language == "dolphindb":
            return [self.server / "pelorus", "run", "--port", self.port, "-u", "admin", "-p", "123456", "-e", text]
        return ["sh", "-euc", text]

    def fault(self, language, text):
        scratch = pathlib.Path(self.work.name) / "scratch"
        scratch.mkdir(exist_ok=True)
        environment = dict(os.environ, PATH=f"{self.server}:{os.environ['PATH']}")
        command = self.program(language, text.replace("8848", self.port))
        running = subprocess.Popen(
            command, cwd=scratch, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, start_new_session=True,
        )
        try:
            said, _ = running.communicate(timeout=BLOCK_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            return f"the block does not end within {BLOCK_SECONDS} s"
        return None if running.returncode == 0 else f"the block ended with {running.returncode}: {said.strip()[-600:]}"


def run_block(package, language, text):
    node = SingleNode(package)
    try:
        fault = node.fault(language, text)
    finally:
        node.stop()
    return [fault] if fault else []


def block_faults(file, words, text, commands):
    # Blocks of bytes and messages are no commands.
    if words and words[0] != "sh" or any(folder in file.parts for folder in ("formats", "protocol")):
        return
    for line in text.splitlines():
        yield script_fault(line)
        if commands:
            yield commands.fault(line)


def main(files):
    package = os.environ.get("PELORUS_PACKAGE")
    commands = Commands(pathlib.Path(package) / "server" / "pelorus") if package else None
    faults, ran = [], 0
    for file in files:
        for number, line, block in parts(file.read_text()):
            found = prose_faults(file, line) if block is None else block_faults(file, *block, commands)
            found = [fault for fault in found if fault]
            if block and block[0][1:] == ["single"] and package:
                ran += 1
                found += run_block(package, block[0][0], block[1])
            faults += [f"{file.relative_to(ROOT)}:{number}: {fault}" for fault in found]
    print("\n".join(faults))
    print(f"{len(files)} documents, {ran} blocks run, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main([pathlib.Path(name).resolve() for name in sys.argv[1:]] or documents()))
