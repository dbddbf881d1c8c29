"""Partitions whose replicas are away are dropped with the module ops; what the absent node keeps of them goes when it is back."""
import os

import pytest

from bed import Bed, wait_until

PACKAGE = os.environ["PELORUS_PACKAGE"]


@pytest.fixture(scope="module")
def bed(request):
    with Bed(PACKAGE, request) as bed:
        for k in (1, 2, 3):
            bed.set_config(k, "controller.cfg", enableChunkGranularityConfig="true")
        bed.start()
        bed.start_nodes()
        yield bed


def chunks(bed, name):
    """{file: (state, aliases of its replicas)} of a database's partitions."""
    table = bed.run(f"""select file, state, replicas from rpc(getControllerAlias(), getClusterChunksStatus)
                        where startsWith(file, "dfs://{name}/pt/")""")
    return {row["file"]: (row["state"], {replica.split(":")[0] for replica in row["replicas"].split(",")})
            for _, row in table.iterrows()}


def rows(bed, name, site="node1"):
    return {int(i) for i in bed.run(f"exec id from loadTable('dfs://{name}', `pt)", site=site)}


def write(bed, name):
    bed.run(f"loadTable('dfs://{name}', `pt).append!(table(0..11 as id))")


@pytest.mark.parametrize("granularity, argument", [
    ("TABLE", "'dfs://by_table', `pt"), ("DATABASE", "database('dfs://by_database')")])
def test_partitions_whose_node_is_down_are_dropped(bed, granularity, argument):
    name = "by_" + granularity.lower()
    bed.run(f"""
        db = database('dfs://{name}', VALUE, 0..11, chunkGranularity='{granularity}')
        db.createPartitionedTable(table(1:0, [`id], [INT]), `pt, `id)
    """)
    write(bed, name)
    before = chunks(bed, name)
    held = {node: {int(file.rsplit("/", 1)[1]) for file, (_, replicas) in before.items() if node in replicas}
            for node in ("node2", "node3")}
    victim = min(held, key=lambda node: len(held[node]))
    away = held[victim]
    assert len(before) == 12 and 0 < len(away) < 12, before

    bed.kill(victim)
    wait_until(lambda: {int(file.rsplit("/", 1)[1]) for file, (state, _) in chunks(bed, name).items()
                        if state == "RECOVERING"} == away, 60, f"chunks of {victim} are to be recovered")
    assert rows(bed, name) == set(range(12))
    assert bed.run(f"use ops\ngo\ndropRecoveringPartitions({argument})") == len(away)
    assert rows(bed, name) == set(range(12)) - away
    assert {state for state, _ in chunks(bed, name).values()} <= {"COMPLETE"}
    assert bed.run(f"use ops\ngo\ndropRecoveringPartitions({argument})") == 0

    # What was dropped may be written again meanwhile, and is not mistaken for what the node still has on its disk.
    write(bed, name)
    bed.run(f"startDataNode(`{victim})", site="controller1")
    bed.wait_nodes()
    expected = sorted([*range(12), *(set(range(12)) - away)])
    for node in bed.nodes:
        assert sorted(bed.run(f"exec id from loadTable('dfs://{name}', `pt)", site=node)) == expected
    bed.wait_equal_replicas(f"dfs://{name}", "pt")
    known = set(bed.run("exec chunkId from rpc(getControllerAlias(), getClusterChunksStatus)"))
    for node in bed.nodes:
        wait_until(lambda: set(bed.run("exec chunkId from getChunksMeta(top=-1)", site=node)) <= known, 60,
                   f"{node} has dropped what it kept of the old chunks")
