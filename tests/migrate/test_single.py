"""A single node becomes a cluster with its data where they are, and then a cluster of three hosts."""
import json
import os
import time

import pytest

from hosts_cluster import DATABASE, SINGLE, TABLE, HostsCluster, start_single
from hosts import Refused, wait_until


@pytest.fixture
def cluster():
    try:
        made = HostsCluster(os.environ["PELORUS_PACKAGE"], 3)
    except Refused as reason:
        pytest.skip(str(reason))
    start_single(made)
    try:
        yield made
    finally:
        made.close()


def ask(cluster, script, site=SINGLE, user="admin", password=None):
    return cluster.desk.ask(site, script, user, password or cluster.password)


def fill(cluster):
    ask(cluster, f"""
        db = database('{DATABASE}', RANGE, 1 11 21 31 41 51 61 71 81 91 101)
        t = db.createPartitionedTable(table(1:0, `id`batch, [INT, INT]), `{TABLE}, `id)
        t.append!(table(take(1..100, 5000) as id, take(0, 5000) as batch))
        createUser('ann', 'secret12')
        grant('ann', 'TABLE_READ', '{DATABASE}/{TABLE}')
        def rowsOfAll() {{ return exec count(*) from loadTable('{DATABASE}', `{TABLE}) }}
        addFunctionView(rowsOfAll)
        scheduleJob(`daily, "counts", rowsOfAll, 23:59m, 2030.01.01, 2031.01.01, 'D')
    """)


def hashes(cluster):
    return {row["chunkId"]: (row["rows"], row["hash"]) for row in ask(cluster, f"getReplicaHashes('{DATABASE}', '{TABLE}')")}


def plan_of(cluster):
    host, port = SINGLE.split(":")
    return json.loads(cluster.migrate("plan", "--to-cluster", "--host", host, "--port", port, "--json").stdout)


def test_single_node_to_cluster_to_three_hosts(cluster):
    fill(cluster)
    before = hashes(cluster)
    jobs = ask(cluster, "exec jobId from getScheduledJobs()")
    plan = plan_of(cluster)
    began = time.monotonic()
    cluster.migrate("apply", plan["id"])
    print(f"\nsingle node to cluster: {time.monotonic() - began:.1f} s")
    assert hashes(cluster) == before
    assert ask(cluster, "rowsOfAll()") == 5000 and ask(cluster, "exec jobId from getScheduledJobs()") == jobs
    assert ask(cluster, f"exec count(*) from loadTable('{DATABASE}', `{TABLE})", user="ann", password="secret12") == 5000
    cluster.controllers = [("172.0.0.1", 8849)]
    assert cluster.shape() == {1: ["agent1", "controller1", "local8848", "node1"]}
    # The restart of a controller that once took over needs nothing of the single node.
    host = cluster.network.host(1)
    assert "takeOverFrom" not in host.run("cat /home/pelorus/server/clusterDemo/config/controller.cfg").stdout
    host.kill("controller1")
    host.run("cd /home/pelorus/server/clusterDemo && sh startController.sh")
    wait_until(lambda: all(row["state"] == 1 for row in cluster.members()), 60, "everything online again")
    cluster.migrate("finish", plan["id"], "--yes")
    wait_until(lambda: hashes_have_two(cluster), 60, "second replicas")
    moved = cluster.plan("--to-hosts", "172.0.0.1,172.0.0.2,172.0.0.3")
    cluster.migrate("apply", moved["id"])
    assert ask(cluster, "rowsOfAll()") == 5000
    assert set(cluster.shape()) == {1, 2, 3}


def hashes_have_two(cluster):
    rows = ask(cluster, f"getReplicaHashes('{DATABASE}', '{TABLE}')")
    return len(rows) == 2 * len({row["chunkId"] for row in rows}) and all(row["inSync"] for row in rows)


def test_it_becomes_a_single_node_again_unless_something_was_written(cluster):
    fill(cluster)
    before = hashes(cluster)
    plan = plan_of(cluster)
    cluster.migrate("apply", plan["id"])
    cluster.migrate("rollback", plan["id"])
    assert hashes(cluster) == before and ask(cluster, "rowsOfAll()") == 5000
    again = plan_of(cluster)
    cluster.migrate("apply", again["id"])
    ask(cluster, f"loadTable('{DATABASE}', `{TABLE}).append!(table(1..100 as id, take(1, 100) as batch))")
    refused = cluster.migrate("rollback", again["id"], check=False)
    assert refused.returncode == 7 and "would be lost" in refused.stderr, refused.stderr
    assert ask(cluster, "rowsOfAll()") == 5100
