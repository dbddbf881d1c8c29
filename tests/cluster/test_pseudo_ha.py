"""The seed's first deployment (S9 to S16) with a writing official client while every process is killed in turn."""
import concurrent.futures
import os
import pathlib
import signal

import pytest

from bed import Bed, alive, wait_until
from writer import Writer

PACKAGE = os.environ["PELORUS_PACKAGE"]
DATABASE, TABLE = "dfs://single_test", "table1"


@pytest.fixture(scope="module")
def bed(request):
    with Bed(PACKAGE, request) as cluster:
        for k in (1, 2, 3):
            cluster.set_config(k, "controller.cfg", datanodeRestartInterval=1)
        cluster.start()
        cluster.start_nodes(are_new=True)
        yield cluster


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


def test_a_function_view_is_called_from_every_node(bed):
    bed.run("def twice(x) { return 2 * x }\n addFunctionView(twice)", site="node1")
    bed.run("def fourTimes(x) { return twice(twice(x)) }\n addFunctionView(fourTimes)", site="node2")
    for site in (*bed.nodes, *bed.controllers):
        assert bed.run("fourTimes(3)", site=site) == 12
    assert bed.run("each(twice, 1 2 3).sum()", site="node3") == 12
    bed.run("def helper(x) { return x }\n def lonely(x) { return helper(x) }\n addFunctionView(lonely)", site="node1")
    with pytest.raises(RuntimeError, match="The function view lonely can't be used: .*helper"):
        bed.run("lonely(1)", site="node2")
    for view in ("twice", "fourTimes", "lonely"):
        bed.run(f"dropFunctionView('{view}')", site="node1")
    with pytest.raises(RuntimeError, match="twice"):
        bed.run("twice(1)", site="node1")


def test_names_of_databases_outlive_the_leader(bed):
    bed.run(f"createCatalog('trading')\n createSchema('trading', '{DATABASE}', 'stock')", site="node1")
    leader = bed.leader()
    bed.kill(leader)
    for node in bed.nodes:
        assert bed.run(f"exec count(*) from trading.stock.{TABLE}", site=node) == 10_000_100
    bed.run("renameSchema('trading', 'stock', 'shares')", site="node2")
    bed.restart_controller(leader)
    bed.wait_leader()
    with pytest.raises(RuntimeError, match="trading"):
        bed.run("createCatalog('trading')", site="node3")
    for node in bed.nodes:
        assert bed.run(f"exec count(*) from trading.shares.{TABLE}", site=node) == 10_000_100
        with pytest.raises(RuntimeError, match="stock"):
            bed.run(f"exec count(*) from trading.stock.{TABLE}", site=node)


def test_partitions_go_when_their_time_is_over(bed):
    bed.run("""
        today = date(now())
        db = database('dfs://kept', VALUE, (today - 30)..today)
        t = db.createPartitionedTable(table(1:0, `d`v, [DATE, INT]), `t, `d)
        t.append!(table((today - 0 1 2 3 5 20) as d, 1..6 as v))
        setRetentionPolicy(db, 48)""")
    left = "exec v from loadTable('dfs://kept', `t) order by v"
    wait_until(lambda: list(bed.run(left, site="node2")) == [1, 2, 3, 6], 30, "partitions of three and five days ago gone")
    assert bed.run("schema(database('dfs://kept')).retentionHours", site="node3") == 48
    assert "their time is over, drops 2 partition(s) of dfs://kept/t" in bed.logs(lines=200)


def test_jobs_of_one_node_leave_room_for_writers_of_another_and_end_with_their_node(bed):
    bed.run("""
        db = database('dfs://jobs', VALUE, 1 2, , 'OLAP', 'CHUNK')
        db.createPartitionedTable(table(1:0, `id`batch, [INT, INT]), `shared, `id)""")
    bed.run("""
        def write_on(batch, n) {
            t = loadTable('dfs://jobs', `shared)
            rows = table(take(1 2, 1000) as id, take(batch, 1000) as batch)
            for (i in 1..n) t.append!(rows)
        }
        for (k in 1..4) submitJob("writer" + string(k), "", write_on, k, 1000000)""", site="node1")
    count = "exec count(*) from loadTable('dfs://jobs', `shared) where batch {}"
    wait_until(lambda: bed.run(count.format("> 0"), site="node2") > 20000, 30, "rows of the jobs")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for _ in range(5):
            append = "loadTable('dfs://jobs', `shared).append!(table(1 2 as id, 0 0 as batch))"
            pool.submit(bed.run, append, site="node2").result(timeout=60)
    assert bed.run(count.format("= 0"), site="node3") == 10

    pid = bed.pid("node1")
    bed.kill("node1", signal.SIGTERM)
    wait_until(lambda: not alive(pid), 30, "node1 gone, jobs and all")
    bed.run("startDataNode(`node1)", site="controller1")
    bed.wait_nodes()
    assert bed.run(count.format("> 0"), site="node2") % 1000 == 0
    bed.wait_equal_replicas("dfs://jobs", "shared")
    bed.run("dropDatabase('dfs://jobs')")


def test_no_acknowledged_row_is_lost_when_each_process_is_killed(bed):
    bed.run(f"""
        db = database('{DATABASE}')
        db.createPartitionedTable(table(1:0, `id`batch, [INT, INT]), `writes, `id)
    """)
    with Writer(bed, DATABASE, "writes") as writer:
        writer.wait_for_more(30, "at first")
        for controller in bed.controllers:
            bed.kill(controller)
            writer.wait_for_more(30, f"after killing {controller}")
            bed.restart_controller(controller)
            bed.wait_leader()
        for node in bed.nodes:
            bed.wait_equal_replicas(DATABASE, "writes", holds_still=False)
            bed.kill(node)
            writer.wait_for_more(60, f"after killing {node}")
            bed.run(f"startDataNode(`{node})", site="controller1")
            bed.wait_nodes()
        writer.wait_for_more(30, "at last")
    print(writer.summary())

    writer.check(bed, DATABASE, "writes")
    bed.wait_equal_replicas(DATABASE, "writes")


def test_stop_and_cold_start_keep_everything(bed):
    before = bed.run(f"exec count(*) from loadTable('{DATABASE}', 'writes')")
    bed.stop()
    assert all(bed.pid(alias) is None or not pathlib.Path(f"/proc/{bed.pid(alias)}").exists() for alias in bed.ports)
    bed.start()
    bed.start_nodes()
    assert bed.run(f"exec count(*) from loadTable('{DATABASE}', 'writes')") == before
    assert bed.run("exec count(*) from trading.shares.writes", site="node3") == before
