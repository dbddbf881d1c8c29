"""Things that go wrong on a pseudo-HA cluster, each provoked with real processes and files, each found by its check."""
import datetime
import os
import pathlib
import re
import shutil
import signal
import socket
import time

import dolphindb
import pytest

from bed import HOST, Bed, wait_until
from tool import at, doctor, packages, pelorus

PACKAGE = os.environ["PELORUS_PACKAGE"]
DOCS = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "operations"


@pytest.fixture(scope="module")
def bed(request):
    with Bed(PACKAGE, request) as cluster:
        cluster.start()
        cluster.start_nodes()
        cluster.run("db = database('dfs://kept', VALUE, 1..3); "
                    "db.createPartitionedTable(table(1:0, [`id], [INT]), `t, `id).append!(table(1 2 3 as id))")
        yield cluster


@pytest.fixture
def change():
    """change(file, function of its text): put back after the test."""
    kept = {}

    def do(file, edit):
        kept.setdefault(file, file.read_bytes())
        file.write_text(edit(file.read_bytes().decode()))

    yield do
    for file, content in kept.items():
        file.write_bytes(content)


def expect(checks, name, result, *mentioned):
    check = checks[name]
    assert check["result"] == result, check
    for text in mentioned:
        assert str(text) in check["reason"], check
    assert (check["fix"] is None) == (result in ("ok", "skipped")), check


def test_a_running_cluster_has_only_what_pseudo_ha_has(bed):
    checks, status = doctor(*at(bed))
    for name in ("answer", "leader", "quorum", "odd-controllers", "log-lag", "agents", "members", "reachable", "versions", "clocks",
                 "chunks", "replica-count", "replication-factor", "transactions", "data-sync", "password", "tls"):
        expect(checks, name, "ok")
    expect(checks, "controller-hosts", "warning", HOST, "no majority")
    expect(checks, "replica-hosts", "warning", "3 chunks", "dfsReplicaReliabilityLevel=2")
    expect(checks, "ports", "skipped")
    assert status == 9
    assert len(checks) >= 25


def test_the_documents_list_every_check(bed):
    checks, _ = doctor(*at(bed))
    for name in ("doctor.md", "doctor.zh.md"):
        listed = re.findall(r"^\| `([a-z-]+)` \|", (DOCS / name).read_text(), re.M)
        assert listed == list(checks), name


def test_what_a_node_says_of_its_machine(bed):
    facts = bed.run("getMachineFacts()", site="controller1")
    assert facts["alias"] == "controller1" and facts["memoryTotal"] > 0 and facts["openFilesMax"] > 0
    assert abs(facts["utcTime"] / 1000 - time.time()) < 60
    assert 0 < facts["raftApplied"] <= facts["raftCommitted"]
    volumes = bed.run("getVolumes()", site="node2")
    assert f"{bed.base}/ssd/dolphindb_2/volumes" in list(volumes["path"])
    assert (volumes["capacity"] >= volumes["free"]).all() and volumes["writable"].all()
    guest = dolphindb.Session(show_output=False)
    guest.connect(HOST, bed.ports["node1"])
    for function in ("getMachineFacts", "getVolumes"):
        with pytest.raises(RuntimeError, match="log in"):
            guest.run(f"{function}()")
    guest.close()


def test_every_node_answers_the_doctor(bed):
    for alias in ("agent1", "node2"):
        expect(doctor(*at(bed, alias))[0], "leader", "ok", bed.leader())


def test_memory_that_was_promised_twice(bed):
    # The seed promises 3 x 232 GB for data nodes.
    with open("/proc/meminfo") as info:
        total = int(info.readline().split()[1]) / 2**20
    checks, _ = doctor(*at(bed))
    expect(checks, "memory", "warning" if total < 716 else "ok")


def test_guests_see_less_and_are_told_so(bed):
    checks, _ = doctor("--host", HOST, "--port", bed.ports["controller1"])
    expect(checks, "leader", "ok")
    for name in ("chunks", "clocks", "password"):
        expect(checks, name, "skipped")


def test_exit_status_and_languages(bed):
    assert pelorus("doctor", "--host", HOST, "--port", "1").returncode == 4
    assert pelorus("doctor", "--host", HOST, "--port", bed.ports["node1"], "-u", "admin", "-p", "wrong").returncode == 5
    assert pelorus("doctor", "--lang", "fr").returncode == 2
    chinese = pelorus("doctor", *at(bed), environment={"LANG": "zh_CN.UTF-8"})
    assert "控制节点" in chinese.stdout and "警告" in chinese.stdout, chinese.stdout
    assert "控制节点" not in pelorus("doctor", *at(bed), "--lang", "en").stdout


def test_the_packages_of_a_running_cluster(bed):
    checks, _ = doctor("--package", *packages(bed))
    for name in ("ports", "stale-pid", "processes", "ownership", "nested-package", "crashes", "unknown-settings", "addresses", "data-sync"):
        expect(checks, name, "ok")
    expect(checks, "leader", "skipped")


def test_a_package_inside_itself(bed):
    root = bed.demo(2).parent.parent
    inner = root / root.name
    (inner / "server" / "clusterDemo").mkdir(parents=True)
    try:
        expect(doctor("--package", root)[0], "nested-package", "warning", inner)
    finally:
        shutil.rmtree(inner)


def test_files_that_are_wrong(bed, change):
    config = bed.demo(2) / "config"
    change(config / "controller.cfg", lambda text: text + "\nmaxMemSise=3\nno equals sign\n")
    checks, status = doctor("--package", bed.demo(2))
    expect(checks, "unknown-settings", "warning", "maxMemSise", "controller.cfg:")
    expect(checks, "config-files", "problem", "no equals sign")
    assert status == 9


def test_an_address_this_machine_does_not_have(bed, change):
    change(bed.demo(1) / "config" / "agent.cfg", lambda text: text.replace(HOST, "192.0.2.7"))
    expect(doctor("--package", bed.demo(1))[0], "addresses", "problem", "agent1 192.0.2.7")


def test_addresses_that_disagree(bed, change):
    change(bed.demo(1) / "config" / "cluster.nodes", lambda text: text.replace(f"{HOST}:{bed.ports['agent1']}:", "127.0.0.99:4444:"))
    checks, _ = doctor("--package", bed.demo(1))
    expect(checks, "addresses", "problem", "127.0.0.99:4444")
    expect(checks, "agents", "problem", "node1")


def test_settings_that_risk_rows(bed, change):
    change(bed.demo(3) / "config" / "controller.cfg",
           lambda text: text.replace("dataSync=1", "dataSync=0").replace("dfsReplicationFactor=2", "dfsReplicationFactor=1"))
    checks, _ = doctor("--package", bed.demo(3))
    expect(checks, "data-sync", "problem", "controller3")
    expect(checks, "replication-factor", "warning")
    expect(doctor("--package", *packages(bed))[0], "config-drift", "warning", "dataSync")


def test_an_even_number_of_controllers(bed, change):
    change(bed.demo(3) / "config" / "cluster.nodes",
           lambda text: "".join(line for line in text.splitlines(True) if "controller2" not in line))
    expect(doctor("--package", bed.demo(3))[0], "odd-controllers", "warning", "2")


def test_a_line_that_is_not_in_effect(bed, change):
    change(bed.demo(1) / "config" / "cluster.cfg", lambda text: text + "\nmaxQueryCount=3\nnode1.maxMemSize=77\n")
    checks, _ = doctor("--package", bed.demo(1), *at(bed))
    expect(checks, "config-drift", "warning", "node1.maxMemSize")


def test_crash_and_error_lines(bed):
    crash, log = bed.demo(1) / "agent.nohup", bed.demo(1) / "log" / "agent.log"
    before = crash.read_bytes()
    try:
        crash.write_bytes(before + b"terminate called after throwing an instance of 'std::bad_alloc'\n")
        expect(doctor("--package", bed.demo(1))[0], "crashes", "problem", "terminate called")
    finally:
        crash.write_bytes(before)
    expect(doctor("--package", bed.demo(1))[0], "log-errors", "ok")
    with log.open("a") as out:
        out.write(f"{datetime.datetime.now():%Y-%m-%d %H:%M:%S.%f} <ERROR> :the disk is on fire\n")
    expect(doctor("--package", bed.demo(1))[0], "log-errors", "warning", "agent1 1:", "the disk is on fire")


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser gives files away")
def test_a_volume_of_another_user(bed):
    volume = bed.base / "ssd" / "dolphindb_1" / "volumes"
    os.chown(volume, 4321, -1)
    try:
        expect(doctor("--package", bed.demo(1))[0], "ownership", "warning", volume, "4321")
    finally:
        os.chown(volume, 0, -1)


def test_a_replica_that_lacks_rows(bed):
    bed.kill("node2")
    wait_until(lambda: bed.run("loadTable('dfs://kept', `t).append!(table(1 2 3 as id)); 1", site="node1"), 30, "a write without node2")
    checks, _ = doctor(*at(bed))
    expect(checks, "chunks", "problem", "/kept/")
    wait_until(lambda: doctor(*at(bed))[0]["members"]["result"] == "warning", 20, "node2 counts as offline")
    expect(doctor("--package", bed.demo(1))[0], "stale-pid", "warning", "node2")
    wait_until(lambda: bed.order("startDataNode(`node2)"), 20, "the agent takes orders")
    wait_until(lambda: doctor(*at(bed))[0]["chunks"]["result"] == "ok", 30, "node2 has caught up")


def test_without_the_agent(bed):
    bed.kill("agent1")
    wait_until(lambda: doctor(*at(bed))[0]["agents"]["result"] == "problem", 20, "the agent is missed")
    expect(doctor(*at(bed))[0], "agents", "problem", "node1", HOST)
    expect(doctor("--package", bed.demo(1))[0], "processes", "warning", "agent1")
    bed.script(1, "startAgent.sh")
    wait_until(lambda: doctor(*at(bed))[0]["agents"]["result"] == "ok", 20, "the agent is back")


def test_a_hung_node_is_silent(bed):
    bed.kill("node3", signal.SIGSTOP)
    try:
        checks, _ = doctor(*at(bed))
        if checks["members"]["result"] == "ok":  # the leader has not missed it yet
            expect(checks, "reachable", "problem", "node3")
        else:
            expect(checks, "members", "warning", "node3")
    finally:
        bed.kill("node3", signal.SIGCONT)
    bed.wait_nodes()


def test_one_controller_less_and_its_port_taken(bed):
    bed.kill("controller3")
    checks, _ = doctor(*at(bed))
    expect(checks, "quorum", "problem", "controller3")
    checks, _ = doctor("--package", bed.demo(3))
    expect(checks, "stale-pid", "warning", "controller3")
    expect(checks, "processes", "warning", "controller3")
    expect(checks, "ports", "ok")
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((HOST, bed.ports["controller3"]))
        taken.listen()
        expect(doctor("--package", bed.demo(3))[0], "ports", "problem", "controller3", f"pid {os.getpid()}")
    # Without a majority the survivor still says what is missing.
    bed.kill("controller2")

    def leaderless():
        checks, _ = doctor("--package", bed.demo(1), *at(bed))
        return checks["leader"]["result"] == "problem" and checks

    checks = wait_until(leaderless, 40, "controller1 gives up")
    expect(checks, "quorum", "problem", "1 of 3", "controller2")
    for alias in ("controller2", "controller3"):
        bed.restart_controller(alias)
    wait_until(lambda: doctor(*at(bed))[0]["quorum"]["result"] == "ok", 30, "all controllers are back")
