"""Nodes that speak TLS with each other (enableRpcSSL): the cluster works as ever, nothing passes in plain text, and who has no
certificate of the cluster's authority is kept out. Every connection between nodes passes a tap that keeps its bytes."""
import os
import re
import select
import shutil
import socket
import ssl
import threading

import pytest

from authority import Authority
from bed import HOST, Bed, alive, wait_until

PACKAGE = os.environ["PELORUS_PACKAGE"]
SITE = "127.77." + ".".join(HOST.split(".")[2:])  # where nodes are dialled; they listen on HOST, the tap stands between
SECRET = "a row that nobody else may read"
NODES = ("node1", "node2", "node3")


class Tap:
    """Passes connections from site:port on to HOST:port and keeps what the dialler and the acceptor sent."""

    def __init__(self, port, site=SITE):
        self.port = port
        self.streams = []  # of each connection: [bytes from the dialler, bytes from the acceptor]
        self.server = socket.create_server((site, port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                dialler = self.server.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.carry, args=(dialler,), daemon=True).start()

    def carry(self, dialler):
        with dialler:
            try:
                acceptor = socket.create_connection((HOST, self.port), timeout=5)
            except OSError:
                return
            acceptor.settimeout(None)
            with acceptor:
                seen = [bytearray(), bytearray()]
                self.streams.append(seen)
                ends = [dialler, acceptor]
                while True:
                    for end in select.select(ends, [], [])[0]:
                        side = ends.index(end)
                        try:
                            got = end.recv(1 << 16)
                            if not got:
                                return
                            ends[1 - side].sendall(got)
                        except OSError:
                            return
                        seen[side] += got[: max(0, (1 << 20) - len(seen[side]))]

    def close(self):
        self.server.close()


class TlsBed(Bed):
    def __init__(self, package, request=None):
        super().__init__(package, request)
        self.authority = Authority(self.base / "authority")
        self.taps = [Tap(port) for port in self.ports.values()]

    def keys(self, k):
        return self.base / f"keys_{k}"

    def unpack(self):
        super().unpack()
        for k in (1, 2, 3):
            self.authority.issue(self.keys(k), SITE)
            for file in (self.demo(k) / "config").iterdir():
                file.write_bytes(file.read_bytes().replace(HOST.encode(), SITE.encode()))
            for name in ("controller.cfg", "agent.cfg", "cluster.cfg"):
                keys = {} if name == "cluster.cfg" else {"keyPath": self.keys(k)}
                self.set_config(k, name, listenAddress=HOST, enableHTTPS=1, enableRpcSSL=1, **keys)

    def state(self, alias):
        return (self.home(alias) / "node.state").read_text()

    def log(self, k):
        return (self.demo(k) / "log" / "controller.log").read_text(errors="replace")

    def streams(self):
        return [stream for tap in self.taps for stream in tap.streams if stream[0]]


@pytest.fixture(scope="module")
def bed(request):
    with TlsBed(PACKAGE, request) as cluster:
        cluster.start()
        cluster.start_nodes()
        yield cluster
        for tap in cluster.taps:
            tap.close()


def write(bed, count=1000):
    return bed.run(f"loadTable('dfs://sealed', `rows).append!(table(take(1..10, {count}) as id, take('{SECRET}', {count}) as text))")


def rows(bed, site="node1"):
    return bed.run("exec count(*) from loadTable('dfs://sealed', `rows)", site=site)


def test_rows_are_written_before_and_after_the_leader_dies(bed):
    bed.run("database('dfs://sealed', VALUE, 1..10).createPartitionedTable(table(1:0, `id`text, [INT, STRING]), `rows, `id)")
    write(bed)
    for node in NODES:
        assert rows(bed, node) == 1000
    leader = bed.leader()
    bed.kill(leader)
    wait_until(lambda: bed.leader() not in (None, leader), 30, "another leader")
    wait_until(lambda: write(bed) is None or True, 30, "a write under another leader")
    bed.restart_controller(leader)
    wait_until(lambda: bed.perf()[leader]["state"] == 1, 30, f"{leader} is back")
    bed.wait_equal_replicas("dfs://sealed", "rows")
    assert rows(bed) >= 2000


def test_nothing_passes_between_nodes_in_plain_text(bed):
    streams = bed.streams()
    marks = {bytes(dialled[:8]) for dialled, _ in streams}
    assert marks == {b"PRPC/TLS", b"PRFT/TLS"}, marks
    assert sum(len(dialled) for dialled, _ in streams) > 100_000
    words = [SECRET, "sealed", "controllers", "cluster.cfg", "PRPC\x00", *bed.ports]
    for dialled, accepted in streams:
        for text in (dialled[8:], accepted):
            shown = [word for word in words if word.encode() in text]
            assert not shown, f"{shown} passed in plain text"
        assert b"\x16\x03\x01".startswith(dialled[8:11]), "a ClientHello follows the mark"


def ask(bed, alias, first):
    with socket.create_connection((HOST, bed.ports[alias]), timeout=10) as plain:
        plain.sendall(first)
        answer = b""
        while got := plain.recv(4096):
            answer += got
        return answer


def test_plain_greetings_of_nodes_are_refused(bed):
    for alias in bed.ports:
        assert f"'{alias}' takes only TLS from other nodes".encode() in ask(bed, alias, b"PRPC\x10\x00\x00\x00" + bytes(16))
    for alias in bed.controllers:
        refusal = ask(bed, alias, b"PRFT 1 controllers x x 1 y 1 x x x\n")
        assert refusal.startswith(b"PRFT no this member takes only TLS"), refusal
    wait_until(lambda: "it spoke in plain text" in bed.log(1), 10, "the log tells of it")


def test_a_dialler_without_a_certificate_is_refused(bed):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(bed.authority.folder / "ca.crt")
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    for alias in ("controller1", "node2"):
        with socket.create_connection((HOST, bed.ports[alias]), timeout=10) as plain:
            plain.sendall(b"PRPC/TLS")
            with context.wrap_socket(plain, server_hostname=SITE) as sealed:
                assert sealed.version() == "TLSv1.3"
                with pytest.raises(ssl.SSLError, match="CERTIFICATE_REQUIRED|certificate required"):
                    sealed.recv(1)


def test_clients_go_on_plain_and_with_tls_and_need_no_certificate(bed):
    assert bed.run("1 + 1") == 2
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(bed.authority.folder / "ca.crt")
    for wrap in (lambda s: s, lambda s: context.wrap_socket(s, server_hostname=SITE)):
        with wrap(socket.create_connection((HOST, bed.ports["node1"]), timeout=10)) as session:
            session.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert session.recv(12).startswith(b"HTTP/1.1")


def test_a_controller_with_foreign_or_no_keys_is_kept_out(bed):
    victim, k = "controller3", 3
    ours = bed.base / "ours"
    shutil.copytree(bed.keys(k), ours)
    foreign = Authority(bed.base / "foreign")

    def start_with_keys(change):
        bed.script(k, "stopAllNode.sh")
        change()
        done = bed.script(k, "startController.sh", check=False)
        return done.stdout + done.stderr + bed.state(victim)

    # Its own files do not fit: it does not start, and says which.
    said = start_with_keys(lambda: shutil.copy(foreign.folder / "ca.crt", bed.keys(k) / "ca.crt"))
    assert re.search(r"server\.crt was not signed by the authority in \S+ca\.crt", said), said
    said = start_with_keys(lambda: (bed.keys(k) / "ca.crt").unlink())
    assert re.search(r"authority cannot be read: \S+ca\.crt: No such file", said), said
    # They fit each other and not the cluster's.
    start_with_keys(lambda: foreign.issue(bed.keys(k), SITE))
    wait_until(lambda: "another authority signed it" in bed.log(k) or "was not signed by the authority" in bed.log(k), 30,
               "the foreigner's log tells why")
    assert bed.perf("controller1")[victim]["state"] == 0
    assert rows(bed) >= 2000, "the others go on"
    # In plain text.
    shutil.rmtree(bed.keys(k))
    config = bed.demo(k) / "config" / "controller.cfg"
    text = config.read_text()
    start_with_keys(lambda: config.write_text(text.replace("enableRpcSSL=1", "enableRpcSSL=0").replace("enableHTTPS=1", "enableHTTPS=0")))
    wait_until(lambda: "takes only TLS" in bed.log(k), 30, "the plain one is told")
    assert bed.perf("controller1")[victim]["state"] == 0
    # With its own keys it is a member again.
    bed.script(k, "stopAllNode.sh")
    config.write_text(text)
    shutil.copytree(ours, bed.keys(k))
    bed.script(k, "startController.sh")
    wait_until(lambda: bed.perf()[victim]["state"] == 1, 30, f"{victim} is back")


def test_a_node_with_the_certificate_of_another_host_does_not_start(bed):
    bed.run("stopDataNode(`node3)", site="controller1")
    wait_until(lambda: not alive(bed.pid("node3")), 30, "node3 has stopped")
    kept = bed.base / "kept"
    shutil.copytree(bed.keys(1), kept)
    bed.authority.issue(bed.keys(1), "10.9.8.7")
    try:
        with pytest.raises(Exception):
            bed.run("startDataNode(`node3)", site="controller1")
            raise RuntimeError(bed.state("node3"))
        wait_until(lambda: f"is made for 10.9.8.7 and not for this node's host, {SITE}" in bed.state("node3"), 30, "it says why")
    finally:
        shutil.rmtree(bed.keys(1))
        shutil.copytree(kept, bed.keys(1))
    bed.run("startDataNode(`node3)", site="controller1")
    bed.wait_nodes(("node3",))


def test_controllers_move_to_hosts_of_their_own(bed):
    """By hand, as operations/by-hand.md says: everything stopped, addresses edited in all files, certificates for the new hosts."""
    before = rows(bed)
    bed.stop()
    wait_until(lambda: not any(alive(bed.pid(alias)) for alias in bed.ports), 60, "all have stopped")
    for k in (2, 3):
        site = SITE.rsplit(".", 1)[0] + f".{100 + k}"
        port = bed.ports[f"controller{k}"]
        bed.taps.append(Tap(port, site))
        bed.authority.issue(bed.keys(k), site)
        for file in bed.base.glob("dolphindb_?/server/clusterDemo/config/*"):
            file.write_bytes(file.read_bytes().replace(f"{SITE}:{port}:".encode(), f"{site}:{port}:".encode()))
    bed.start()
    bed.start_nodes()
    assert rows(bed) == before
    write(bed)
    bed.wait_equal_replicas("dfs://sealed", "rows")
    hosts = {row["alias"]: row["host"] for _, row in bed.run("getClusterMembers()").iterrows()}
    assert hosts["controller2"].endswith(".102") and hosts["controller3"].endswith(".103") and hosts["controller1"] == SITE
