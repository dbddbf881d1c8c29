"""A cluster that moves: it begins as the seed's pseudo-HA bed on one loopback address and is changed by `pelorus migrate`.

A host is a loopback address and a folder, so the tool works on it without ssh; paths of new hosts are mapped into their folder.
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import dolphindb

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cluster"))
from bed import PASSWORD, USER, Bed, alive, wait_until  # noqa: E402

NET = os.environ["PELORUS_MIGRATE_NET"]


def host(k):
    return f"{NET}.{k}"


class MovingCluster(Bed):
    """The bed, asked through whichever members it has now."""

    def __init__(self, package, request):
        super().__init__(package, request)
        self.sites = {alias: (host(1), port) for alias, port in self.ports.items()}
        self.state = self.base / "state"

    def seal(self, authority):
        """After unpack(): nodes speak TLS; the authority's key lies beside the host's own, as deploy leaves it."""
        keys = self.base / "ssd/keys"
        authority.issue(keys, host(1))
        for k in (1, 2, 3):
            for file in ("controller.cfg", "agent.cfg"):
                self.set_config(k, file, enableHTTPS=1, enableRpcSSL=1, keyPath=keys)
            self.set_config(k, "cluster.cfg", enableHTTPS=1, enableRpcSSL=1)
        (keys / "ca.key").write_bytes((authority.folder / "ca.key").read_bytes())

    # --- asking: addresses come from the cluster itself
    def look(self):
        """getClusterMembers() as {alias: row}; the addresses are remembered."""
        rows = self.run("getClusterMembers()", site="any controller")
        members = {row["alias"]: row for _, row in rows.iterrows()}
        self.sites.update({alias: (row["host"], int(row["port"])) for alias, row in members.items() if row["host"]})
        self.members = members
        return members

    def connect(self, site="any", **options):
        wanted = [site] if site in self.sites else self.candidates(site)
        last = None
        for alias in wanted:
            address, port = self.sites[alias]
            session = dolphindb.Session(show_output=False)
            try:
                if session.connect(address, port, USER, PASSWORD, **options):
                    return session
            except Exception as error:
                last = error
        raise ConnectionError(f"nobody of {wanted} answers: {last}")

    def candidates(self, what):
        stem = "controller" if "controller" in what else "node"
        living = getattr(self, "members", {})
        return [alias for alias in self.sites if alias.startswith(stem) and (not living or alias in living)]

    def run(self, script, site="any"):
        session = self.connect(site)
        try:
            return session.run(script)
        finally:
            session.close()

    def site(self, alias):
        address, port = self.sites[alias]
        return f"{address}:{port}"

    def shape(self):
        """{host: sorted aliases}"""
        hosts = {}
        for alias, row in self.look().items():
            hosts.setdefault(row["host"], []).append(alias)
        return {address: sorted(aliases) for address, aliases in hosts.items()}

    # --- the tool
    def tool(self, *words):
        return [str(self.package / "server/pelorus"), "migrate", *words, "--state", str(self.state), "--user", USER,
                "--password", PASSWORD, "--lang", "en"]

    def migrate(self, *words, expect=0, seconds=600):
        done = subprocess.run(self.tool(*words), capture_output=True, text=True, timeout=seconds)
        if expect is not None and done.returncode != expect:
            raise RuntimeError(f"migrate {' '.join(words)}: exit {done.returncode} instead of {expect}\n"
                               f"{done.stdout[-3000:]}{done.stderr[-6000:]}")
        return done

    def plan(self, *words, expect=0):
        """The plan's id, or nothing when it is refused."""
        address, port = self.sites[next(a for a in self.candidates("controller") if a in getattr(self, "members", {a: 0}))]
        # The same machine keeps its folders.
        folders = () if "--move-host" in words else ("--dir", f"{self.base}/hosts/<HOST>",
                                                     "--map-path", f"{self.base}/ssd={self.base}/hosts/<HOST>/ssd")
        done = self.migrate("plan", *words, *folders, "--host", address, "--port", str(port), "--json", expect=expect)
        return json.loads(done.stdout)["id"] if expect == 0 else done

    def to_hosts(self, *numbers):
        return self.plan("--to-hosts", ",".join(host(k) for k in numbers))

    def journal(self, plan):
        return json.loads((self.state / plan / "journal.json").read_text())

    def steps_done(self, plan, word="done"):
        return sum(step["state"] == word for step in self.journal(plan)["steps"])

    def migrate_killed(self, plan, verb="apply", word="done"):
        """Runs the plan, killing the tool with SIGKILL after every step. Returns how often it was killed."""
        kills = 0
        while True:
            before = self.steps_done(plan, word)
            process = subprocess.Popen(self.tool(verb, plan), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            end = time.monotonic() + 300
            while process.poll() is None and self.steps_done(plan, word) == before and time.monotonic() < end:
                time.sleep(0.005)
            if process.poll() is None:
                process.kill()
                kills += 1
            output = process.communicate()[0]
            if process.returncode not in (0, -signal.SIGKILL):
                raise RuntimeError(f"{verb} of {plan}: exit {process.returncode}\n{output[-6000:]}")
            if process.returncode == 0:
                return kills
            verb = "resume" if self.journal(plan)["state"] in ("running", "rolling back", "done") else verb
            if self.journal(plan)["state"] in ("done", "rolled back"):
                return kills

    # --- the end
    def servers(self):
        return [path.parent for path in self.base.glob("**/server/clusterDemo") if path.is_dir()]

    def stop(self):
        for server in self.servers():
            script = server / "clusterDemo/stopAllNode.sh"
            if script.exists():
                subprocess.run(["sh", str(script), "--timeout", "20"], capture_output=True, timeout=60)

    def kill_everything(self):
        for file in self.base.glob("**/node.pid"):
            found = re.search(r"\bpid=(\d+)", file.read_text())
            if found and alive(int(found[1])):
                os.kill(int(found[1]), signal.SIGKILL)

    def logs(self, lines=12):
        text = []
        for server in self.servers():
            for log in sorted((server / "clusterDemo/log").glob("*.log")):
                text.append(f"--- {log.relative_to(self.base)}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-lines:]))
        return "\n".join(text)
