"""A writing official client sees the cluster go from one host to three, to five and back, and loses nothing."""
import os
import socket
import ssl
import stat
import time

import pytest
from cluster import MovingCluster, host, wait_until
from authority import Authority  # of the cluster tests, whose folder is in the path now
from writer import Writer

DATABASE, TABLE = "dfs://moving", "batches"
GAP_MOST = 10.0  # seconds between two acknowledgements; what is measured is printed


@pytest.fixture
def cluster(request):
    with MovingCluster(os.environ["PELORUS_PACKAGE"], request) as made:
        if "tls" in request.node.name:
            made.seal(Authority(made.base / "authority"))
        made.start()
        made.start_nodes()
        made.look()
        made.run(f"""
            db = database('{DATABASE}', VALUE, 1..10)
            db.createPartitionedTable(table(1:0, `id`batch, [INT, INT]), `{TABLE}, `id)
            still = database('dfs://still', VALUE, 1..5)
            t = still.createPartitionedTable(table(1:0, `id`name, [INT, SYMBOL]), `table1, `id)
            t.append!(table(take(1..5, 1000) as id, take(`a`b`c, 1000) as name))
        """)
        made.run("createUser('reader', 'reader_1')", site="controller1")
        made.run("createGroup('desk', 'reader')", site="controller1")
        yield made


def check_content(cluster, writer):
    for database, table in ((DATABASE, TABLE), ("dfs://still", "table1")):
        cluster.wait_equal_replicas(database, table, holds_still=database != DATABASE)
    assert cluster.run("exec count(*) from loadTable('dfs://still', 'table1')") == 1000
    writer.wait_for_more(30, "after the change")


def one_each(*numbers):
    """Every host has one controller, one agent, one data node."""
    def is_so(shape):
        return set(shape) == {host(k) for k in numbers} and all(
            sorted(alias.rstrip("0123456789") for alias in aliases) == ["agent", "controller", "node"] for aliases in shape.values())
    return is_so


def test_walk_under_writes(cluster):
    with Writer(cluster, DATABASE, TABLE) as writer:
        writer.wait_for_more(30, "before anything")
        for numbers in ((1, 2, 3), (1, 2, 3, 4, 5), (1, 2, 3)):
            began = time.monotonic()
            plan = cluster.to_hosts(*numbers)
            cluster.migrate("apply", plan)
            assert one_each(*numbers)(cluster.shape()), cluster.shape()
            check_content(cluster, writer)
            gap = writer.longest_gap(began)
            print(f"\nto {len(numbers)} hosts: {time.monotonic() - began:.1f} s, longest write gap {gap:.2f} s, {writer.summary()}")
            assert gap < GAP_MOST
            cluster.migrate("verify", plan)
            assert cluster.migrate("finish", plan, expect=7).stdout.count("clusterDemo/data") >= (0 if len(numbers) == 5 else 2)
            cluster.migrate("finish", plan, "--yes")
        writer.wait_for_more(30, "at the end")
    cluster.wait_equal_replicas(DATABASE, TABLE)
    writer.check(cluster, DATABASE, TABLE)
    assert not (cluster.base / "hosts" / host(4) / "server").exists()
    assert "reader" in cluster.run("getUserList()", site="any controller")


def test_killed_after_every_step(cluster):
    with Writer(cluster, DATABASE, TABLE) as writer:
        writer.wait_for_more(30, "before anything")
        began = time.monotonic()
        plan = cluster.to_hosts(1, 2, 3)
        kills = cluster.migrate_killed(plan)
        assert kills >= 10
        assert one_each(1, 2, 3)(cluster.shape()), cluster.shape()
        check_content(cluster, writer)
        print(f"\n1 to 3, killed {kills} times: {time.monotonic() - began:.1f} s, longest write gap {writer.longest_gap(began):.2f} s")
    cluster.wait_equal_replicas(DATABASE, TABLE)
    writer.check(cluster, DATABASE, TABLE)


def test_rolled_back_from_the_end(cluster):
    before = cluster.shape()
    with Writer(cluster, DATABASE, TABLE) as writer:
        writer.wait_for_more(30, "before anything")
        plan = cluster.to_hosts(1, 2, 3)
        cluster.migrate("apply", plan)
        cluster.migrate("rollback", plan)
        wait_until(lambda: cluster.shape() == before, 30, "the old shape")
        check_content(cluster, writer)
    writer.check(cluster, DATABASE, TABLE)
    cluster.migrate("resume", plan, expect=7)


def test_refusals_change_nothing(cluster):
    before = cluster.shape()
    for words in (("--to-hosts", f"{host(1)},{host(2)}"), ("--to-hosts", host(1)), ("--replace", f"{host(7)}={host(2)}")):
        assert "refusals" in cluster.plan(*words, expect=7).stdout
    plan = cluster.to_hosts(1, 2, 3)
    cluster.kill("node3")
    wait_until(lambda: cluster.look()["node3"]["state"] == 0, 30, "node3 counts as dead")
    assert plan in cluster.migrate("apply", plan, expect=7).stderr
    cluster.migrate("apply", "0123456789ab", expect=7)
    cluster.migrate("apply", "no id", expect=2)
    assert cluster.shape() == before


def test_with_tls_new_hosts_get_certificates(cluster):
    """One host to three; without the authority's key it stops before it starts anything, and goes on with it."""
    keys = cluster.base / "ssd/keys"
    aside = cluster.base / "ca.key"
    (keys / "ca.key").rename(aside)
    with Writer(cluster, DATABASE, TABLE) as writer:
        writer.wait_for_more(30, "before anything")
        plan = cluster.to_hosts(1, 2, 3)
        refused = cluster.migrate("apply", plan, expect=None)
        assert refused.returncode != 0 and f"{keys}/ca.key (mode 600)" in refused.stdout + refused.stderr, refused.stderr
        aside.rename(keys / "ca.key")
        cluster.migrate("resume", plan)
        assert one_each(1, 2, 3)(cluster.shape()), cluster.shape()
        check_content(cluster, writer)
    for k in (2, 3):
        made = list((cluster.base / "hosts" / host(k)).glob("**/serverPrivate.key"))
        assert made and all(stat.S_IMODE(key.stat().st_mode) == 0o600 for key in made)
        assert not list((cluster.base / "hosts" / host(k)).glob("**/ca.key"))


def test_with_tls_a_host_gets_another_address(cluster):
    """The plan is refused while nobody can sign for the new address; then members move and come back under their old one."""
    keys = cluster.base / "ssd/keys"
    (keys / "ca.key").rename(cluster.base / "ca.key")
    move = ("--move-host", f"{host(1)}={host(2)}")
    refused = cluster.plan(*move, expect=7)
    assert "refuse.no_authority" in refused.stdout and f"{keys}/ca.key" in refused.stdout, refused.stdout
    (cluster.base / "ca.key").rename(keys / "ca.key")
    before = cluster.shape()
    plan = cluster.plan(*move)
    cluster.migrate("apply", plan)
    ports = {alias: port for alias, (_, port) in cluster.sites.items()}
    cluster.sites = {alias: (host(2), port) for alias, port in ports.items()}
    assert cluster.shape() == {host(2): before[host(1)]}
    cluster.wait_equal_replicas("dfs://still", "table1")
    cluster.run("loadTable('dfs://still', `table1).append!(table(take(1..5, 10) as id, take(`a, 10) as name))")
    for alias in ("controller2", "node3"):
        for address in (host(1), host(2)):
            context = ssl.create_default_context(cafile=keys / "ca.crt")
            with socket.create_connection(cluster.sites[alias], timeout=10) as plain:
                context.wrap_socket(plain, server_hostname=address).close()
    cluster.migrate("rollback", plan)
    cluster.sites = {alias: (host(1), port) for alias, port in ports.items()}
    assert cluster.shape() == before
    cluster.wait_equal_replicas("dfs://still", "table1")
    assert cluster.run("exec count(*) from loadTable('dfs://still', 'table1')") == 1010


def test_with_tls_a_full_stop_carries_members_to_hosts_of_their_own(cluster):
    """Packages, directories, keys and settings at other places; certificates for the new hosts."""
    wait_until(lambda: all(row["nodeUuid"] for row in cluster.look().values()), 30, "everybody has told who it is")
    before = {alias: row["nodeUuid"] for alias, row in cluster.look().items()}
    plan = cluster.plan("--offline", "--to-hosts", ",".join(host(k) for k in (1, 2, 3)))
    cluster.migrate("apply", plan)
    assert one_each(1, 2, 3)(cluster.shape()), cluster.shape()
    wait_until(lambda: {alias: row["nodeUuid"] for alias, row in cluster.look().items()}.items() >= before.items(), 30, "the identities")
    assert cluster.look()["node2"]["host"] == host(2) and cluster.look()["controller3"]["host"] == host(3)
    assert cluster.run("exec count(*) from loadTable('dfs://still', 'table1')") == 1000
    homes = [cluster.base / "hosts" / host(k) for k in (2, 3)]
    assert all(list(home.glob("ssd/dolphindb_*/volumes")) and list(home.glob("server/clusterDemo/data/node*/identity")) for home in homes)
    assert all(list(home.glob("**/serverPrivate.key")) and not list(home.glob("**/ca.key")) for home in homes)
    cluster.migrate("finish", plan, "--yes")
    assert not (cluster.base / "ssd/dolphindb_2/volumes").exists() and not (cluster.base / "dolphindb_2").exists()
    cluster.run("loadTable('dfs://still', 'table1').append!(table(1..5 as id, take(`x, 5) as name))")
    assert cluster.run("exec count(*) from loadTable('dfs://still', 'table1')") == 1005
