"""What operators do wrong when they start nodes: each is refused with a sentence that says what to do, and nothing is lost."""
import os
import pathlib
import re
import shutil
import socket
import subprocess

import pytest

from bed import HOST, Bed, wait_until

PACKAGE = os.environ["PELORUS_PACKAGE"]


@pytest.fixture
def unpacked(request):
    with Bed(PACKAGE, request) as cluster:
        yield cluster


@pytest.fixture
def bed(unpacked):
    unpacked.start()
    unpacked.start_nodes()
    return unpacked


def start_controller(bed, k=1):
    """Without the script, which looks for some of these mistakes itself: (exit status, output and log)."""
    demo = bed.demo(k)
    done = subprocess.run(["../pelorusd", "-console", "0", "-mode", "controller", "-home", "data", "-script", "dolphindb.dos",
                           "-config", "config/controller.cfg", "-nodesFile", "config/cluster.nodes",
                           "-clusterConfig", "config/cluster.cfg", "-logFile", "log/controller.log"],
                          cwd=demo, capture_output=True, text=True, timeout=30)
    log = demo / "log" / "controller.log"
    return done.returncode, done.stdout + done.stderr + (log.read_text() if log.exists() else "")


def voter(bed, alias):
    """The controller's member id in the leader's list of voters, nothing while it is none."""
    group = bed.run("select * from getControllerGroup() where role = 'voter'", site=bed.wait_leader())
    return dict(zip(group["name"], group["memberId"])).get(alias)


def test_a_port_in_use_is_named(unpacked):
    port = unpacked.ports["controller1"]
    with socket.socket() as taken:
        taken.bind((HOST, port))
        taken.listen()
        by_script = unpacked.script(1, "startController.sh", check=False)
        assert by_script.returncode != 0 and f"port {port} is taken" in by_script.stdout + by_script.stderr
        status, text = start_controller(unpacked)
        assert status != 0 and re.search(rf"{port}.*in use|in use.*{port}", text), text
    unpacked.script(1, "startController.sh")


def test_two_nodes_with_one_alias_are_refused_with_both_lines(unpacked):
    nodes = unpacked.demo(1) / "config" / "cluster.nodes"
    nodes.write_text(nodes.read_text() + f"\n{HOST}:29999:node1,datanode\n")
    status, text = start_controller(unpacked)
    assert status != 0 and "node1" in text and len(re.findall(r"cluster\.nodes:\d+|line \d+", text)) >= 2, text


def test_a_file_where_a_directory_belongs_is_named(unpacked):
    config = (unpacked.demo(1) / "config" / "controller.cfg").read_text()
    place = pathlib.Path(re.search(r"dfsMetaDir=(\S+)", config)[1])
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("not a directory")
    status, text = start_controller(unpacked)
    assert status != 0 and str(place) in text, text
    assert place.read_text() == "not a directory"


def test_a_controller_that_lost_its_disk_joins_its_cluster_again(bed):
    bed.run("db = database('dfs://kept', VALUE, 1..3); "
            "db.createPartitionedTable(table(1:0, [`id], [INT]), `t, `id).append!(table(1 2 3 as id))")
    for victim in ("controller3", bed.leader()):
        k = int(victim[-1])
        before = voter(bed, victim)
        bed.kill(victim)
        config = (bed.demo(k) / "config" / "controller.cfg").read_text()
        shutil.rmtree(re.search(r"dfsMetaDir=(\S+)", config)[1])
        # The log is gone and the identity is not: it must not vote as if nothing had happened.
        bed.restart_controller(victim)
        wait_until(lambda: voter(bed, victim) not in (None, before), 30, f"{victim} votes as another member")
        wait_until(lambda: bed.run("getActiveMaster()", site=victim) == bed.leader(), 30, f"{victim} serves")
    assert bed.run("exec count(*) from loadTable('dfs://kept', `t)") == 3
    # Each of them counts again: the cluster lives on without any one of the three.
    for victim in bed.controllers:
        bed.kill(victim)
        bed.wait_leader()
        bed.run("loadTable('dfs://kept', `t).append!(table(1 2 3 as id))")
        bed.restart_controller(victim)
        wait_until(lambda: bed.perf()[victim]["state"] == 1, 30, f"{victim} is back")


def test_an_identity_lost_beside_its_log_is_refused(bed):
    bed.kill("controller3")
    shutil.rmtree(bed.home("controller3"))
    done = bed.script(3, "startController.sh", check=False)
    assert done.returncode != 0 and "identity" in done.stdout + done.stderr, done.stdout + done.stderr


def test_a_copy_of_a_data_node_is_no_second_member(bed):
    """The same directory started from another package while the first runs."""
    copy = bed.demo(2) / "data" / "node1"
    shutil.copytree(bed.home("node1"), copy, dirs_exist_ok=True)
    done = subprocess.run(["../pelorusd", "-console", "0", "-mode", "datanode", "-home", "data/node1",
                           "-localSite", f"{HOST}:{bed.ports['node1']}:node1",
                           "-controllerSite", f"{HOST}:{bed.ports['controller1']}:controller1",
                           "-logFile", "log/node1.log", "-volumes", str(bed.base / "elsewhere")],
                          cwd=bed.demo(2), capture_output=True, text=True, timeout=30)
    assert done.returncode != 0
    assert bed.perf()["node1"]["state"] == 1
