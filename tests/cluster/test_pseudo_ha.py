"""The seed's first deployment (S9 to S16) with a writing official client while every process is killed in turn."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

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


class Writer:
    """The writing client as a process: what it has been promised so far (see writer.py)."""

    def __init__(self, bed, table):
        self.results = bed.base / f"{table}.writer"
        self.results.touch()
        sites = [bed.site(node) for node in bed.nodes]
        script = pathlib.Path(__file__).with_name("writer.py")
        self.process = subprocess.Popen([sys.executable, script, DATABASE, table, USER, PASSWORD, self.results, *sites],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def lines(self, word):
        return [line.split(" ", 2)[1:] for line in self.results.read_text().splitlines() if line.startswith(word + " ")]

    def acknowledged(self):
        return [int(batch) for batch, _ in self.lines("ack")]

    def unanswered(self):
        """Refused, or under way when the writer was ended."""
        refused = [int(batch) for batch, _ in self.lines("no")]
        return refused + [max(refused + self.acknowledged(), default=0) + 1]

    def wait_for_more(self, seconds, when):
        count = len(self.acknowledged())
        wait_until(lambda: len(self.acknowledged()) > count + 3, seconds,
                   f"more batches acknowledged {when}; last refusal: {self.lines('no')[-1:]}")

    def summary(self):
        took = [float(seconds) for _, seconds in self.lines("ack")]
        refused = [f"\n  batch {batch}: {reason[50:200]}" for batch, reason in self.lines("no")]
        return f"{len(took)} batches acknowledged, {len(refused)} refused, the slowest took {max(took):.2f} s{''.join(refused)}"


def wait_for_equal_replicas(bed, table, holds_still=True, seconds=60):
    """Every chunk has two replicas that lack nothing and, unless somebody writes meanwhile, equal hashes."""
    def agree():
        chunks = {}
        for _, row in bed.run(f"getReplicaHashes('{DATABASE}', '{table}')").iterrows():
            chunks.setdefault(row["chunkId"], []).append((row["inSync"], holds_still and (row["rows"], row["hash"])))
        return len(chunks) == 100 and all(
            len(replicas) == 2 and len(set(replicas)) == 1 and replicas[0][0] for replicas in chunks.values())

    wait_until(agree, seconds, "two equal replicas of every chunk")


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
    with Writer(bed, "writes") as writer:
        writer.wait_for_more(30, "at first")
        for controller in bed.controllers:
            bed.kill(controller)
            writer.wait_for_more(30, f"after killing {controller}")
            bed.restart_controller(controller)
            bed.wait_leader()
        for node in bed.nodes:
            wait_for_equal_replicas(bed, "writes", holds_still=False)
            bed.kill(node)
            writer.wait_for_more(60, f"after killing {node}")
            bed.run(f"startDataNode(`{node})", site="controller1")
            bed.wait_nodes()
        writer.wait_for_more(30, "at last")
    print(writer.summary())

    table = bed.run(f"select count(*) as rows from loadTable('{DATABASE}', 'writes') group by batch")
    found = dict(zip(table["batch"], table["rows"]))
    wrong = {batch: found.get(batch, 0) for batch in writer.acknowledged() if found.get(batch) != 1000}
    assert not wrong, "acknowledged batches of 1000 rows that are missing or doubled"
    assert set(found) <= set(writer.acknowledged()) | set(writer.unanswered()), "rows nobody wrote"
    assert all(rows == 1000 for rows in found.values()), "half a transaction is visible"
    wait_for_equal_replicas(bed, "writes")


def test_stop_and_cold_start_keep_everything(bed):
    before = bed.run(f"exec count(*) from loadTable('{DATABASE}', 'writes')")
    bed.stop()
    assert all(bed.pid(alias) is None or not pathlib.Path(f"/proc/{bed.pid(alias)}").exists() for alias in bed.ports)
    bed.start()
    bed.start_nodes()
    assert bed.run(f"exec count(*) from loadTable('{DATABASE}', 'writes')") == before
