"""The life of TLS between nodes: turned on and off in a cluster that is written to, certificates exchanged under running nodes,
their end announced."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading

import dolphindb
import pytest

from authority import Authority
from bed import HOST, PASSWORD, USER, Bed, alive, wait_until

PACKAGE = os.environ["PELORUS_PACKAGE"]
DATABASE = "dfs://life"
FILES = ("controller.cfg", "agent.cfg", "cluster.cfg")


class LifeBed(Bed):
    """Every server has keys of its own; TLS between nodes is on."""

    def __init__(self, package, request=None):
        super().__init__(package, request)
        self.authority = Authority(self.base / "authority", days=400)

    def keys(self, k):
        return self.base / f"keys_{k}"

    def unpack(self):
        super().unpack()
        for k in (1, 2, 3):
            self.authority.issue(self.keys(k), HOST, days=300)
            for name in FILES:
                keys = {} if name == "cluster.cfg" else {"keyPath": self.keys(k)}
                self.set_config(k, name, enableHTTPS=1, enableRpcSSL=1, **keys)

    def set_mode(self, mode):
        """For all processes, at their next start."""
        for k in (1, 2, 3):
            for name in FILES:
                path = self.demo(k) / "config" / name
                path.write_bytes(re.sub(rb"(enableRpcSSL=)\w+", rb"\g<1>" + mode.encode(), path.read_bytes()))

    def restart_one_by_one(self):
        for alias in self.controllers:
            self.end(alias)
            self.restart_controller(alias)
            wait_until(lambda: self.perf()[alias]["state"] == 1 and self.leader(), 30, f"{alias} is back")
        self.end("agent1")
        self.script(1, "startAgent.sh")
        wait_until(lambda: self.perf()["agent1"]["state"] == 1, 30, "agent1 is back")
        for alias in self.nodes:
            self.end(alias)
            wait_until(lambda: self.order(f"startDataNode(`{alias})"), 30, f"{alias} is started")
            self.wait_nodes((alias,))

    def end(self, alias):
        pid = self.pid(alias)
        self.kill(alias, signal.SIGTERM)
        wait_until(lambda: not alive(pid), 30, f"{alias} has ended")

    def log(self, alias):
        name = alias if alias.startswith("node") else alias[:-1]
        files = (self.demo(int(alias[-1]) if name == "controller" else 1) / "log").glob(f"{name}*.log")
        return "\n".join(file.read_text(errors="replace") for file in files)

    def greeting(self, alias, first):
        """What a node says to these first bytes of a node in plain text, as far as it comes."""
        with socket.create_connection((HOST, self.ports[alias]), timeout=2) as plain:
            plain.sendall(first)
            try:
                return plain.recv(4096)
            except TimeoutError:
                return b""

    def serial(self, alias):
        """Of the certificate that new connections to the node are shown."""
        context = ssl.create_default_context(cafile=self.authority.folder / "ca.crt")
        with socket.create_connection((HOST, self.ports[alias]), timeout=10) as plain:
            with context.wrap_socket(plain, server_hostname=HOST) as sealed:
                return sealed.getpeercert()["serialNumber"]

    def doctor(self, *words):
        done = subprocess.run([pathlib.Path(PACKAGE) / "server" / "pelorus", "doctor", "--json", *map(str, words)], capture_output=True,
                              text=True, timeout=90)
        assert done.returncode in (0, 4, 9), done
        return {check["id"]: check for check in json.loads(done.stdout)["checks"]}["certificates"]

    def live_doctor(self):
        return self.doctor("--host", HOST, "--port", self.ports["controller1"], "-u", USER, "-p", PASSWORD)


ROWS = 100  # of a batch, one in each partition


class Writer:
    """Appends numbered batches through any node that answers. A batch without an answer is not sent again: it may be there or not."""

    def __init__(self, bed, table):
        self.bed, self.table = bed, table
        self.acknowledged, self.unanswered = [], []
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.write, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join(60)

    def write(self):
        session, batch = None, 0
        while not self.is_over.is_set():
            if session is None:
                node = self.bed.nodes[batch % 3]
                session = dolphindb.Session(show_output=False)
                batch += 1  # another node the next time
                if not session.connect(HOST, self.bed.ports[node], USER, PASSWORD, reconnect=False):
                    session = None
                    continue
            batch += 1
            try:
                session.run(f"loadTable('{DATABASE}', '{self.table}').append!(table(1..100 as id, take({batch}, {ROWS}) as batch))")
                self.acknowledged.append(batch)
            except Exception as error:  # the node is ended just then
                self.unanswered.append((batch, str(error)))
                session = None

    def wait_for_more(self, seconds, when):
        count = len(self.acknowledged)
        wait_until(lambda: len(self.acknowledged) > count + 3, seconds, f"more batches {when}; last refusal: {self.unanswered[-1:]}")

    def check(self):
        rows = self.bed.run(f"select count(*) as rows from loadTable('{DATABASE}', '{self.table}') group by batch")
        found = dict(zip(rows["batch"], rows["rows"]))
        wrong = {batch: found.get(batch, 0) for batch in self.acknowledged if found.get(batch) != ROWS}
        assert not wrong, f"acknowledged batches of {ROWS} rows that are missing or doubled: {wrong}"
        assert set(found) <= set(self.acknowledged) | {batch for batch, _ in self.unanswered}, "rows nobody wrote"
        assert all(rows == ROWS for rows in found.values()), "half a transaction is visible"


@pytest.fixture(scope="module")
def bed(request):
    with LifeBed(PACKAGE, request) as cluster:
        cluster.start()
        cluster.start_nodes()
        wait_until(lambda: cluster.run("1") == 1, 20, "node1 takes logins")
        cluster.run(f"db = database('{DATABASE}', VALUE, 1..100)")
        yield cluster


def is_plain_taken(bed, alias):
    return b"takes only TLS" not in bed.greeting(alias, b"PRPC\x10\x00\x00\x00" + bytes(16))


def test_tls_is_turned_off_and_on_node_by_node_under_a_writer(bed):
    bed.run(f"db = database('{DATABASE}'); db.createPartitionedTable(table(1:0, `id`batch, [INT, INT]), `writes, `id)")
    with Writer(bed, "writes") as writer:
        writer.wait_for_more(30, "at the start")
        for mode in ("mixed", "0", "mixed", "1"):
            bed.set_mode(mode)
            bed.restart_one_by_one()
            writer.wait_for_more(30, f"with enableRpcSSL={mode}")
            for alias in bed.ports:
                assert is_plain_taken(bed, alias) == (mode != "1"), (alias, mode)
    print(f"{len(writer.acknowledged)} batches acknowledged, {len(writer.unanswered)} not answered")
    bed.wait_equal_replicas(DATABASE, "writes")
    writer.check()


def test_exchanged_certificates_are_taken_up_by_running_nodes(bed):
    pids = {alias: bed.pid(alias) for alias in bed.ports}
    before = {alias: bed.serial(alias) for alias in bed.ports}
    for k in (1, 2, 3):
        bed.authority.issue(bed.keys(k), HOST, days=200)
    wait_until(lambda: all(bed.serial(alias) != before[alias] for alias in bed.ports), 20, "the new ones are shown")
    for alias in bed.ports:
        assert "new connections use the new certificates in" in bed.log(alias), alias
    assert pids == {alias: bed.pid(alias) for alias in bed.ports}, "no process was restarted"
    # And between nodes: an agent that starts now gets a node started by them.
    bed.end("node2")
    wait_until(lambda: bed.order("startDataNode(`node2)"), 30, "node2 is started")
    bed.wait_nodes(("node2",))


def test_certificates_that_cannot_be_used_are_refused_and_the_old_ones_stay(bed):
    before = bed.serial("controller1")
    kept = (bed.keys(1) / "serverPrivate.key").read_bytes()
    shutil.copy(bed.keys(2) / "serverPrivate.key", bed.keys(1) / "serverPrivate.key")
    said = "were exchanged, but cannot be used; those from before stay in use"
    for alias in ("controller1", "agent1", "node1"):
        wait_until(lambda: said in bed.log(alias), 20, f"{alias} tells it")
        assert "serverPrivate.key is not the key of" in bed.log(alias)
    assert bed.serial("controller1") == before
    check = bed.doctor("--package", bed.demo(1).parent)
    assert check["result"] == "problem" and "serverPrivate.key" in check["reason"], check
    (bed.keys(1) / "serverPrivate.key").write_bytes(kept)
    wait_until(lambda: bed.doctor("--package", bed.demo(1).parent)["result"] == "ok", 10, "all is well again")


def test_their_end_is_announced(bed):
    assert bed.live_doctor()["result"] == "ok"
    for k in (1, 2, 3):
        bed.authority.issue(bed.keys(k), HOST, days=9)
    wait_until(lambda: bed.live_doctor()["result"] == "warning", 20, "the live doctor warns")
    check = bed.live_doctor()
    assert "server.crt" in check["reason"] and "pelorus deploy" in check["fix"], check
    wait_until(lambda: "server.crt expires in 8 days" in bed.log("node3"), 10, "the log warns")
    dead = bed.doctor("--package", bed.demo(2).parent)
    assert dead["result"] == "warning" and "controller2" in dead["reason"], dead


def test_an_expired_certificate_keeps_a_node_from_starting_and_says_so(bed):
    kept = bed.base / "kept"
    shutil.copytree(bed.keys(3), kept)
    bed.end("controller3")
    bed.authority.issue(bed.keys(3), HOST, days=-1)
    done = bed.script(3, "startController.sh", check=False)
    said = done.stdout + done.stderr + (bed.home("controller3") / "node.state").read_text()
    assert re.search(r"server\.crt expired on ", said), said
    dead = bed.doctor("--package", bed.demo(3).parent)
    assert dead["result"] == "problem" and "expired" in dead["reason"], dead
    shutil.rmtree(bed.keys(3))
    shutil.copytree(kept, bed.keys(3))
    bed.restart_controller("controller3")
    wait_until(lambda: bed.perf()["controller3"]["state"] == 1, 30, "controller3 is back")
