"""The disk of one data node fails, is slow, or becomes read-only under load: writes go on with the other replicas, reads are answered,
nobody ends in a loop of crashes, and once the disk is well the node takes part again."""
import contextlib
import os
import subprocess
import time

import pytest

from disks import Disk, NoDisks, kinds
from load import DATABASE, TABLES, Load, check
from processes import NODES, Cluster, wait_until

PACKAGE = os.environ["PELORUS_PACKAGE"]
SEED = int(os.environ.get("PELORUS_FAULT_SEED", time.time_ns() // 1_000_000_000))


def restart(node, fault=None):
    node.kill()
    node.start(fault=fault)
    assert node.wait_ready(), f"{node.alias} does not start:\n{node.tail()}"


def reads(cluster, node):
    return int(cluster.ask(f"exec count(*) from loadTable('{DATABASE}', 'batches')", [node]))


def says_why(cluster, node):
    """Writing to column files is what uses most kinds of files."""
    try:
        cluster.ask("flushOLAPCache()", [node])
    except RuntimeError as refusal:
        if "input/output error" in str(refusal):  # who asked for it is told
            return True
    return "input/output error" in node.log()


@pytest.mark.parametrize("point", [
    "redo_log.sync.before", "redo_log.write.before", "redo_log_state.rename.before", "column_file.write.before",
    "column_file.sync.before", "manifest.sync.before", "manifest.rename.before"])
def test_a_disk_that_fails_stops_neither_writes_nor_reads(cluster, point):
    with Load(cluster, SEED) as load:
        node = cluster.nodes[1]
        # The state of the log is written when a file is begun: once after the start, then after 64 MB.
        restart(node, f"{point}:{1 if point.startswith('redo_log_state') else 2}:error")
        for _ in range(3):
            load.wait_for_more(60, f"while {point} fails on {node.alias}")
            assert reads(cluster, node) > 0
        wait_until(lambda: says_why(cluster, node), 60, "the node says what is wrong with its disk")
        assert node.runs(), f"{node.alias} ended because its disk failed:\n{node.tail()}"
        load.wait_for_more(60, f"after {point} has failed on {node.alias}")
        restart(node)
        load.wait_for_more(60, "after the disk was well again")
        cluster.wait_replicas(DATABASE, TABLES)
        check(cluster, load)


@pytest.fixture
def cluster():
    with Cluster(PACKAGE) as one:
        yield one


def test_a_slow_disk_makes_writes_slow_and_nothing_else(cluster):
    with Load(cluster, SEED) as load:
        restart(cluster.nodes[2], "redo_log.sync.before:1:delay=300")
        for _ in range(3):
            load.wait_for_more(60, "while one disk takes 300 ms for a sync")
        restart(cluster.nodes[2])
        cluster.wait_replicas(DATABASE, TABLES)
        check(cluster, load)


def test_a_read_only_disk_is_named_and_heals():
    with contextlib.ExitStack() as stack:
        cluster = stack.enter_context(Cluster(PACKAGE, starts=False))
        alias = NODES[0]
        try:
            disk = stack.enter_context(Disk(cluster.base / "disk.image", cluster.base / alias, kinds()[0]))
        except (NoDisks, IndexError) as why:
            pytest.skip(f"no loop devices: {why}")
        cluster.start()
        node = cluster.named[alias]
        try:
            with Load(cluster, SEED) as load:
                node.kill()  # the system makes nothing read-only that is being written
                disk.remount("ro")
                refused = subprocess.run([cluster.program, *map(str, node.arguments())], capture_output=True, text=True, timeout=60)
                assert refused.returncode == 1, f"{alias} runs on a read-only disk: {refused.stdout}{refused.stderr}"
                assert "Read-only file system" in refused.stderr and str(node.directory) in refused.stderr, refused.stderr
                load.wait_for_more(60, f"while the disk of {alias} is read-only")
                disk.remount("rw")
                node.start()
                assert node.wait_ready(), node.tail()
                load.wait_for_more(60, "after the disk was writable again")
                cluster.wait_replicas(DATABASE, TABLES)
                wait_until(lambda: reads(cluster, node) > 0, 30, f"{alias} reads")
                check(cluster, load)
        finally:
            for one in cluster.all:
                if one.process:
                    one.kill()
