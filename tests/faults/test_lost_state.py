"""State that is lost or damaged while the rest of the cluster works: a controller's log, a data node's directories. Its owner comes back
by itself, with nothing it could be wrong about, and is made whole by the others."""
import os
import random
import re
import shutil
import time

import pytest

from load import DATABASE, TABLES, Load, check
from processes import Cluster, wait_until

PACKAGE = os.environ["PELORUS_PACKAGE"]
SEED = int(os.environ.get("PELORUS_FAULT_SEED", time.time_ns() // 1_000_000_000))


def engine_files(controller, pattern):
    return sorted((controller.directory / "dfsMeta" / "raft" / "raft").glob(pattern))


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 0x10
    path.write_bytes(content)


def damage_segment(controller, _):
    """A byte in the middle of the newest file that is written no more: a start makes it of what a death left."""
    controller.start()
    assert controller.wait_ready(), controller.tail()
    controller.kill()
    path = engine_files(controller, "0*-*")[-1]
    flip(path, path.stat().st_size // 2)


def damage_metadata(controller, _):
    for path in engine_files(controller, "metadata*"):
        path.write_bytes(path.read_bytes()[:7])


def damage_identity(controller, _):
    flip(controller.directory / "dfsMeta" / "raft" / "identity", 40)


def wipe(controller, _):
    for path in engine_files(controller, "*"):
        path.unlink()


def set_aside(controller):
    return sorted((controller.directory / "dfsMeta").glob("raft.damaged_*"))


def members(cluster):
    """{alias: (role, member id)}"""
    group = cluster.ask("getControllerGroup()", [cluster.leader()])
    return {row["name"]: (row["role"], row["memberId"]) for _, row in group.iterrows()}


def votes_as_another(cluster, controller, before):
    """The member that has forgotten is out of the group, and its successor votes."""
    role, member = members(cluster).get(controller.alias, ("", before))
    return role == "voter" and member != before


@pytest.mark.parametrize("hurt", [damage_segment, damage_metadata, damage_identity, wipe])
def test_a_controller_whose_log_is_damaged_joins_its_group_again(hurt):
    choice = random.Random(SEED)
    with Cluster(PACKAGE) as cluster, Load(cluster, SEED) as load:
        victim = cluster.leader() if hurt is damage_segment else choice.choice(cluster.controllers)
        load.wait_for_more(60, "before the damage", more=20)
        before = members(cluster)[victim.alias]
        assert before[0] == "voter"
        victim.kill()
        hurt(victim, choice)
        load.wait_for_more(60, f"without {victim.alias}")
        victim.start()
        assert victim.wait_ready(), f"{victim.alias} ended because its log is damaged:\n{victim.tail()}"
        assert len(set_aside(victim)) == 1 and str(set_aside(victim)[0]) in victim.log(), victim.tail()
        wait_until(lambda: votes_as_another(cluster, victim, before[1]), 60, f"{victim.alias} votes as another member")
        # It counts: the group lives on without any one of the others.
        for other in cluster.controllers:
            if other is not victim:
                other.kill()
                load.wait_for_more(60, f"without {other.alias}")
                other.start()
                assert other.wait_ready(), other.tail()
                wait_until(lambda: cluster.leader() is not None, 30, "a leader")
        check(cluster, load)


def test_the_only_controller_keeps_its_damaged_log_and_says_so():
    with Cluster(PACKAGE, starts=False) as cluster:
        cluster.controllers, cluster.nodes = cluster.controllers[:1], cluster.nodes[:1]
        cluster.all = cluster.controllers + cluster.nodes
        cluster.start()
        only = cluster.controllers[0]
        only.kill()
        damage_metadata(only, None)
        only.start()
        assert only.process.wait(60) == 1
        assert "both metadata files" in only.log() and "no other controller" in only.log(), only.tail()
        assert not set_aside(only)


def test_a_damaged_log_stays_while_the_others_are_silent():
    with Cluster(PACKAGE) as cluster:
        victim = cluster.controllers[0]
        before = members(cluster)[victim.alias][1]
        for one in cluster.controllers:
            one.kill()
        damage_metadata(victim, None)
        victim.start()
        wait_until(lambda: "waits for another controller" in victim.log(), 60, "it waits")
        assert not set_aside(victim)
        for one in cluster.controllers[1:]:
            one.start()
        for one in cluster.controllers:
            assert one.wait_ready(), one.tail()
        assert len(set_aside(victim)) == 1
        wait_until(lambda: votes_as_another(cluster, victim, before), 60, f"{victim.alias} votes as another member")


def test_a_data_node_that_lost_its_directories_comes_back_empty():
    choice = random.Random(SEED)
    with Cluster(PACKAGE) as cluster, Load(cluster, SEED) as load:
        for victim in choice.sample(cluster.nodes, 2):
            load.wait_for_more(60, "before the loss", more=20)
            cluster.wait_replicas(DATABASE, TABLES)
            victim.kill()
            shutil.rmtree(victim.directory)
            load.wait_for_more(60, f"without {victim.alias}")
            victim.start()
            assert victim.wait_ready(), victim.tail()
            cluster.wait_replicas(DATABASE, TABLES)
            load.wait_for_more(60, f"after {victim.alias} came back")
        check(cluster, load)


@pytest.mark.parametrize("dies_at", ["participant.notice.received", "participant.published.synced", "participant.published.confirmed"])
def test_a_redo_log_that_is_lost_with_the_last_commit_in_it_is_noticed_though_nobody_writes(dies_at):
    with Cluster(PACKAGE) as cluster:
        cluster.ask(f"""db = database('{DATABASE}', VALUE, 1..4)
            db.createPartitionedTable(table(1:0, `part`v, [INT, INT]), `kept, `part)""")
        victim = cluster.nodes[2]
        victim.stop()
        victim.start(fault=f"{dies_at}:1")
        assert victim.wait_ready(), victim.tail()
        insert = f"tableInsert(loadTable('{DATABASE}', 'kept'), table(1..4 as part, 1..4 as v))"
        wait_until(lambda: cluster.ask(insert, cluster.nodes[:2]) == 4, 60, "a write")
        assert victim.wait_death(60), f"{victim.alias} takes no part in the write"
        for path in (victim.directory / "redoLog").glob("log_*"):
            path.unlink()
        victim.start()
        assert victim.wait_ready(), victim.tail()
        cluster.wait_replicas(DATABASE, ["kept"], holds_still=True)
        assert cluster.ask(f"exec sum(v) from loadTable('{DATABASE}', 'kept')", [victim]) == 10


def test_a_data_node_with_the_last_good_replica_is_not_taken_in_without_it():
    with Cluster(PACKAGE) as cluster:
        cluster.ask(f"""db = database('{DATABASE}', VALUE, 1..4)
            t = db.createPartitionedTable(table(1:0, `part`v, [INT, INT]), `kept, `part)
            tableInsert(t, table(1..4 as part, 1..4 as v))""")
        cluster.wait_replicas(DATABASE, ["kept"])
        first, last = cluster.nodes[:2]
        first.kill()
        # What is written now lacks on the first, so the others have the last good replicas.
        wait_until(lambda: cluster.ask(f"tableInsert(loadTable('{DATABASE}', 'kept'), table(1..4 as part, 5..8 as v))") == 4, 60, "a write")
        last.kill()
        kept = cluster.base / "kept"
        last.directory.rename(kept)
        last.start()
        refused = r"The node {} comes without its data.*dfs://faults/kept".format(last.alias)
        wait_until(lambda: re.search(refused, last.log()), 60, "it is refused")
        assert not last.is_ready()
        last.kill()
        shutil.rmtree(last.directory)
        kept.rename(last.directory)
        last.start()
        first.start()
        cluster.wait_replicas(DATABASE, ["kept"], holds_still=True)
        assert cluster.ask(f"exec sum(v) from loadTable('{DATABASE}', 'kept')") == sum(range(1, 9))
