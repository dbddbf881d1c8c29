"""A cluster goes 1 -> 3 -> 5 -> 3 -> 1 host while nodes and the tool are killed and cables cut at random steps; the tool then resumes.

Every walk prints its seed, what was done to it, rows lost and doubled, the longest write gap, and how often a step cost the
majority of the controllers.
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import threading
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "migrate"))
from hosts_cluster import HostsCluster  # noqa: E402
from hosts import ENVIRONMENT, Refused, wait_until  # noqa: E402

WALKS = int(os.environ.get("PELORUS_WALKS", "2"))
SEED = int(os.environ.get("PELORUS_WALK_SEED", time.time_ns() // 1_000_000_000))
RESUMES_MOST = 8
CUT_SECONDS = (1.0, 4.0)


class Majority(threading.Thread):
    """Looks at the controllers' votes; a look counts unless a fault of ours is at work or was a moment ago."""

    def __init__(self, walk):
        super().__init__(daemon=True)
        self.walk, self.looks, self.lost, self.stopping = walk, 0, [], threading.Event()

    def run(self):
        while not self.stopping.wait(0.5):
            faults = self.walk.faults_at_work()
            try:
                rows = self.walk.cluster.members()
            except Exception as error:  # nobody answered: counted only where nothing was done to the cluster
                rows = error
            if faults or self.walk.faults_at_work():
                continue
            self.looks += 1
            if isinstance(rows, Exception):
                self.lost.append(str(rows)[-200:])
                continue
            voters = [row for row in rows if row["vote"] == "voter"]
            if sum(row["state"] == 1 for row in voters) * 2 <= len(voters):
                self.lost.append(str([(row["alias"], row["state"]) for row in voters]))


class Walk:
    def __init__(self, cluster, seed):
        self.cluster, self.random, self.done = cluster, random.Random(seed), []
        self.quiet_from = 0.0
        self.looked, self.steps_seen = None, 0
        self.figures = []

    def faults_at_work(self):
        return time.monotonic() < self.quiet_from

    def hosts(self, *numbers):
        return ",".join(f"172.0.0.{k}" for k in numbers)

    def go(self):
        home = next(iter(self.cluster.shape()))
        others = [k for k in range(1, 6) if k != home]
        self.random.shuffle(others)
        three = [home, *others[:2]]
        back = self.random.sample(range(1, 6), 3)
        last = self.random.choice(back)
        for name, numbers, extra in (("1 to 3", three, ()), ("3 to 5", range(1, 6), ()), ("5 to 3", back, ()),
                                     ("3 to 1", [last], ("--accept-risk",))):
            plan, figures = self.cluster.change(name, "--to-hosts", self.hosts(*numbers), *extra, apply=self.apply, rate=0)
            self.figures.append(figures)
            self.cluster.migrate("finish", plan["id"], "--yes")
            assert set(self.cluster.shape()) == set(numbers)
            self.check_nothing_is_left(set(range(1, 6)) - set(numbers))

    def check_nothing_is_left(self, numbers):
        """finish removes what members that have left had, and nothing writes there any more."""
        time.sleep(1.0)
        for number in numbers:
            found = self.cluster.network.host(number).run("find /ssd -mindepth 3 -maxdepth 3; ls -d /home/*/server", check=False).stdout
            assert not found, f"server{number} keeps {found}"

    # --- the tool, interrupted
    def apply(self, plan):
        steps = len(plan["steps"])
        events = sorted((self.random.randrange(1, steps), self.random.choice(("tool", "node", "node", "cut")))
                        for _ in range(self.random.randint(1, 2)))
        verb = "apply"
        for _ in range(RESUMES_MOST):
            status = self.run_tool(verb, plan, events)
            if status == 0:
                return
            verb = "resume" if self.journal(plan)["state"] != "planned" else "apply"
            self.done.append(f"{verb} after status {status}")
            wait_until(self.everybody_is_there, 90, "everybody online before going on")
        raise RuntimeError(f"not done after {RESUMES_MOST} times: {json.dumps(self.journal(plan))[-2000:]}")

    def run_tool(self, verb, plan, events):
        words = self.cluster.command("migrate", verb, plan["id"], "--state", "/root/state", "--lang", "en")
        log = self.cluster.network.common / "tool.log"
        with open(log, "a") as output:
            process = subprocess.Popen([*self.cluster.desk.enter(), "bash", "-c", f"echo $$ > /root/tool.pid; {words}"],
                                       env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        while process.poll() is None:
            if events and self.steps_done(plan) >= events[0][0]:
                at, kind = events.pop(0)
                self.done.append(f"{kind} at step {at}: {getattr(self, 'harm_' + kind)()}")
            time.sleep(0.02)
        return process.returncode

    def journal_file(self, plan):
        return self.cluster.desk.root / "root/state" / plan["id"] / "journal.json"

    def journal(self, plan):
        return json.loads(self.journal_file(plan).read_text())

    def steps_done(self, plan):
        """Read anew only after the tool has written."""
        path = self.journal_file(plan)
        try:
            written = path.stat().st_mtime_ns
            if self.looked != (path, written):
                self.steps_seen = sum(step["state"] == "done" for step in self.journal(plan)["steps"])
                self.looked = (path, written)
            return self.steps_seen
        except (OSError, ValueError):
            return 0

    def everybody_is_there(self):
        rows = [row for row in self.cluster.members() if row["nodeUuid"]]  # others have never run: the plan starts them
        for row in rows:
            if row["state"] != 1 and row["host"]:
                self.start(row["alias"], row["role"], row["host"])
        return all(row["state"] == 1 for row in rows)

    # --- faults
    def harm_tool(self):
        self.cluster.desk.run("kill -9 $(cat /root/tool.pid)", check=False)
        return "killed"

    def harm_node(self):
        rows = [row for row in self.cluster.members() if row["state"] == 1 and row["host"]]
        row = self.random.choice(rows)
        host = self.cluster.network.host(int(row["host"].rsplit(".", 1)[1]))
        self.quiet_from = time.monotonic() + 3600
        try:
            host.kill(row["alias"])
            time.sleep(self.random.uniform(0.2, 2.0))
            self.start(row["alias"], row["role"], row["host"])
        except RuntimeError as error:  # it was stopped by the plan just then
            return f"{row['alias']} was gone: {str(error)[:80]}"
        finally:
            self.quiet_from = time.monotonic() + 12
        return row["alias"]

    def start(self, alias, role, address):
        if role == "datanode":
            self.cluster.ask_controllers(f"startDataNode([`{alias}])")
            return
        script = {"controller": "startController.sh", "agent": "startAgent.sh"}[role]
        host = self.cluster.network.host(int(address.rsplit(".", 1)[1]))
        host.run(f"for demo in /home/*/server/clusterDemo; do if [ -d $demo/data/{alias} ]; then cd $demo && sh {script}; fi; done",
                 check=False, timeout=90)

    def harm_cut(self):
        hosts = list(self.cluster.network.hosts.values())
        lonely = self.random.choice(hosts)
        self.quiet_from = time.monotonic() + 3600
        lonely.cut(*[host for host in hosts if host is not lonely])
        time.sleep(self.random.uniform(*CUT_SECONDS))
        for host in hosts:
            host.heal()
        self.quiet_from = time.monotonic() + 12
        return lonely.name


def test_walks():
    try:
        cluster = HostsCluster(os.environ["PELORUS_PACKAGE"], 5)
    except Refused as reason:
        pytest.skip(str(reason))
    totals = {"walks": 0, "lost": 0, "doubled": 0, "quorum": 0, "gap": 0.0}
    try:
        cluster.writer_pause = 0.05  # twenty thousand rows a second at most: a walk is about steps and faults
        cluster.deploy("single")
        cluster.make_table()
        for number in range(WALKS):
            seed = SEED + number
            print(f"\nwalk {number + 1} of {WALKS}, seed {seed}", flush=True)
            walk = Walk(cluster, seed)
            watch = Majority(walk)
            watch.start()
            began = time.monotonic()
            try:
                walk.go()
            finally:
                watch.stopping.set()
                print("  " + "\n  ".join(walk.done), flush=True)
            watch.join(timeout=120)
            lost, doubled = (sum(figures[what] for figures in walk.figures) for what in ("lost", "doubled"))
            gap = max(figures["write_gap"] for figures in walk.figures)
            print(f"  walk of seed {seed}: {time.monotonic() - began:.0f} s, {sum(f['rows'] for f in walk.figures)} rows acknowledged, "
                  f"lost {lost}, doubled {doubled}, majority lost by a step {len(watch.lost)} of {watch.looks} looks, "
                  f"longest write gap {gap:.2f} s", flush=True)
            assert not watch.lost, watch.lost
            totals = {"walks": totals["walks"] + 1, "lost": totals["lost"] + lost, "doubled": totals["doubled"] + doubled,
                      "quorum": totals["quorum"] + len(watch.lost), "gap": max(totals["gap"], gap)}
    except BaseException:
        tool = cluster.network.common / "tool.log"
        print(tool.read_text(errors="replace")[-3000:] if tool.exists() else "")
        print(cluster.tails())
        raise
    finally:
        cluster.close()
    print(f"\n{totals['walks']} walks: {totals['lost']} rows lost, {totals['doubled']} doubled, majority lost {totals['quorum']} times, "
          f"longest write gap {totals['gap']:.2f} s")
