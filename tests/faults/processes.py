"""Three controllers and three data nodes as processes of this one: no agent, so that each is started exactly as a test wants it,
with a fault ordered or without."""
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import dolphindb

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cluster"))
from bed import PASSWORD, USER, wait_until  # noqa: E402

# A loopback address of its own: suites run side by side.
HOST = f"127.77.{os.getpid() // 250 % 250 + 1}.{os.getpid() % 250 + 1}"
PORT = 22400
CONTROLLERS = ("controller1", "controller2", "controller3")
NODES = ("node1", "node2", "node3")
READY_SECONDS = 60
MEMORY = pathlib.Path("/dev/shm")  # what a killed process has written stays there as on a disk, and nothing waits for one
MEMORY_LEAST = 4 << 30
LAST_WORDS = re.compile(rb"PELORUS_FAULT: dies at (\S+), passage (\d+)")


class Node:
    """One process at a time, at one place."""

    def __init__(self, cluster, alias, port, directory):
        self.cluster, self.alias, self.port, self.directory = cluster, alias, port, directory
        self.process, self.fault = None, None
        self.said_before = 0  # bytes of output of earlier processes

    @property
    def is_controller(self):
        return self.alias in CONTROLLERS

    @property
    def site(self):
        return f"{HOST}:{self.port}:{self.alias}"

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def arguments(self):
        place = self.directory
        shared = ["-localSite", self.site, "-home", place / "home", "-logFile", place / f"{self.alias}.log", "-console", "0"]
        if self.is_controller:
            return ["-mode", "controller", *shared, "-config", place / "controller.cfg", "-nodesFile", place / "cluster.nodes",
                    "-clusterConfig", place / "cluster.cfg", "-dfsMetaDir", place / "dfsMeta"]
        controllers = ",".join(f"{node.site}:controller" for node in self.cluster.controllers)
        return ["-mode", "datanode", *shared, "-config", "/noconfig", "-controllerSite", self.cluster.controllers[0].site,
                "-sites", controllers, "-volumes", place / "volumes", "-redoLogDir", place / "redoLog",
                "-chunkMetaDir", place / "chunkMeta", *self.cluster.node_settings]

    def start(self, fault=None, preload=None):
        assert not self.runs(), f"{self.alias} runs already"
        self.directory.mkdir(parents=True, exist_ok=True)
        self.cluster.configure(self)
        (self.directory / "home" / self.alias / "node.state").unlink(missing_ok=True)
        environment = dict(os.environ)
        environment.pop("PELORUS_FAULT", None)
        environment.update({"PELORUS_FAULT": fault} if fault else {})
        environment.update({"LD_PRELOAD": str(preload)} if preload else {})
        with open(self.output, "ab") as output:
            self.said_before = output.tell()
            self.process = subprocess.Popen([self.cluster.program, *map(str, self.arguments())], env=environment, stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=output, cwd=self.directory)
        self.fault = fault

    @property
    def output(self):
        return self.directory / f"{self.alias}.output"

    def died_at(self):
        """The point at which the last process died of an order, or None."""
        with open(self.output, "rb") as output:
            output.seek(self.said_before)
            words = LAST_WORDS.search(output.read())
        return words and words[1].decode()

    def state(self):
        try:
            return (self.directory / "home" / self.alias / "node.state").read_text().strip()
        except OSError:
            return ""

    def is_ready(self):
        return self.runs() and self.state().startswith("ready")

    def wait_ready(self, seconds=READY_SECONDS):
        """False when the process died meanwhile."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.is_ready():
                return True
            if not self.runs():
                return False
            time.sleep(0.02)
        raise TimeoutError(f"{self.alias} is not ready in {seconds} s: {self.state()}")

    def kill(self):
        if self.runs():
            self.process.kill()
        self.process.wait()

    def stop(self):
        if self.runs():
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)

    def wait_death(self, seconds):
        """Whether it died of SIGKILL within the time. Any other end is a failure: the program must not end by itself."""
        if self.process.poll() is None:
            end = os.pidfd_open(self.process.pid)
            try:
                if not select.select([end], [], [], seconds)[0]:
                    return False
            finally:
                os.close(end)
        code = self.process.wait()
        if code != -signal.SIGKILL:
            raise AssertionError(f"{self.alias} ended with {code}, fault {self.fault}:\n{self.tail()}")
        return True

    def log(self):
        path = self.directory / f"{self.alias}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def tail(self, lines=30):
        text = (self.output.read_text(errors="replace") if self.output.exists() else "") + self.log()
        return "\n".join(text.splitlines()[-lines:])


class Cluster:
    """with Cluster(PACKAGE) as cluster: founded, all nodes ready. Killed and removed at the end; logs are printed after a failure."""

    node_settings = ("-workerNum", "4", "-OLAPCacheEngineSize", "0.0625")
    controller_settings = {"dfsHAMode": "Raft", "dfsReplicationFactor": 2, "dfsReplicaReliabilityLevel": 0, "workerNum": 4,
                           "raftSnapshotAfter": 64, "dfsRecoveryWaitTime": 0,
                           "raftElectionTimeout": 800, "raftHeartbeat": 100}  # for a machine that others use too

    def __init__(self, package, place=None, starts=True):
        """`place`: directory of an alias; by default all lie in one temporary directory, in memory where there is enough."""
        self.program = pathlib.Path(package) / "server" / "dolphindb"
        in_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_LEAST
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="pelorus-faults-", dir=MEMORY if in_memory else None))
        self.starts = starts
        place = place or (lambda alias: self.base / alias)
        self.controllers = [Node(self, alias, PORT + i, place(alias)) for i, alias in enumerate(CONTROLLERS)]
        self.nodes = [Node(self, alias, PORT + 10 + i, place(alias)) for i, alias in enumerate(NODES)]
        self.all = self.controllers + self.nodes
        self.named = {node.alias: node for node in self.all}

    def configure(self, node):
        if not node.is_controller:
            return
        modes = [(one.site, "controller" if one.is_controller else "datanode") for one in self.all]
        (node.directory / "cluster.nodes").write_text("localSite,mode\n" + "".join(f"{site},{mode}\n" for site, mode in modes))
        (node.directory / "cluster.cfg").write_text("maxMemSize=4\n")
        text = "".join(f"{key}={value}\n" for key, value in {"localSite": node.site, **self.controller_settings}.items())
        (node.directory / "controller.cfg").write_text(text)

    def __enter__(self):
        try:
            if self.starts:
                self.start()
        except BaseException as error:
            self.__exit__(type(error))
            raise
        return self

    def start(self):
        for node in self.all:
            node.start()
        for node in self.all:
            if not node.wait_ready():
                raise AssertionError(f"{node.alias} died at its start:\n{node.tail()}")

    def __exit__(self, kind, *_):
        if kind is not None:
            for node in self.all:
                print(f"--- {node.alias}\n{node.tail()}", file=sys.stderr)
        for node in self.all:
            if node.process is not None:
                node.kill()
        if os.environ.get("PELORUS_KEEP_FAULTS") and kind is not None:
            print(f"kept: {self.base}", file=sys.stderr)
        else:
            shutil.rmtree(self.base, ignore_errors=True)

    # --- asking
    def connect(self, node):
        session = dolphindb.Session(show_output=False)
        if not session.connect(HOST, node.port, USER, PASSWORD):
            raise ConnectionError(f"cannot connect to {node.alias}")
        return session

    def ask(self, script, nodes=None):
        """From the first of the nodes that answers."""
        last = None
        for node in nodes or self.nodes:
            if not node.runs():
                continue
            try:
                session = self.connect(node)
                try:
                    return session.run(script)
                finally:
                    session.close()
            except Exception as error:  # it may be about to die: another one is asked
                last = error
        raise last or ConnectionError("no node runs")

    def leader(self):
        """The controller that leads, or None."""
        rows = self.ask("getClusterPerf(true)", self.controllers)
        leading = [row["name"] for _, row in rows.iterrows() if row["mode"] == 2 and row["isLeader"] == True]  # noqa: E712
        return self.named[leading[0]] if len(leading) == 1 else None

    def replicas(self, database, table):
        """{chunk: [(in sync, rows, hash, problem) of every replica]}"""
        chunks = {}
        for _, row in self.ask(f"getReplicaHashes('{database}', '{table}')").iterrows():
            chunks.setdefault(int(row["chunkId"]), []).append(
                (bool(row["inSync"]), int(row["rows"]), row["hash"], row["problem"] or "", row["node"]))
        return chunks

    def wait_replicas(self, database, tables, holds_still=False, seconds=90):
        """Until every chunk has two replicas that lack nothing and, when nobody writes, equal hashes."""
        def lacking():
            bad = []
            for table in tables:
                for chunk, replicas in self.replicas(database, table).items():
                    same = {(rows, digest) for _, rows, digest, _, _ in replicas}
                    if len(replicas) != 2 or not all(one[0] and not one[3] for one in replicas) or (holds_still and len(same) != 1):
                        bad.append((table, chunk, replicas))
            return bad

        last = None
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                last = lacking()
                if not last:
                    return
            except Exception as error:
                last = error
            time.sleep(0.2)
        raise TimeoutError(f"two equal replicas of every chunk within {seconds} s: {last!r}; undecided: {self.undecided()}")

    def undecided(self):
        try:
            return self.ask("select * from getTransactionStatus() where status = `BEGIN", [self.leader()]).to_dict("records")
        except Exception as error:
            return repr(error)


__all__ = ["Cluster", "CONTROLLERS", "NODES", "wait_until"]
