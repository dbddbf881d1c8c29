"""A planned full stop: members go to other hosts as they are, by one command, checked, resumable, reversible until the first write."""
import json
import os
import signal
import subprocess
import time

import pytest

from hosts_cluster import DATABASE, DEPLOYMENTS, TABLE, HostsCluster
from hosts import ENVIRONMENT, Refused, wait_until

ROWS = 500
PLACES = {"node1": "172.0.0.1:9907", "node2": "172.0.0.2:9908", "node3": "172.0.0.3:9909"}


@pytest.fixture
def make_cluster():
    made = []

    def make(count, deployment="single"):
        try:
            cluster = HostsCluster(os.environ["PELORUS_PACKAGE"], count)
        except Refused as reason:
            pytest.skip(str(reason))
        made.append(cluster)
        cluster.deployment = deployment
        cluster.deploy(deployment)
        cluster.make_table()
        fill(cluster)
        return cluster

    yield make
    for cluster in made:
        print(cluster.tails())
        cluster.close()


def hosts(*numbers):
    return ",".join(f"172.0.0.{k}" for k in numbers)


def node(cluster, alias, script, **options):
    row = next(row for row in cluster.members() if row["alias"] == alias)
    return cluster.desk.ask(f"{row['host']}:{row['port']}", script, password=cluster.password, **options)


def share_stream(cluster, alias):
    """A persisted stream table comes back with its rows when a script shares it again."""
    return node(cluster, alias, "enableTableShareAndPersistence(streamTable(1000:0, `id`price, [INT, DOUBLE]), `ticks)\n"
                                "go\nexec count(*) from ticks")


def fill(cluster):
    cluster.ask(f"loadTable('{DATABASE}', '{TABLE}').append!(table(take(1..100, 20000) as id, take(1..7, 20000) as batch))")
    share_stream(cluster, "node2")
    node(cluster, "node2", f"ticks.append!(table(1..{ROWS} as id, rand(1.0, {ROWS}) as price))")
    wait_until(lambda: node(cluster, "node2", "getPersistenceMeta(ticks).sizeOnDisk") > 0, 20, "rows on disk")
    node(cluster, "node3", "def daily() { return 1 }\nscheduleJob(`nightly, 'counts', daily, 23:59m, 2030.01.01, 2031.01.01, 'D')")


def content(cluster):
    found = {table: {row["chunkId"]: (row["rows"], row["hash"]) for row in cluster.ask(f"getReplicaHashes('{db}', '{table}')")}
             for db, table in ((DATABASE, TABLE), ("dfs://still", "table1"))}
    found["users"] = sorted(cluster.ask_controllers("getUserList()"))
    found["count"] = cluster.ask("stillCount()")
    found["jobs"] = node(cluster, "node3", "exec jobId from getScheduledJobs()")
    wait_until(lambda: all(row["nodeUuid"] for row in cluster.members()), 30, "everybody has told who it is")
    found["uuids"] = {row["alias"]: row["nodeUuid"] for row in cluster.members()}
    return found


def plan_offline(cluster, *numbers, stopped=False, options=()):
    words = ["--offline", "--to-hosts", hosts(*numbers), *options]
    if not stopped:
        return cluster.plan(*words)
    packages = [f"172.0.0.{host}:/home/dolphindb_{k}" for host, numbers in DEPLOYMENTS[cluster.deployment].items() for k in numbers]
    return json.loads(cluster.migrate("plan", *words, "--from-config", ",".join(packages), "--json").stdout)


def stop(cluster):
    for host, packages in DEPLOYMENTS[cluster.deployment].items():
        for k in packages:
            cluster.network.host(host).run(f"cd /home/dolphindb_{k}/server/clusterDemo && sh stopAllNode.sh")


def all_online(cluster, shape):
    wait_until(lambda: all(row["state"] == 1 for row in cluster.members()) and cluster.shape() == shape, 60, f"{shape}, everything online")


THREE = {k: [f"agent{k}", f"controller{k}", f"node{k}"] for k in (1, 2, 3)}
ONE = {1: ["agent1", *(f"{role}{k}" for role in ("controller", "node") for k in (1, 2, 3))]}


def same(before, after):
    """New members are new, everything else is what it was."""
    assert before["uuids"].items() <= after["uuids"].items()
    assert {key: value for key, value in before.items() if key != "uuids"} == {key: value for key, value in after.items() if key != "uuids"}


def check_left_behind(cluster):
    """What stays on the first host does not start, together or alone."""
    one = cluster.network.host(1)
    for k in (2, 3):
        done = one.run(f"cd /home/dolphindb_{k}/server/clusterDemo && sh startController.sh --timeout 20", check=False)
        assert done.returncode != 0 and f"controller{k} lives at 172.0.0.{k}" in done.stdout + done.stderr, done.stdout + done.stderr


def test_one_host_to_three_and_five(make_cluster):
    cluster = make_cluster(5)
    before = content(cluster)
    plan = plan_offline(cluster, 1, 2, 3)
    assert [made["alias"] for made in plan["relocations"]] == ["controller2", "controller3", "node2", "node3"]
    began = time.monotonic()
    cluster.migrate("apply", plan["id"])
    print(f"\n1 to 3 offline: {time.monotonic() - began:.1f} s")
    all_online(cluster, THREE)
    same(before, content(cluster))
    assert share_stream(cluster, "node2") == ROWS
    check_left_behind(cluster)
    assert "equal" in cluster.migrate("verify", plan["id"]).stdout
    listed = cluster.migrate("finish", plan["id"], check=False).stdout
    assert "172.0.0.1: /home/dolphindb_1/server/clusterDemo/data/node2" in listed and "172.0.0.1: /ssd/ssd1/dolphindb_3/volumes" in listed
    cluster.migrate("finish", plan["id"], "--yes")
    one = cluster.network.host(1)
    assert one.run("ls /home /ssd/ssd1/dolphindb_2 /home/dolphindb_1/server/clusterDemo/data").stdout.split() == [
        "/home:", "dolphindb_1", "/home/dolphindb_1/server/clusterDemo/data:", "agent1", "controller1", "node1", "/ssd/ssd1/dolphindb_2:"]
    assert not one.run(f"find / -xdev -name '*-{plan['id']}*' ! -path '*/config/*' 2>/dev/null", check=False).stdout

    before = content(cluster)
    plan = plan_offline(cluster, 1, 2, 3, 4, 5, options=["--controllers-only"])
    assert not plan["relocations"]
    cluster.migrate("apply", plan["id"])
    all_online(cluster, {**THREE, 4: ["controller4"], 5: ["controller5"]})
    same(before, content(cluster))
    assert all(row["vote"] == "voter" for row in cluster.members() if row["role"] == "controller")
    # Two of five may go.
    for k in (1, 4):
        cluster.network.host(k).kill(f"controller{k}")
    wait_until(lambda: cluster.ask("stillCount()") == 1000, 60, "three of five go on")


class Journal:
    """What the tool on the desk has written down of a plan."""

    def __init__(self, cluster, plan):
        self.path = cluster.desk.root / f"root/state/{plan['id']}/journal.json"

    def states(self):
        text = json.loads(self.path.read_text())
        return text["state"], [step["state"] for step in text["steps"]]


def run_killed(cluster, plan, verb, word, at_end):
    """Runs a plan whose tool is killed with SIGKILL at the begin of every step and within it, and resumed. Returns the kills."""
    journal, kills = Journal(cluster, plan), 0
    while True:
        before = journal.states()
        process = subprocess.Popen([*cluster.desk.enter(), "bash", "-c", cluster.command(
            "migrate", verb, plan["id"], "--state", "/root/state", "--lang", "en")], env=ENVIRONMENT, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        # One step further, then a different moment of the next one each time.
        while process.poll() is None and journal.states()[1].count(word) <= before[1].count(word):
            time.sleep(0.005)
        time.sleep(0.03 * (kills % 5))
        if process.poll() is None:
            process.kill()
            kills += 1
        output = process.communicate()[0]
        assert process.returncode in (0, -signal.SIGKILL), output
        state = journal.states()[0]
        if state == at_end:
            return kills
        verb = verb if state == "planned" else "resume"
        # What was killed may live on in what it had started on a host.
        time.sleep(0.3)


def test_killed_at_every_step_and_gone_back_from_the_end(make_cluster):
    cluster = make_cluster(3)
    before = content(cluster)
    plan = plan_offline(cluster, 1, 2, 3)
    kills = run_killed(cluster, plan, "apply", "done", "done")
    assert kills > 25
    all_online(cluster, THREE)
    same(before, content(cluster))
    check_left_behind(cluster)
    kills = run_killed(cluster, plan, "rollback", "undone", "rolled back")
    assert kills > 20
    all_online(cluster, ONE)
    same(before, content(cluster))
    assert share_stream(cluster, "node2") == ROWS
    for k in (2, 3):
        assert cluster.network.host(k).run("ls /home /ssd/ssd1; find / -xdev -name '*-" + plan["id"] + "' 2>/dev/null").stdout.split() == [
            "/home:", "/ssd/ssd1:"]
    # The same once more, undisturbed.
    again = plan_offline(cluster, 1, 2, 3)
    cluster.migrate("apply", again["id"])
    all_online(cluster, THREE)
    same(before, content(cluster))


def test_a_stopped_cluster_moves_by_its_files_and_back_until_something_is_written(make_cluster):
    cluster = make_cluster(3)
    before = content(cluster)
    stop(cluster)
    plan = plan_offline(cluster, 1, 2, 3, stopped=True)
    cluster.migrate("apply", plan["id"])
    all_online(cluster, THREE)
    same(before, content(cluster))
    cluster.migrate("rollback", plan["id"])
    all_online(cluster, ONE)
    same(before, content(cluster))

    plan = plan_offline(cluster, 1, 2, 3)
    cluster.migrate("apply", plan["id"])
    all_online(cluster, THREE)
    assert share_stream(cluster, "node2") == ROWS
    node(cluster, "node2", "ticks.append!(table(1..10 as id, rand(1.0, 10) as price))")
    wait_until(lambda: node(cluster, "node2", "exec count(*) from ticks") == ROWS + 10, 20, "rows")
    time.sleep(2)  # they go to the disk by themselves
    refused = cluster.migrate("rollback", plan["id"], check=False)
    assert refused.returncode == 7 and "move back online" in refused.stderr, refused.stderr
    cluster.ask("loadTable('dfs://still', `table1).append!(table(1..5 as id, take(`x, 5) as name))")
    refused = cluster.migrate("rollback", plan["id"], check=False)
    assert refused.returncode == 7 and "would lose them" in refused.stderr, refused.stderr
    all_online(cluster, THREE)
    assert cluster.ask("stillCount()") == 1005


def test_two_hosts_to_three(make_cluster):
    cluster = make_cluster(3, "dual")
    before = content(cluster)
    plan = plan_offline(cluster, 1, 2, 3)
    assert [made["alias"] for made in plan["relocations"]] == ["controller3", "node3"]
    cluster.migrate("apply", plan["id"])
    all_online(cluster, THREE)
    same(before, content(cluster))
    # Fewer hosts than controllers: only online.
    refused = cluster.migrate("plan", "--offline", "--to-hosts", hosts(1), "--host", "172.0.0.1", "--port", "9901", check=False)
    assert refused.returncode == 7 and "Without --offline" in refused.stderr, refused.stderr


def test_back_without_a_new_host_that_is_lost(make_cluster):
    cluster = make_cluster(3)
    before = content(cluster)
    plan = plan_offline(cluster, 1, 2, 3)
    cluster.migrate("apply", plan["id"])
    all_online(cluster, THREE)
    cluster.network.host(3).power_off()
    refused = cluster.migrate("rollback", plan["id"], check=False)
    assert refused.returncode not in (0, 8), refused.stderr
    cluster.migrate("rollback", plan["id"], "--accept-risk")
    all_online(cluster, ONE)
    same(before, content(cluster))
    # It comes back with its copies, and is told who it is not.
    three = cluster.network.host(3)
    three.power_on()
    three.run("cd /home/dolphindb_3/server/clusterDemo && sh startController.sh --timeout 10", check=False)
    wait_until(lambda: any(word in three.run("cat /home/dolphindb_3/server/clusterDemo/log/controller.log").stdout for word in (
        "controller3 is running already at 172.0.0.1:9903", "a member with the same identity is connected")), 60, "the copy is refused")
    all_online(cluster, ONE)
    same(before, content(cluster))
