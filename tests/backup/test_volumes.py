"""Chunks and volumes as operators see and move them, on a cluster of real processes with two volumes a node."""
import os
import threading

import pytest
from bed import Bed, wait_until

PACKAGE = os.environ["PELORUS_PACKAGE"]
DAYS = 8
MAKE = f"""
db = database("dfs://db", VALUE, 2024.01.01 + 0..{DAYS - 1})
t = table(1:0, `day`sym`v, [DATE, SYMBOL, LONG])
db.createPartitionedTable(t, `pt, `day)
k = {DAYS} * 20000
loadTable("dfs://db", `pt).append!(table(take(2024.01.01 + 0..{DAYS - 1}, k) as day, take(`a`b`c, k) as sym, long(1..k) as v))
pnodeRun(flushOLAPCache)
"""


@pytest.fixture(scope="module")
def bed(request):
    with Bed(PACKAGE, request) as bed:
        for k in (1, 2, 3):
            bed.set_config(k, "cluster.cfg", **{
                f"{node}.volumes": f"{bed.base}/{node}/fast,{bed.base}/{node}/slow" for node in bed.nodes})
        bed.start()
        bed.start_nodes()
        bed.run(MAKE)
        yield bed


def tablets(bed, node, disk_usage=False):
    return bed.run(f"getTabletsMeta('/db/%', `pt, {str(disk_usage).lower()}, -1)", site=node)


def directories(bed, node):
    """{chunk directory name: volume} from the disk itself."""
    found = {}
    for volume in ("fast", "slow"):
        for path in (bed.base / node / volume / "chunks").glob("*/*.col"):
            assert found.setdefault(path.parent.name, volume) == volume, "a chunk on two volumes"
    return found


def test_chunks_are_listed_with_where_they_are(bed):
    rows = sum(tablets(bed, node)["rowNum"].sum() for node in bed.nodes)
    assert rows == 2 * DAYS * 20000, "two replicas"
    for node in bed.nodes:
        found = tablets(bed, node, disk_usage=True)
        assert set(found["tableName"]) == {"pt"} and (found["diskUsage"] > 0).all()
        assert {path.split("/")[-1]: path.split("/")[-3] for path in found["path"]} == directories(bed, node)
        assert all(path.startswith("/db/2024010") for path in found["dfsPath"])
        assert len(bed.run("getChunksMeta('/db/20240101')", site=node)) == sum(found["dfsPath"] == "/db/20240101")
        assert len(bed.run("getChunksMeta(top=1)", site=node)) == 1
        assert len(bed.run("getAllChunks()", site=node)) == len(found)
    usage = bed.run("getTableDiskUsage('dfs://db', `pt, true)")
    assert len(usage) == 3 and (usage["diskGB"] > 0).all()
    assert bed.run("getTableDiskUsage('dfs://db', `pt)")["diskGB"][0] == pytest.approx(usage["diskGB"].sum())
    volumes = bed.run("getClusterVolumeUsage()")
    assert len(volumes) == 6 and (volumes["capacity"] > volumes["usage"]).all()


def test_chunks_move_between_volumes_under_reads_and_writes(bed):
    before = bed.run("exec sum(v) from loadTable('dfs://db', `pt)")
    stopping, written, failures = threading.Event(), [], []

    def write():
        session = bed.connect("node2")
        while not stopping.is_set():
            try:
                session.run("loadTable('dfs://db', `pt).append!(table(2024.01.01 + 0..7 as day, take(`n, 8) as sym, take(1l, 8) as v))")
                written.append(8)
            except Exception as error:
                failures.append(error)
                return
        session.close()

    writer = threading.Thread(target=write)
    writer.start()
    for to, source in (("slow", "fast"), ("fast", "slow")):
        ids = [str(row["chunkId"]) for _, row in tablets(bed, "node1").iterrows() if row["path"].split("/")[-3] == source]
        assert ids, "chunks to move"
        place = f"{bed.base}/node1"
        bed.run(f"moveChunksAcrossVolume('{place}/{source}', '{place}/{to}', {ids})".replace("'", '"'))
        assert source not in directories(bed, "node1").values()
    wait_until(lambda: len(written) > 5 or failures, 30, "rows are written meanwhile")
    stopping.set()
    writer.join()
    assert not failures
    assert bed.run("exec sum(v) from loadTable('dfs://db', `pt)") == before + sum(written)
    bed.wait_equal_replicas("dfs://db", "pt")


def test_a_node_is_balanced_and_a_restart_finds_every_chunk(bed):
    assert set(directories(bed, "node1").values()) == {"fast"}
    assert len(bed.run("rebalanceChunksWithinDataNode('node1')", site="node3")) == 0, "all were written this week"
    plan = bed.run("rebalanceChunksWithinDataNode('node1', false, 0)", site="node3")
    assert len(plan) >= 2 and all(path.endswith("/slow") for path in plan["destVolume"])
    assert set(directories(bed, "node1").values()) == {"fast"}, "only planned"
    done = bed.run("rebalanceChunksWithinDataNode('node1', true, 0)", site="node3")
    assert len(done) == len(plan)
    assert set(directories(bed, "node1").values()) == {"fast", "slow"}
    rows = bed.run("exec count(*) from loadTable('dfs://db', `pt)")
    bed.kill("node1")
    bed.order("startDataNode(`node1)")
    bed.wait_nodes()
    bed.wait_equal_replicas("dfs://db", "pt")
    assert bed.run("exec count(*) from loadTable('dfs://db', `pt)") == rows
    assert set(directories(bed, "node1").values()) == {"fast", "slow"}


def test_what_makes_no_sense_is_refused(bed):
    def refused(script, site="node1"):
        with pytest.raises(Exception) as error:
            bed.run(script, site=site)
        return str(error.value)

    place = f"{bed.base}/node1"
    assert f"it has {place}/fast, {place}/slow" in refused(f"moveChunksAcrossVolume('/nowhere', '{place}/slow', `1)")
    assert "must be ids" in refused(f"moveChunksAcrossVolume('{place}/fast', '{place}/slow', `xy`2)")
    assert "no such chunk" in refused(f"moveChunksAcrossVolume('{place}/fast', '{place}/slow', [\"999999\"])")
    assert "this node holds no data" in refused("getChunksMeta()", site="controller1")
    assert "isDelSrc" in refused(f"moveChunksAcrossVolume('{place}/fast', '{place}/slow', `1, false)")
    assert "must be absolute paths, not relative/place" in refused("addVolumes('relative/place')")
    assert "is a volume of this node already" in refused(f"addVolumes('{place}/fast/')")
    assert "another process uses this directory" in refused(f"addVolumes('{bed.base}/node2/fast')")


def test_the_write_cache_tells_what_it_holds(bed):
    bed.run("pnodeRun(flushOLAPCache)")
    used, _, _, most = bed.run("getOLAPCacheEngineSize()")
    assert used == 0 < most
    bed.run("loadTable('dfs://db', `pt).append!(table(2024.01.01 + 0..7 as day, take(`n, 8) as sym, take(1l, 8) as v))")
    used, _, _, _ = bed.run("getCacheEngineMemSize()")
    held = bed.run("getOLAPCacheEngineStat()")
    assert used > 0 and held["cachedRowsOfCompletedTxn"].sum() == len(held) > 0


def test_a_volume_is_added_while_the_node_runs(bed):
    added = f"{bed.base}/node1/added"
    bed.run(f"addVolumes('{added}')", site="node1")
    assert added in list(bed.run("getAllStorages()", site="node1")["volumePath"])
    chunk = tablets(bed, "node1").iloc[0]
    source = "/".join(chunk["path"].split("/")[:-2])
    bed.run(f'moveChunksAcrossVolume("{source}", "{added}", ["{chunk["chunkId"]}"])', site="node1")
    moved = tablets(bed, "node1")
    assert moved[moved["chunkId"] == chunk["chunkId"]]["path"].iloc[0].startswith(added)
    bed.run(f'moveChunksAcrossVolume("{added}", "{source}", ["{chunk["chunkId"]}"])', site="node1")
    bed.wait_equal_replicas("dfs://db", "pt")
