"""A highly available stream table: a client writes and a subscriber reads while the leading node is killed."""
import os
import shutil
import threading
import time

import dolphindb
import pytest

from bed import HOST, PASSWORD, USER, Bed, wait_until

PACKAGE = os.environ["PELORUS_PACKAGE"]
BATCH = 10


@pytest.fixture(scope="module")
def bed(request):
    with Bed(PACKAGE, request) as cluster:
        for k in (1, 2, 3):
            cluster.set_config(k, "cluster.cfg", streamingHAMode="raft", streamingRaftGroups="11:node1:node2:node3")
        cluster.start()
        cluster.start_nodes(are_new=True)
        wait_until(lambda: leader(cluster), 60, "a leader of the stream group")
        cluster.run("haStreamTable(11, table(1:0, `id`v, [INT, LONG]), `trades, 100000)", site="node2")
        for node in cluster.nodes:
            wait_until(lambda node=node: cluster.run("existsStreamTable(`trades)", site=node), 10, f"{node} has heard of it")
        yield cluster


def leader(bed, among=Bed.nodes):
    """The one leader all of them name."""
    named = {bed.run("getStreamingLeader(11)", site=node) for node in among}
    return named.pop() if len(named) == 1 else None


class StreamWriter:
    """Appends numbered batches through a session that knows all members, until stopped."""

    def __init__(self, bed):
        self.acknowledged, self.refused = [], []
        self.session = dolphindb.Session(show_output=False)
        sites = [bed.site(node) for node in bed.nodes]
        assert self.session.connect(HOST, bed.ports["node1"], USER, PASSWORD, highAvailability=True,
                                    highAvailabilitySites=sites, reconnect=True)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()
        self.session.close()

    def run(self):
        first = 0
        while not self.stopping.is_set():
            try:
                added = self.session.run(f"tableInsert(trades, table({first}..{first + BATCH - 1} as id, take({first}l, {BATCH}) as v))")
                assert added == BATCH
                self.acknowledged.append(first)
            except Exception as error:
                self.refused.append(f"{first}: {error}")
                time.sleep(0.05)
            first += BATCH

    def wait_for_more(self, when):
        count = len(self.acknowledged)
        wait_until(lambda: len(self.acknowledged) > count + 20, 60, f"more batches {when}; refused: {self.refused[-1:]}")


def test_every_member_has_the_table_and_knows_the_leader(bed):
    leading = leader(bed)
    assert leading in bed.nodes
    for node in bed.nodes:
        assert bed.run("exec count(*) from trades", site=node) == 0
        groups = bed.run("getStreamingRaftGroups()", site=node)
        assert list(groups["id"]) == [11]
        assert groups["sites"][0].split(",") == [f"{bed.site(member)}:{member}" for member in bed.nodes]
    follower = next(node for node in bed.nodes if node != leading)
    with pytest.raises(RuntimeError, match=f"<NotLeader>{bed.site(leading)}"):
        bed.run("tableInsert(trades, table([1] as id, [1l] as v))", site=follower)
    with pytest.raises(RuntimeError, match="exists already"):
        bed.run("haStreamTable(11, table(1:0, `id`v, [INT, LONG]), `trades, 100000)", site=follower)
    with pytest.raises(RuntimeError, match="not in the stream group 12 but in 11"):
        bed.run("getStreamingLeader(12)")


def test_no_acknowledged_row_is_lost_when_the_leader_is_killed(bed):
    doomed = leader(bed)
    others = [node for node in bed.nodes if node != doomed]
    for node in others:
        bed.run("""
            share table(1:0, `id`v, [INT, LONG]) as received
            go
            subscribeTable(tableName=`trades, actionName=`copy, offset=0, handler=received, msgAsTable=true)""", site=node)
    with StreamWriter(bed) as writer:
        writer.wait_for_more("at first")
        bed.kill(doomed)
        writer.wait_for_more(f"after killing {doomed}, the leader")
        assert leader(bed, others) in others
        bed.run(f"startDataNode(`{doomed})", site="controller1")
        bed.wait_nodes()
        writer.wait_for_more(f"after {doomed} came back")
    total = wait_until(lambda: bed.run("exec count(*) from trades", site=leader(bed)), 30, "a count")
    for node in bed.nodes:
        wait_until(lambda node=node: bed.run("exec count(*) from trades", site=node) == total, 60, f"{node} has caught up")
    wanted = {first + i for first in writer.acknowledged for i in range(BATCH)}
    rows = [bed.run("exec id from trades", site=node) for node in bed.nodes]
    assert wanted <= set(rows[0]), "acknowledged rows are lost"
    assert all((each == rows[0]).all() for each in rows), "members differ"
    for node in others:
        wait_until(lambda node=node: bed.run("exec count(*) from received", site=node) == total, 60, "everything received")
        assert (bed.run("exec id from received", site=node) == rows[0]).all()
    print(f"{len(writer.acknowledged)} batches acknowledged, {len(writer.refused)} refused")


def test_rows_survive_a_cold_start(bed):
    before = bed.run("exec sum(id) from trades")
    bed.stop()
    bed.start()
    bed.start_nodes()
    for node in bed.nodes:
        wait_until(lambda node=node: bed.run("exec sum(id) from trades", site=node) == before, 60, f"{node} has its rows")


def test_a_dropped_table_is_gone_everywhere(bed):
    follower = next(node for node in bed.nodes if node != wait_until(lambda: leader(bed), 60, "a leader"))
    bed.run("dropStreamTable(`trades)", site=follower)
    for node in bed.nodes:
        wait_until(lambda node=node: not bed.run("existsStreamTable(`trades)", site=node), 10, f"{node} drops it")


def test_a_member_that_lost_its_log_takes_no_part(bed):
    leading = wait_until(lambda: leader(bed), 60, "a leader")
    lost = next(node for node in bed.nodes if node != leading)
    others = [node for node in bed.nodes if node != lost]
    bed.kill(lost)
    shutil.rmtree(bed.home(lost) / "log" / "streamingHALog")
    bed.run(f"startDataNode(`{lost})", site="controller1")
    bed.wait_nodes()
    wait_until(lambda: "is gone: bring the directory back" in refusal(bed, "getStreamingLeader(11)", lost), 30, "the reason told")
    leading = wait_until(lambda: leader(bed, others), 30, "a leader of the others")
    bed.run("haStreamTable(11, table(1:0, [`id], [INT]), `others, 1000)", site=leading)
    assert bed.run("tableInsert(others, table(1 2 3 as id))", site=leading) == 3
    assert "is gone" in refusal(bed, "haStreamTable(11, table(1:0, [`id], [INT]), `more, 1000)", lost)


def refusal(bed, script, site):
    try:
        bed.run(script, site=site)
    except RuntimeError as error:
        return str(error)
    return ""
