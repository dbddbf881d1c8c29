"""The disk of all data nodes fills up: writers hear which disk, nothing acknowledged is lost, and once there is room again the
nodes go on by themselves."""
import os
import subprocess

import pytest

from bed import Bed, wait_until

PACKAGE = os.environ["PELORUS_PACKAGE"]
DATABASE = "dfs://full"
BLOCK = 200_000
DISK_MB = 900
MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def bed(request):
    with Bed(PACKAGE, request) as cluster:
        disk = cluster.base / "ssd"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(disk)], capture_output=True)
        if mounted.returncode != 0:
            pytest.skip("a small disk takes the right to mount one: " + mounted.stderr.decode().strip())
        try:
            cluster.start()
            cluster.start_nodes()
            yield cluster
            cluster.stop()
        finally:
            cluster.kill_everything()
            subprocess.run(["umount", str(disk)], check=False)


def leave_free(bed, megabytes):
    """Fills the disk with a file of nobody until so much is left."""
    facts = os.statvfs(bed.base / "ssd")
    room = facts.f_bavail * facts.f_frsize - megabytes * MEGABYTE
    filler = bed.base / "ssd" / "filler"
    with open(filler, "ab") as out:
        block = bytes(MEGABYTE)
        for _ in range(max(0, room // MEGABYTE)):
            out.write(block)
    return filler


def append(session, batch):
    rows = session.run(f"tableInsert(loadTable('{DATABASE}', 'rows'), "
                       f"table(take(1..10, {BLOCK}) as id, rand(1000000000, {BLOCK}) as v, take({batch}, {BLOCK}) as batch))")
    assert rows == BLOCK


def batches(session):
    """{batch: rows}"""
    table = session.run(f"select count(*) as rows from loadTable('{DATABASE}', 'rows') group by batch")
    return {int(row["batch"]): int(row["rows"]) for _, row in table.iterrows()}


def test_a_full_disk_is_named_loses_nothing_and_heals(bed):
    session = bed.connect("node1")
    session.run(f'''
        db = database("{DATABASE}", VALUE, 1..10)
        createPartitionedTable(db, table(1:0, `id`v`batch, [INT, INT, INT]), `rows, `id)''')
    acknowledged = []
    refusals = []
    append(session, 0)
    acknowledged.append(0)
    filler = leave_free(bed, 40)
    for batch in range(1, 120):
        try:
            append(session, batch)
            acknowledged.append(batch)
        except RuntimeError as error:
            refusals.append(str(error))
            if len(refusals) == 3:
                break
    assert refusals, f"{len(acknowledged)} blocks fit on a disk of {DISK_MB} MB"
    print(f"{len(acknowledged)} blocks acknowledged, then: {refusals[0]}")
    for refusal in refusals:
        assert "No space left on device" in refusal and str(bed.base / "ssd") in refusal

    # Reading goes on; what was refused is not there.
    found = batches(session)
    assert found == {batch: BLOCK for batch in acknowledged}

    filler.unlink()
    wait_until(lambda: append(session, 1000) is None, 30, "writing goes on")
    acknowledged.append(1000)
    session.run("flushOLAPCache()")
    for batch in range(1001, 1006):
        append(session, batch)
        acknowledged.append(batch)
    assert batches(session) == {batch: BLOCK for batch in acknowledged}
    session.close()

    for node in bed.nodes:
        bed.kill(node)
    wait_until(lambda: all(bed.perf()[node]["state"] == 0 for node in bed.nodes), 30, "the kills are known")
    bed.start_nodes()
    session = wait_until(lambda: bed.connect("node2"), 30, "node2 takes logins")
    assert wait_until(lambda: batches(session), 30, "the table answers") == {batch: BLOCK for batch in acknowledged}
    session.close()
