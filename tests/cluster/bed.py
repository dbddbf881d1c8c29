"""A pseudo-HA cluster from release packages, real processes on one loopback address: the seed's first deployment.

Every process is started and stopped by the shipped scripts; faults are signals sent to the processes of this bed only.
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
import time

import dolphindb

HOST = os.environ.get("PELORUS_BED_HOST", "127.0.0.1")  # another loopback address lets beds run side by side
USER, PASSWORD = "admin", "123456"
SEED = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "seed-configs" / "single"


def free_base_port(count=12):
    """The first of `count` neighbouring ports, from PELORUS_BED_PORT on, nobody listens on."""
    for base in range(int(os.environ.get("PELORUS_BED_PORT", 21900)), 29900, 20):
        sockets = []
        try:
            for port in range(base, base + count):
                s = socket.socket()
                sockets.append(s)
                s.bind((HOST, port))
            return base
        except OSError:
            continue
        finally:
            for s in sockets:
                s.close()
    raise RuntimeError("no free ports")


def wait_until(condition, seconds, what):
    """Polls until `condition()` is true; its last exception or value explains a timeout."""
    last = None
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            last = condition()
            if last:
                return last
        except Exception as error:  # the cluster may be starting: the last reason is reported
            last = error
        time.sleep(0.1)
    raise TimeoutError(f"{what} within {seconds} s: {last!r}")


class Bed:
    """Three packages in a folder of their own, the seed's configuration with addresses and paths of this bed.

    with Bed(PACKAGE) as bed: unpacked; to be started. Stopped, killed and removed at the end; the logs are printed when
    something was raised or, given pytest's `request`, a test has failed meanwhile.
    """

    controllers = ("controller1", "controller2", "controller3")
    nodes = ("node1", "node2", "node3")

    def __init__(self, package, request=None):
        self.package = pathlib.Path(package)
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="pelorus-bed-"))
        self.session = request and request.session
        self.failed_before = self.session and self.session.testsfailed
        self.base_port = free_base_port()
        # controller1..3 are 9901..9903, agent1 9904, node1..3 9907..9909 in the seed
        self.ports = {f"controller{i}": self.base_port + i for i in (1, 2, 3)}
        self.ports["agent1"] = self.base_port + 4
        self.ports.update({f"node{i}": self.base_port + 6 + i for i in (1, 2, 3)})

    def __enter__(self):
        try:
            self.unpack()
        except BaseException:
            shutil.rmtree(self.base, ignore_errors=True)
            raise
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is not None or (self.session and self.session.testsfailed > self.failed_before):
                print(self.logs(lines=60), file=sys.stderr)
            if kind is None:
                self.stop()
        finally:
            self.kill_everything()
            shutil.rmtree(self.base, ignore_errors=True)

    # --- deployment: S9 to S12
    def unpack(self):
        for k in (1, 2, 3):
            shutil.copytree(self.package / "server", self.demo(k).parent, symlinks=True)
            (self.demo(k).parent / "dolphindb.lic").write_text("any licence will do\n")
            for file in (SEED / f"dolphindb_{k}").iterdir():
                # cluster1_2.cfg -> cluster.cfg
                name = file.name.split("1_")[0] + file.suffix
                text = file.read_bytes().decode()
                text = text.replace("172.0.0.1", HOST).replace("170.0.0.1", HOST)
                text = text.replace("/ssd/ssd1/", f"{self.base}/ssd/")
                for port in range(9901, 9914):
                    text = text.replace(f":{port}:", f":{self.base_port + port - 9900}:")
                (self.demo(k) / "config" / name).write_bytes(text.encode())

    def set_config(self, k, file, **settings):
        """Appends settings to a configuration file of package k."""
        path = self.demo(k) / "config" / file
        lines = [f"{key}={value}" for key, value in settings.items()]
        path.write_bytes(path.read_bytes() + ("\r\n" + "\r\n".join(lines)).encode())

    def demo(self, k):
        return self.base / f"dolphindb_{k}" / "server" / "clusterDemo"

    # --- start and stop: S13 to S15
    def script(self, k, name, check=True):
        done = subprocess.run(["sh", name], cwd=self.demo(k), capture_output=True, text=True, timeout=120)
        if check and done.returncode != 0:
            raise RuntimeError(f"{name} of package {k}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def start(self):
        for k in (1, 2, 3):
            self.script(k, "startController.sh")
        self.script(1, "startAgent.sh")
        self.wait_leader()

    def start_nodes(self, aliases=nodes, are_new=False):
        """With `are_new` it fails when a node counts as running before it takes logins."""
        names = "".join(f"`{alias}" for alias in aliases)
        wait_until(lambda: self.run("1", site="controller1") == 1, 20, "controller1 takes logins")
        wait_until(lambda: self.perf()["agent1"]["state"] == 1, 20, "agent1 registered")
        wait_until(lambda: self.order(f"startDataNode({names})"), 20, "the agent takes orders")
        for alias in aliases if are_new else ():
            wait_until(lambda alias=alias: self.perf()[alias]["state"] == 1, 60, f"{alias} running")
            assert self.run("1", site=alias) == 1
        self.wait_nodes(aliases)

    def stop(self):
        for k in (1, 2, 3):
            self.script(k, "stopAllNode.sh", check=False)

    def kill_everything(self):
        for alias in self.ports:
            pid = self.pid(alias)
            if pid is not None and alive(pid):
                os.kill(pid, signal.SIGKILL)

    # --- faults
    def home(self, alias):
        k = int(alias[-1]) if alias.startswith("controller") else 1
        return self.demo(k) / "data" / alias

    def pid(self, alias):
        try:
            return int(re.search(r"\bpid=(\d+)", (self.home(alias) / "node.pid").read_text())[1])
        except (OSError, TypeError):
            return None

    def kill(self, alias, sig=signal.SIGKILL):
        """Signals the node's process, which must be running; after SIGKILL it is gone."""
        pid = self.pid(alias)
        if pid is None or not alive(pid):
            raise RuntimeError(f"{alias} is not running: pid {pid}")
        os.kill(pid, sig)
        if sig == signal.SIGKILL:
            wait_until(lambda: not alive(pid), 10, f"{alias} gone")

    def restart_controller(self, alias):
        self.script(int(alias[-1]), "startController.sh")

    def order(self, script):
        """Runs an order on controller1; true when it was carried out."""
        self.run(script, site="controller1")
        return True

    # --- asking
    def site(self, alias):
        return f"{HOST}:{self.ports[alias]}"

    def connect(self, site="node1", **options):
        session = dolphindb.Session(show_output=False)
        if not session.connect(HOST, self.ports[site], USER, PASSWORD, **options):
            raise ConnectionError(f"cannot connect to {site}")
        return session

    def run(self, script, site="node1"):
        session = self.connect(site)
        try:
            return session.run(script)
        finally:
            session.close()

    def perf(self, site=None):
        """getClusterPerf(true) as {alias: row} from any controller that answers."""
        sites = [site] if site else self.controllers
        last = None
        for name in sites:
            try:
                table = self.run("getClusterPerf(true)", site=name)
                return {row["name"]: row for _, row in table.iterrows()}
            except Exception as error:
                last = error
        raise last

    def leader(self):
        leaders = [name for name, row in self.perf().items() if row["mode"] == 2 and row["isLeader"] == True]  # noqa: E712
        return leaders[0] if len(leaders) == 1 else None

    def wait_leader(self, seconds=30):
        return wait_until(self.leader, seconds, "one leader")

    def wait_nodes(self, aliases=nodes, seconds=60):
        wait_until(lambda: all(self.perf()[alias]["state"] == 1 for alias in aliases), seconds, f"{aliases} running")
        wait_until(lambda: all(self.run("1", site=alias) == 1 for alias in aliases), seconds, f"{aliases} take logins")

    def wait_equal_replicas(self, database, table, holds_still=True, seconds=60):
        """Until every chunk has two replicas that lack nothing and, unless somebody writes meanwhile, equal hashes."""
        def agree():
            chunks = {}
            for _, row in self.run(f"getReplicaHashes('{database}', '{table}')").iterrows():
                chunks.setdefault(row["chunkId"], []).append((row["inSync"], holds_still and (row["rows"], row["hash"])))
            return chunks and all(
                len(replicas) == 2 and len(set(replicas)) == 1 and replicas[0][0] for replicas in chunks.values())

        wait_until(agree, seconds, "two equal replicas of every chunk")

    def logs(self, lines=25):
        text = []
        for log in sorted(self.base.glob("dolphindb_*/server/clusterDemo/log/*.log")):
            tail = log.read_text(errors="replace").splitlines()[-lines:]
            text.append(f"--- {log.relative_to(self.base)}\n" + "\n".join(tail))
        return "\n".join(text)


def alive(pid):
    """Whether any thread still runs: until the last has ended the process keeps its sockets."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            is_zombie = stat.read().rsplit(")", 1)[1].split()[0] == "Z"
        return not is_zombie or len(os.listdir(f"/proc/{pid}/task")) > 1
    except OSError:
        return False
