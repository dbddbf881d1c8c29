"""Stream tables across nodes: a node that subscribes to another, and clients of a highly available table, while nodes are killed."""
import os
import threading
import time

import dolphindb
import pytest

from bed import HOST, PASSWORD, USER, Bed, wait_until

PACKAGE = os.environ["PELORUS_PACKAGE"]


@pytest.fixture(scope="module")
def bed(request):
    with Bed(PACKAGE, request) as cluster:
        for k in (1, 2, 3):
            cluster.set_config(k, "cluster.cfg", streamingHAMode="raft", streamingRaftGroups="11:node1:node2:node3",
                               maxPubConnections="64", persistenceDir=f"{cluster.base}/persistence/<ALIAS>")
        cluster.start()
        cluster.start_nodes()
        wait_until(lambda: leader(cluster), 60, "a leader of the stream group")
        yield cluster


def leader(bed, among=Bed.nodes):
    named = {bed.run("getStreamingLeader(11)", site=node) for node in among}
    return named.pop() if len(named) == 1 else None


class Received:
    """A handler of the official client."""

    def __init__(self):
        self.rows = []
        self.lock = threading.Lock()

    def __call__(self, message):
        with self.lock:
            self.rows.append(message[0])


def make_source(bed, node):
    bed.run("enableTableShareAndPersistence(streamTable(10:0, `id`sym, [INT, SYMBOL]), `source)", site=node)


def test_a_node_gets_every_row_of_another_that_is_killed(bed):
    make_source(bed, "node1")
    bed.run("share table(10:0, `id`sym, [INT, SYMBOL]) as copied", site="node2")
    topic = bed.run("subscribeTable(server=`node1, tableName=`source, actionName=`copy, offset=0, handler=copied, "
                    "reconnect=true, persistOffset=true)", site="node2")
    assert topic == f"{bed.site('node1')}:node1/source/copy"
    assert bed.run("existsSubscriptionTopic(`node1, `source, `copy)", site="node2")
    with pytest.raises(RuntimeError, match="exists already"):
        bed.run("subscribeTable(server=`node1, tableName=`source, actionName=`copy, handler=print)", site="node2")
    added = 0
    for life in range(3):
        for _ in range(20):
            bed.run(f"source.append!(table({added} + 0..49 as id, take(`a`b, 50) as sym))", site="node1")
            added += 50
        if life < 2:
            bed.kill("node1")
            wait_until(lambda: bed.perf("node2")["node1"]["state"] == 0, 30, "node1 seen down")
            bed.run("startDataNode(`node1)", site="controller1")
            bed.wait_nodes()
            make_source(bed, "node1")
            assert bed.run("rows(source)", site="node1") == added
    wait_until(lambda: bed.run("size(copied)", site="node2") == added, 60, "every row at node2")
    assert bed.run(f"all(copied.id == 0..{added - 1})", site="node2")
    wait_until(lambda: bed.run(f'getTopicProcessedOffset("{topic}")', site="node2") == added - 1, 10, "the offset kept")
    shown = bed.run("getStreamingStat(`subConns)", site="node2")
    assert shown["publisher"].tolist() == ["node1"] and shown["cumMsgCount"].tolist() == [added]
    published = bed.run("getStreamingStat(`pubTables)", site="node1")
    assert published["subscriber"].tolist() == [bed.site("node2")] and published["msgOffset"].tolist() == [added - 1]
    bed.run("unsubscribeTable(server=`node1, tableName=`source, actionName=`copy, removeOffset=false)", site="node2")
    wait_until(lambda: len(bed.run("getStreamingStat(`pubTables)", site="node1")) == 0, 10, "the connection closed")
    bed.run("source.append!(table(-1 as id, `z as sym))", site="node1")
    bed.run("subscribeTable(server=`node1, tableName=`source, actionName=`copy, offset=-2, handler=copied)", site="node2")
    wait_until(lambda: bed.run("size(copied)", site="node2") == added + 1, 10, "the row that came meanwhile")
    bed.run("unsubscribeTable(server=`node1, tableName=`source, actionName=`copy)", site="node2")


def test_several_nodes_subscribe_under_one_name_and_by_connection(bed):
    bed.run("share streamTable(10:0, `id`sym, [INT, SYMBOL]) as shown\ngo\nsetStreamTableFilterColumn(shown, `sym)", site="node3")
    for node, server in (("node1", "`node3"), ("node2", f'xdb("{HOST}", {bed.ports["node3"]}, "{USER}", "{PASSWORD}")')):
        bed.run(f"""share table(10:0, `id`sym, [INT, SYMBOL]) as seen
            go
            subscribeTable(server={server}, tableName=`shown, actionName=`seen, handler=seen, filter=`b`c)""", site=node)
    bed.run("shown.append!(table(0..99 as id, take(`a`b`c`d, 100) as sym))", site="node3")
    for node, server in (("node1", "`node3"), ("node2", f'xdb("{HOST}", {bed.ports["node3"]}, "{USER}", "{PASSWORD}")')):
        wait_until(lambda node=node: bed.run("size(seen)", site=node) == 50, 20, f"the rows that {node} wants")
        assert set(bed.run("exec sym from seen", site=node)) == {"b", "c"}
        bed.run(f"unsubscribeTable({server}, `shown, `seen)", site=node)
    for server, said in (("`nowhere", "no node nowhere"), ("`node3", "no shared stream table named nothing"), ("1", "must be an alias")):
        with pytest.raises(RuntimeError, match=said):
            bed.run(f"subscribeTable(server={server}, tableName=`nothing, handler=print)", site="node1")


def test_subscribers_of_a_highly_available_table_follow_its_leader(bed):
    bed.run("haStreamTable(11, table(1:0, `id`v, [INT, LONG]), `trades, 100000)", site="node2")
    for node in bed.nodes:
        wait_until(lambda node=node: bed.run("existsStreamTable(`trades)", site=node), 10, f"{node} has heard of it")
    leading = leader(bed)
    others = [node for node in bed.nodes if node != leading]
    follower = others[0]  # where the node's subscription lives; it never leads
    received = Received()
    session = dolphindb.Session(show_output=False)
    session.enableStreaming()
    session.subscribe(HOST, bed.ports[follower], received, "trades", "client", offset=0, resub=True, userName=USER,
                      password=PASSWORD, backupSites=[bed.site(node) for node in bed.nodes])
    bed.run("share table(10:0, `id`v, [INT, LONG]) as copied2", site=follower)
    bed.run(f"subscribeTable(server=`{leading}, tableName=`trades, actionName=`node, offset=0, handler=copied2, reconnect=true)",
            site=follower)
    added = 0

    def living_leader():
        named = leader(bed, alive)
        return named if named in alive else None

    def add(count):
        nonlocal added
        for _ in range(count):
            bed.run(f"tableInsert(trades, table({added}..{added + 9} as id, take({added}l, 10) as v))",
                    site=wait_until(living_leader, 60, "a leader"))
            added += 10

    def all_have_come(when):
        wait_until(lambda: len(received.rows) >= added, 60, f"the client's rows {when}, {len(received.rows)} of {added}")
        wait_until(lambda: bed.run("size(copied2)", site=follower) >= added, 60, f"the node's rows {when}")

    alive = list(bed.nodes)
    add(20)
    all_have_come("at first")
    bed.run("streamCampaignForLeader(11)", site=others[1])
    wait_until(lambda: leader(bed) == others[1], 20, "leadership where it was asked for")
    add(20)
    all_have_come("after leadership moved")
    doomed = others[1]
    alive = [node for node in bed.nodes if node != doomed]
    bed.kill(doomed)
    add(20)
    all_have_come("after the leader was killed")
    bed.run(f"startDataNode(`{doomed})", site="controller1")
    bed.wait_nodes()
    time.sleep(0.5)
    assert received.rows == list(range(added))
    assert bed.run(f"all(copied2.id == 0..{added - 1})", site=follower) and bed.run("size(copied2)", site=follower) == added
    session.unsubscribe(HOST, bed.ports[follower], "trades", "client")
    session.close()
