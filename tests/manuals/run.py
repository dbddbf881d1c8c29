#!/usr/bin/env python3
"""The vendor's function manual against this build: how many functions of it exist, how many printed outputs of their examples come out.

  tests/manuals/run.py [--failures] [--page NAME]... [--in-process]

The pages are read out of the installed official JavaScript client; nothing of them is kept. Fails when a figure is below what
docs/compatibility.md publishes, or when a function of everyday_functions.txt is not there. Without --in-process the examples run on
a single node. Details go to build/manuals/report.json.
"""
import argparse
import collections
import json
import pathlib
import re
import select
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(ROOT / "tests" / "clients")]

import chance  # noqa: E402
import compare  # noqa: E402
import examples  # noqa: E402
import single_node  # noqa: E402

RUNNER = ROOT / "build-debug" / "tests" / "script_runner"
EVERYDAY = pathlib.Path(__file__).with_name("everyday_functions.txt")
PAGES = ("docs/compatibility.md", "docs/compatibility.zh.md")
SCRIPT_SECONDS = 10
# What a page may leave on the node.
CLEAN = ["for(g in exec fqn from getStreamGraphMeta() where status != `destroyed) { dropStreamGraph(g, true) }",
         "for(t in exec fqn from getOrcaStreamTableMeta()) { dropOrcaStreamTable(t) }",
         "for(s in exec name from objs(true) where shared) { undef(s, SHARED) }",
         "for(d in getClusterDFSDatabases()) { dropDatabase(d) }",
         "for(c in getAllCatalogs()) { dropCatalog(c) }",
         "engines = getStreamEngineStat(); "
         "for(kind in engines.keys()) { for(name in engines[kind].name) { dropStreamEngine(name) } }"]
# Rows go through a stream graph after they were appended; who wrote the page looked a moment later.
LATER = re.compile(r"^(select .*\borca_table\.)", re.M)
ASSIGNED = re.compile(r"^\s*(?:\w+\s+as\s+)?([A-Za-z_]\w*)\s*(?:\[.*\]\s*)?[-+*/]?=(?!=)")


class Ended(Exception):
    """The session gave no answer in time, or died."""


class Session:
    """One session of script_runner --printed."""

    def __init__(self, node):
        where = ["--server", f"{node.host}:{node.port}"] if node else []
        # Examples write files where they stand.
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen([RUNNER, *where, "--printed"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, cwd=self.folder.name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.folder.cleanup()

    def run(self, script):
        try:
            self.process.stdin.write(json.dumps(script).encode() + b"\n")
            self.process.stdin.flush()
        except OSError as error:
            raise Ended("the session ended") from error
        if not select.select([self.process.stdout], [], [], SCRIPT_SECONDS)[0]:
            raise Ended(f"no answer within {SCRIPT_SECONDS} s")
        line = self.process.stdout.readline()
        if not line:
            raise Ended("the session ended")
        return json.loads(line)


def shown_by(session, script):
    """The answer to a step. Where it ends with an assignment, pages show what was assigned."""
    answer = session.run(examples.with_stops(LATER.sub(r"sleep(500)\n\1", script)))
    lines = [line for line in re.sub(r"//[^\n]*", "", script).split("\n") if line.strip()]
    assigned = next((match for match in (ASSIGNED.match(part) for part in reversed(lines)) if match), None)
    if answer.get("form") == "void" and not answer["printed"].strip() and assigned:
        return session.run(assigned.group(1))
    return answer


def step_passes(step, answer):
    if step.table is not None:
        return bool(compare.table_matches(step.table, answer))
    return any(compare.printed_matches(text, answer) for text in step.printed)


def run_page(name, markdown, node):
    """One record for every printed output of a page; a node that dies or does not answer is started anew."""
    records, follower, ended = [], chance.Chance(), None
    with Session(node) as session:
        for step in examples.steps(markdown):
            reason = follower.reason(step)
            answer = {"error": ended} if ended else None
            if not ended and not chance.FORBIDDEN.search(step.script):
                try:
                    answer = shown_by(session, step.script)
                except Ended as error:
                    ended = str(error)
                    answer = {"error": ended}
            if not step.is_checked:
                if answer and "error" in answer:
                    records.append({"page": name, "kind": "prepared", "script": step.script, "answer": answer})
                continue
            kind = f"skipped: {reason}" if reason else "passed" if step_passes(step, answer) else "failed"
            records.append({"page": name, "kind": kind, "script": step.script, "shown": step.table or step.printed, "answer": answer})
    return records


class Cleaner:
    """Takes away what pages leave on a node, and the node itself when it hangs."""

    def __init__(self, node):
        self.node = node
        self.session = None

    def clean(self, records):
        hangs = any("no answer" in ((record["answer"] or {}).get("error") or "") for record in records)
        if hangs or self.node.process.poll() is not None:
            return self.restart()
        self.session = self.session or Session(self.node)
        try:
            for script in CLEAN:
                self.session.run(script)
        except Ended:
            self.restart()

    def restart(self):
        self.close()
        self.node.process.kill()
        self.node.process.wait()
        (self.node.home / "output.txt").unlink()
        (self.node.home / "dolphindb.log").unlink()
        self.node.start()

    def close(self):
        if self.session:
            self.session.__exit__()
        self.session = None


def manual():
    folder = subprocess.run([ROOT / "tests" / "javascript_env.sh"], capture_output=True, text=True, check=True).stdout.strip()
    return json.loads((pathlib.Path(folder) / "node_modules" / "dolphindb" / "docs.en.json").read_text())


def present(names, node):
    """Those of `names` that a script may call."""
    with Session(node) as session:
        return {name for name in names if session.run(f"typestr({name})").get("text", "").endswith("FUNCTION") or
                "error" not in session.run(f"typestr({name})")}


def missing_everyday(node):
    """Functions that scripts call day by day and that a script may not call here; `module::name` is looked for in the module's text."""
    lines = [line for line in EVERYDAY.read_text().split("\n") if not line.startswith("#")]
    names = " ".join(lines).split()
    there = present([name for name in names if "::" not in name], node)
    for name in names:
        module, _, function = name.partition("::")
        if function and re.search(rf"^def {function}\(", (ROOT / "modules" / f"{module}.dos").read_text(), re.M):
            there.add(name)
    return [name for name in names if name not in there]


def published():
    """Lowest figures the documents promise, in the order functions, outputs."""
    figures = []
    for page in PAGES:
        found = re.findall(r"\*\*([\d,]+)\*\*", (ROOT / page).read_text())
        figures.append([int(figure.replace(",", "")) for figure in found[:2]])
    if figures[0] != figures[1] or len(figures[0]) != 2:
        sys.exit(f"the figures of {' and '.join(PAGES)} differ: {figures}")
    return figures[0]


def explain(record):
    shown = record["shown"]
    text = "\n".join(" | ".join(column) for column in shown) if isinstance(shown[0], list) else "\n".join(shown)
    answer = record["answer"] or {}
    print(f"== {record['page']}\n{record['script']}\n-- shown\n{text}\n-- came\n{answer.get('error') or answer.get('text')}")


def measure(arguments, pages, node):
    names = present(pages, node)
    records = []
    cleaner = Cleaner(node) if node else None
    for name in sorted(pages):
        if name in names and (not arguments.page or name in arguments.page):
            of_page = run_page(name, pages[name]["markdown"], node)
            records += of_page
            if cleaner:
                cleaner.clean(of_page)
    if cleaner:
        cleaner.close()
    folder = ROOT / "build" / "manuals"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps({"present": sorted(names), "records": records}, indent=1))
    return names, records


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--failures", action="store_true", help="prints every output that does not come out")
    parser.add_argument("--page", action="append", help="only this page")
    parser.add_argument("--in-process", action="store_true", help="without a node: quicker, without its functions")
    arguments = parser.parse_args()
    pages = manual()
    if arguments.in_process:
        names, records = measure(arguments, pages, None)
    else:
        with single_node.SingleNode() as node:
            missing = missing_everyday(node)
            names, records = measure(arguments, pages, node)
    count = collections.Counter(record["kind"] for record in records)
    if arguments.failures:
        for record in records:
            if record["kind"] == "failed":
                explain(record)
    checked = count["passed"] + count["failed"]
    skipped = ", ".join(f"{value} {kind}" for kind, value in sorted(count.items()) if kind.startswith("skipped"))
    print(f"{len(names)} of {len(pages)} functions; {count['passed']} of {checked} outputs; {skipped}")
    if arguments.page or arguments.in_process:
        return 0
    if missing:
        print(f"everyday functions that are not there: {' '.join(missing)}")
        return 1
    functions, outputs = published()
    if len(names) < functions or count["passed"] < outputs:
        print(f"docs/compatibility.md publishes {functions} functions and {outputs} outputs")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
