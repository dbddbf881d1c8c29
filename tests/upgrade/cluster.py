"""Three hosts with a deployed cluster, a writer on the operator's desk, and `pelorus upgrade` run there."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("hosts", "cluster"):
    sys.path.insert(0, str(HERE.parent / folder))
from hosts import ENVIRONMENT, Network, Refused, wait_until  # noqa: E402
from writer import ROWS, Writer  # noqa: E402

PASSWORD = "123456"
PACKAGE = pathlib.Path(os.environ["PELORUS_PACKAGE"]).resolve()
HOSTS = (1, 2, 3)
SERVER = "/home/pelorus/server"
DATABASE, TABLE = "dfs://upgraded", "batches"


def address(k):
    return f"172.0.0.{k}"


class DeskWriter(Writer):
    """The official client, writing from the desk."""

    def __init__(self, cluster, name):
        self.results = cluster.network.common / f"{name}.writer"
        self.results.touch()
        sites = [f"{address(k)}:8902" for k in HOSTS]
        line = [*cluster.desk.enter(), sys.executable, HERE.parent / "cluster/writer.py", DATABASE, TABLE, "admin", PASSWORD,
                self.results, *sites]
        environment = {**ENVIRONMENT, "PELORUS_BED_HOST": "127.0.0.1"}
        self.process = subprocess.Popen([str(word) for word in line], env=environment, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self.began = time.monotonic()

    def rate(self):
        return len(self.acknowledged()) * ROWS / (time.monotonic() - self.began)


class Cluster:
    def __init__(self):
        self.network = Network(len(HOSTS), share=[PACKAGE])
        self.desk = self.network.desk
        self.state = self.network.common / "state"
        self.next = self.network.common / "next"

    def deploy(self):
        hosts = ",".join(address(k) for k in HOSTS)
        self.desk.run(f"PELORUS_PASSWORD={PASSWORD} {PACKAGE}/server/pelorus deploy --hosts {hosts} --directory /home/pelorus",
                      timeout=900)
        self.ask(f"""
            db = database('{DATABASE}', VALUE, 1..100)
            db.createPartitionedTable(table(1:0, `id`batch, [INT, INT]), `{TABLE}, `id)
        """)

    def make_next(self):
        """The package of the next version: the same with the next program and another page."""
        shutil.copytree(PACKAGE / "server", self.next / "server", symlinks=True)
        for name in ("pelorusd", "dolphindb"):
            (self.next / "server" / name).unlink()
        shutil.copy2(os.environ["PELORUS_NEXT"], self.next / "server/pelorusd")
        subprocess.run(["strip", "--strip-debug", self.next / "server/pelorusd"], check=True)
        os.link(self.next / "server/pelorusd", self.next / "server/dolphindb")
        (self.next / "server/web").mkdir(exist_ok=True)
        (self.next / "server/web/next.txt").write_text("next\n")

    def close(self):
        self.network.close()

    # --- asking
    def ask(self, script, k=1, port=8902):
        return self.desk.ask(f"{address(k)}:{port}", script, password=PASSWORD)

    def run(self, script, site=None):
        """For Writer.check: a table as columns, from whichever data node answers."""
        rows = wait_until(lambda: self.ask(script, k=2), 30, script)
        return {name: [row[name] for row in rows] for name in rows[0]} if rows else {"batch": [], "rows": []}

    def members(self):
        rows = wait_until(lambda: self.ask("getClusterMembers()", k=2, port=8900), 30, "the members")
        return {row["alias"]: row for row in rows}

    def versions(self):
        return sorted({row["version"] for row in self.members().values() if row["state"] == 1})

    def level(self):
        return self.ask("getFeatureLevel()", k=2, port=8900)

    def pids(self):
        """{(host, alias): pid} of all nodes."""
        script = f"cd {SERVER}/clusterDemo/data; for d in */node.pid; do echo \"${{d%/*}} $(sed 's/ .*//' $d)\"; done"
        found = {}
        for k in HOSTS:
            for line in self.network.host(k).run(script).stdout.splitlines():
                alias, pid = line.split()
                found[k, alias] = pid
        return found

    # --- the tool
    def line(self, *words):
        quoted = " ".join(f"'{word}'" for word in words)
        return (f"export PELORUS_PASSWORD={PASSWORD}; exec {PACKAGE}/server/pelorus upgrade {quoted} --state {self.state} "
                "-u admin --lang en")

    def upgrade(self, *words, expect=0, timeout=900):
        done = self.desk.run(self.line(*words), check=False, timeout=timeout)
        assert done.returncode == expect, f"upgrade {words}: exit {done.returncode}, not {expect}\n{done.stdout}\n{done.stderr}"
        return done

    def plan(self, *words):
        shown = self.upgrade("plan", *words, "--host", address(1), "--port", "8900", "--json")
        return json.loads(shown.stdout)["id"]

    def plan_next(self):
        return self.plan("--package", self.next)

    def journal(self, plan):
        return json.loads((self.state / plan / "journal.json").read_text())

    def steps_in(self, plan, word):
        return sum(step["state"] == word for step in self.journal(plan)["steps"])

    def upgrade_killed(self, verb, plan, word, at_most, end):
        """Runs the verb, killing the tool with SIGKILL in every step until it was killed so often; then to its end."""
        kills = 0
        pid_file = self.network.common / "tool.pid"
        while kills < at_most:
            before = self.steps_in(plan, word)
            pid_file.unlink(missing_ok=True)
            process = self.desk.run(f"echo $$ >{pid_file}; {self.line(verb, plan)}", background=True)
            deadline = time.monotonic() + 300
            # Once between two steps, once in the middle of one.
            while process.poll() is None and self.steps_in(plan, word) == before and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(0.3 * (kills % 3))
            if process.poll() is None:
                self.desk.run(f"kill -9 $(cat {pid_file})", check=False)
                kills += 1
            process.wait()
            if self.journal(plan)["state"] == end:
                return kills
        self.upgrade(verb, plan)
        assert self.journal(plan)["state"] == end
        return kills
