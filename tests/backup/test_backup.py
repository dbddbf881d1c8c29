"""Backup, damage, interruption and a move to another cluster, with real processes and two replicas."""
import os
import threading
import time

import pytest
from bed import Bed, wait_until

PACKAGE = os.environ["PELORUS_PACKAGE"]
DAYS = 12
MAKE = f"""
db = database("dfs://market", COMPO, [database("", VALUE, 2024.01.01 + 0..{DAYS - 1}), database("", HASH, [SYMBOL, 2])])
t = table(1:0, `day`sym`round`px`note, [DATE, SYMBOL, LONG, DOUBLE, STRING])
db.createPartitionedTable(t, `ticks, `day`sym)
db.createDimensionTable(table(`a`b as sym, `first`second as name), `names)
loadTable("dfs://market", `names).append!(table(`a`b as sym, `first`second as name))
"""
# One transaction puts the same number of rows of one round into every partition.
ROUND = f"""
def write_round(r, n) {{
  k = {DAYS} * n
  loadTable("dfs://market", `ticks).append!(table(take(2024.01.01 + 0..{DAYS - 1}, k) as day, `a`b`c`d[(0..(k - 1) / {DAYS}) % 4] as sym,
    take(r, k) as round, rand(100.0, k) as px, "note " + string(1..k) as note))
}}
"""


@pytest.fixture(scope="module")
def bed(request):
    with Bed(PACKAGE, request) as bed:
        bed.start()
        bed.start_nodes()
        bed.run(MAKE)
        for r in range(4):
            bed.run(f"{ROUND}; write_round({r}, 4000)")
        yield bed


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("backups")


class Writer:
    """Writes round after round until told to stop."""

    def __init__(self, bed, first):
        self.bed, self.round, self.stopping = bed, first, threading.Event()
        self.thread = threading.Thread(target=self.write)

    def write(self):
        session = self.bed.connect("node2")
        session.run(ROUND)
        while not self.stopping.is_set():
            session.run(f"write_round({self.round}, 40)")
            self.round += 1
        session.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()


def hashes(bed, database):
    """{partition: content hash}, one for each although there are two replicas."""
    found = {}
    for table in ("ticks", "names"):
        bed.wait_equal_replicas(database, table)
        for _, row in bed.run(f"getReplicaHashes('{database}', '{table}')").iterrows():
            found[(table, row["path"].replace(database, ""))] = (row["rows"], row["hash"])
    return found


def test_under_a_writer_all_partitions_are_as_of_one_moment(bed, place):
    with Writer(bed, 100) as writer:
        wait_until(lambda: writer.round > 103, 30, "the writer writes")
        assert bed.run(f"backup('{place}/live', 'dfs://market')") == 2 * DAYS + 1
        at_end = writer.round
        wait_until(lambda: writer.round > at_end + 2, 30, "the writer goes on")
    assert bed.run(f"exec count(*) from checkBackup('{place}/live', 'dfs://market')") == 0
    bed.run(f"migrate('{place}/live', 'dfs://market', , 'dfs://then')")
    newest = bed.run("select max(round) as newest, count(*) as n from loadTable('dfs://then', `ticks) group by day, sym")
    assert len(newest) == 4 * DAYS
    assert newest["newest"].nunique() == 1 and newest["n"].nunique() == 1, newest
    assert 103 <= newest["newest"][0] <= at_end
    bed.run("dropDatabase('dfs://then')")


def test_a_flipped_byte_is_named_and_only_its_partition_refused(bed, place):
    directory = place / "damaged"
    assert bed.run(f"backup('{directory}', 'dfs://market', parallel=true)", site="node3") == 2 * DAYS + 1
    before = hashes(bed, "dfs://market")
    file = sorted((directory / "market" / "ticks").glob("*.rows"), key=lambda f: f.stat().st_size)[-1]
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    damaged = bed.run(f"checkBackup('{directory}', 'dfs://market')")
    assert list(damaged["chunkPath"]) == [str(file)]
    partition = damaged["partitionPath"][0].replace("dfs://market", "")
    bed.run("update loadTable('dfs://market', `ticks) set px = 0.0")
    with pytest.raises(Exception) as refused:
        bed.run(f"restore('{directory}', 'dfs://market', 'ticks', '%')")
    assert str(file) in str(refused.value) and f"Restored: {2 * DAYS - 1}" in str(refused.value)
    after = hashes(bed, "dfs://market")
    assert [name for name in before if before[name] != after[name]] == [("ticks", partition)]
    # What the damaged file held is still in another backup: that partition alone comes from there.
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    bed.run(f"restore('{directory}', 'dfs://market', 'ticks', '{partition}')")
    assert hashes(bed, "dfs://market") == before


def kill_while_saving(bed, directory):
    """Ends node1 by SIGKILL once a partition is saved; true when the backup had not ended before."""
    failure = []

    def save():
        try:
            bed.run(f"backup('{directory}', 'dfs://market', tableName=`ticks)")
        except Exception as error:
            failure.append(error)

    saving = threading.Thread(target=save)
    saving.start()
    give_up = time.monotonic() + 60
    while not any(directory.glob("market/ticks/*.rows")):  # without a pause: the whole backup takes tens of milliseconds
        assert time.monotonic() < give_up, "a partition is saved"
    bed.kill("node1")
    saving.join()
    bed.order("startDataNode(`node1)")
    bed.wait_nodes()
    return failure and not (directory / "market" / "ticks" / "manifest").exists()


def test_killed_in_the_middle_it_goes_on_where_it_was(bed, place):
    directory = next((place / f"killed{i}" for i in range(40) if kill_while_saving(bed, place / f"killed{i}")), None)
    assert directory, "it was killed too late forty times"
    table = directory / "market" / "ticks"
    whole = {file.name: file.stat().st_mtime_ns for file in table.glob("*.rows")}
    assert bed.run(f"backup('{directory}', 'dfs://market', tableName=`ticks)") == 2 * DAYS
    files = {file.name: file.stat().st_mtime_ns for file in table.glob("*.rows")}
    assert len(files) == 2 * DAYS and not list(table.glob("*.part"))
    assert {name: files[name] for name in whole} == whole, "whole files are taken up, not written again"
    assert bed.run(f"exec count(*) from checkBackup('{directory}', 'dfs://market', `ticks)") == 0
    assert bed.run(f"backup('{directory}', 'dfs://market', tableName=`ticks)") == 0


def totals(bed):
    """Exact: the prices add up in one order, whichever partition answers first."""
    table = "loadTable('dfs://market', `ticks)"
    counted = bed.run(f"select count(*), max(round) from {table}").values.tolist()
    return counted, bed.run(f"sum(exec px from {table} order by px)")


def test_another_cluster_gets_the_same_content(bed, place, request):
    directory = place / "moved"
    assert bed.run(f"backupDB('{directory}', 'dfs://market')") == 2 * DAYS + 1
    there = hashes(bed, "dfs://market")
    rows = totals(bed)
    bed.stop()
    with Bed(PACKAGE, request) as other:
        other.start()
        other.start_nodes()
        brought = other.run(f"migrate('{directory}')")
        assert brought["success"].all(), brought
        assert hashes(other, "dfs://market") == there
        assert totals(other) == rows
        other.run(f"{ROUND}; write_round(1000, 40)")
        assert other.run(f"backup('{place}/other', 'dfs://market')") == 2 * DAYS + 1
