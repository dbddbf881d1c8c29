"""Stream graphs in a cluster: found from every node, going on after their node was killed, gone with all they made."""
import os
import threading

import dolphindb
import pytest

from bed import HOST, PASSWORD, USER, Bed, wait_until

PACKAGE = os.environ["PELORUS_PACKAGE"]

GRAPH = """
use catalog demo
g = createStreamGraph("sums")
g.source("trade", `sym`v, [SYMBOL, LONG]).reactiveStateEngine(<cumsum(v) as total>, `sym).setEngineName("adder").sink("totals")
g.submit()
"""


@pytest.fixture(scope="module")
def bed(request):
    with Bed(PACKAGE, request) as cluster:
        for k in (1, 2, 3):
            cluster.set_config(k, "cluster.cfg", maxPubConnections="64", streamingHAMode="raft",
                               streamingRaftGroups="11:node1:node2:node3", persistenceDir=f"{cluster.base}/persistence/<ALIAS>")
        cluster.start()
        cluster.start_nodes()
        cluster.run('createCatalog("demo")')
        cluster.run(GRAPH, site="node1")
        yield cluster


def append(bed, values, site):
    bed.run(f'appendOrcaStreamTable("demo.orca_table.trade", table(take(`a`b, {len(values)}) as sym, {values} as v))', site=site)


def totals(bed, site):
    return bed.run("exec total from demo.orca_table.totals", site=site).tolist()


def test_every_node_finds_the_tables(bed):
    append(bed, [1, 2, 3, 4], "node2")
    for node in Bed.nodes:
        wait_until(lambda site=node: totals(bed, site) == [1, 2, 4, 6], 20, f"the sums at {node}")
    assert bed.run("exec site from getOrcaStreamTableMeta()", site="node3").tolist() == ["node1", "node1"]
    assert bed.run('useOrcaStreamTable("demo.orca_table.trade", def(t, x) { return size(t) * x }, 10)', site="node3") == 40
    assert bed.run('useOrcaStreamEngine("demo.orca_engine.adder", schema)["colDefs"]', site="node2")["name"].tolist() == ["sym", "v"]
    assert bed.run('exec tableName from getOrcaStreamTaskSubscriptionMeta("demo.orca_graph.sums")', site="node2").tolist() == [
        "demo.orca_table.trade"]
    with pytest.raises(RuntimeError, match="exists already"):
        bed.run(GRAPH, site="node2")


def test_nodes_and_clients_subscribe_by_name(bed):
    bed.run("share table(10:0, `sym`total, [SYMBOL, LONG]) as copied", site="node2")
    bed.run('subscribeTable(tableName="demo.orca_table.totals", actionName=`copy, offset=0, handler=copied, reconnect=true)', site="node2")
    wait_until(lambda: bed.run("size(copied)", site="node2") == 4, 20, "the rows at node2")
    rows, lock = [], threading.Lock()

    def take(message):
        with lock:
            rows.append(message[1])

    client = dolphindb.session()
    client.enableStreaming()
    client.subscribe(HOST, bed.ports["node3"], take, "demo.orca_table.totals", "client", 0, userName=USER, password=PASSWORD)
    wait_until(lambda: len(rows) == 4, 20, "the rows at a client of node3")
    assert rows == [1, 2, 4, 6]
    client.unsubscribe(HOST, bed.ports["node3"], "demo.orca_table.totals", "client")
    bed.run('unsubscribeTable(tableName="demo.orca_table.totals", actionName="copy")', site="node2")
    client.close()


def test_a_graph_goes_on_after_its_node_was_killed(bed):
    wanted, sums = totals(bed, "node1"), {"a": 4, "b": 6}
    for life in range(2):
        bed.kill("node1")
        wait_until(lambda: bed.perf("node2")["node1"]["state"] == 0, 30, "node1 seen down")
        bed.run("startDataNode(`node1)", site="controller1")
        bed.wait_nodes()
        wait_until(lambda: totals(bed, "node2") == wanted, 30, "what was there before")
        append(bed, [10, 20], "node3")
        for sym, v in (("a", 10), ("b", 20)):
            sums[sym] += v
            wanted.append(sums[sym])
        wait_until(lambda: totals(bed, "node3") == wanted, 30, "the sums go on")


def test_a_dropped_graph_leaves_nothing(bed):
    with pytest.raises(RuntimeError, match="is used by demo.orca_graph.sums"):
        bed.run('dropOrcaStreamTable("demo.orca_table.trade")', site="node2")
    bed.run('dropStreamGraph("demo.orca_graph.sums", true)', site="node2")
    assert bed.run("size(getOrcaStreamTableMeta())", site="node3") == 0
    assert bed.run("size(getStreamTables())", site="node1") == 0
    assert bed.run("size(getStreamEngineStat())", site="node1") == 0
    bed.run(GRAPH, site="node2")
    append(bed, [5], "node1")
    wait_until(lambda: totals(bed, "node3") == [5], 20, "the graph at another node")
    bed.run('dropStreamGraph("demo.orca_graph.sums", true)', site="node1")


def test_highly_available_tables_take_rows_at_every_node(bed):
    wait_until(lambda: bed.run("getStreamingLeader(11)", site="node1"), 60, "a leader of the stream group")
    leader = bed.run("getStreamingLeader(11)", site="node1")
    other = next(node for node in Bed.nodes if node != leader)
    bed.run("""use catalog demo
        g = createStreamGraph("kept")
        g.haSource("orders", `sym`v, [SYMBOL, LONG], 11, 1000).reactiveStateEngine(<cumsum(v) as total>, `sym).haSink("sums", 11, 1000)
        g.submit()""", site=other)
    for node in Bed.nodes:
        bed.run('appendOrcaStreamTable("demo.orca_table.orders", table(`a as sym, 1 as v))', site=node)
    for node in Bed.nodes:
        wait_until(lambda site=node: bed.run("exec total from demo.orca_table.sums", site=site).tolist() == [1, 2, 3], 20,
                   f"the sums at {node}")
    bed.run('dropStreamGraph("demo.orca_graph.kept", true)', site=other)
    assert bed.run("size(getOrcaStreamTableMeta())", site=leader) == 0
    for node in Bed.nodes:
        wait_until(lambda site=node: bed.run("size(getStreamTables())", site=site) == 0, 20, f"nothing left at {node}")
