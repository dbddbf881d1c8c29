"""The seed's first deployment (S9 to S16) with a writing official client while every process is killed in turn."""
import os
import pathlib
import shutil
import tempfile
import threading
import time

import dolphindb
import pytest

from bed import HOST, PASSWORD, USER, Bed, wait_until

PACKAGE = os.environ["PELORUS_PACKAGE"]
DATABASE, TABLE = "dfs://single_test", "table1"


@pytest.fixture(scope="module")
def bed():
    base = pathlib.Path(tempfile.mkdtemp(prefix="pelorus-bed-"))
    cluster = Bed(PACKAGE, base)
    try:
        cluster.unpack()
        for k in (1, 2, 3):
            cluster.set_config(k, "controller.cfg", datanodeRestartInterval=1)
        cluster.start()
        cluster.start_nodes()
        yield cluster
        cluster.stop()
    except BaseException:
        print(cluster.logs())
        raise
    finally:
        cluster.kill_everything()
        shutil.rmtree(base, ignore_errors=True)


class Writer(threading.Thread):
    """Appends numbered batches through the official client with three sites until told to stop; remembers what was acknowledged."""

    def __init__(self, bed):
        super().__init__(daemon=True)
        self.bed = bed
        self.stopping = threading.Event()
        self.acknowledged = []
        self.failures = []
        self.longest_gap = 0.0

    def run(self):
        sites = [self.bed.site(node) for node in self.bed.nodes]
        session = dolphindb.Session(show_output=False)
        session.connect(HOST, self.bed.ports["node1"], USER, PASSWORD, highAvailability=True, highAvailabilitySites=sites,
                        reconnect=True)
        batch = 0
        last = time.monotonic()
        while not self.stopping.is_set():
            batch += 1
            try:
                rows = session.run(
                    f"t = table(take(1..100, 1000) as id, take({batch}, 1000) as batch);"
                    f"tableInsert(loadTable('{DATABASE}', 'writes'), t)")
            except Exception as error:  # not acknowledged: the batch may or may not be there, but whole
                self.failures.append((batch, str(error)))
                time.sleep(0.2)
                continue
            assert rows == 1000
            now = time.monotonic()
            self.longest_gap = max(self.longest_gap, now - last)
            last = now
            self.acknowledged.append(batch)
        session.close()


def replica_hashes(bed, table):
    """{chunk: {hash of each replica}} and the replica count of each chunk."""
    rows = bed.run(f"getReplicaHashes('{DATABASE}', '{table}')")
    chunks = {}
    for _, row in rows.iterrows():
        chunks.setdefault(row["chunkId"], []).append((row["node"], row["rows"], row["hash"]))
    return chunks


def test_one_leader_is_seen_from_every_controller(bed):
    for controller in bed.controllers:
        perf = bed.perf(controller)
        assert sorted(n for n, row in perf.items() if row["mode"] == 2) == list(bed.controllers)
        assert [n for n, row in perf.items() if row["mode"] == 2 and row["isLeader"] == True] == [bed.leader()]  # noqa: E712
        assert perf["agent1"]["state"] == 1


def test_the_seed_script_counts_right(bed):
    bed.run(f"""
        if(existsDatabase('{DATABASE}')) {{ dropDatabase('{DATABASE}') }}
        db = database('{DATABASE}', VALUE, 1..100)
        t = table(1..100 as id, rand(`A`B`C`D, 100) as name)
        pt = db.createPartitionedTable(t, `{TABLE}, `id)
        pt.append!(t)
        flushOLAPCache()
    """)
    for _ in range(10):
        bed.run(f"""
            n = 1000000
            t = table(rand(1..100, n) as id, rand(`A`B`C`D, n) as name)
            loadTable('{DATABASE}', `{TABLE}).append!(t)
        """)
    for node in bed.nodes:
        assert bed.run(f"exec count(*) from loadTable('{DATABASE}', `{TABLE})", site=node) == 10_000_100


def test_no_acknowledged_row_is_lost_when_each_process_is_killed(bed):
    bed.run(f"""
        db = database('{DATABASE}')
        db.createPartitionedTable(table(1:0, `id`batch, [INT, INT]), `writes, `id)
    """)
    writer = Writer(bed)
    writer.start()
    wait_until(lambda: len(writer.acknowledged) > 3, 30, "first writes")
    for controller in bed.controllers:
        bed.kill(controller)
        count = len(writer.acknowledged)
        wait_until(lambda: len(writer.acknowledged) > count + 3, 30, f"writes after killing {controller}")
        bed.restart_controller(controller)
        bed.wait_leader()
    for node in bed.nodes:
        bed.kill(node)
        count = len(writer.acknowledged)
        wait_until(lambda: len(writer.acknowledged) > count + 3, 60, f"writes after killing {node}")
        wait_until(lambda: bed.perf()[node]["state"] == 0 or bed.pid(node), 30, f"{node} seen down or restarted")
        bed.run(f"startDataNode(`{node})", site="controller1")
        bed.wait_nodes()
    writer.stopping.set()
    writer.join(30)
    print(f"{len(writer.acknowledged)} batches acknowledged, {len(writer.failures)} refused, "
          f"longest gap {writer.longest_gap:.2f} s")

    table = bed.run(f"select count(*) as rows from loadTable('{DATABASE}', 'writes') group by batch")
    found = dict(zip(table["batch"], table["rows"]))
    assert all(found.get(batch) == 1000 for batch in writer.acknowledged), "an acknowledged batch is missing or doubled"
    assert all(rows == 1000 for rows in found.values()), "half a transaction is visible"

    def replicas_agree():
        chunks = replica_hashes(bed, "writes")
        return all(len(replicas) == 2 and len({(rows, digest) for _, rows, digest in replicas}) == 1
                   for replicas in chunks.values()) and len(chunks) == 100

    wait_until(replicas_agree, 60, "two equal replicas of every chunk")


def test_stop_and_cold_start_keep_everything(bed):
    before = bed.run(f"exec count(*) from loadTable('{DATABASE}', 'writes')")
    bed.stop()
    assert all(bed.pid(alias) is None or not pathlib.Path(f"/proc/{bed.pid(alias)}").exists() for alias in bed.ports)
    bed.start()
    bed.start_nodes()
    assert bed.run(f"exec count(*) from loadTable('{DATABASE}', 'writes')") == before
