"""A cluster under writes is restarted, upgraded, taken back, upgraded again and finalized, host by host; nothing is lost."""
import re
import time

import pytest

from cluster import HOSTS, PACKAGE, SERVER, Cluster, DeskWriter, Refused, address, wait_until

GAP_MOST = 15.0  # seconds between two acknowledgements; what is measured is printed
OLD, NEXT = "0.1.0", "0.2.0"
LEVEL = 3  # kNewestLevel of src/meta/levels.h: a new cluster begins there
NEXT_LEVEL = LEVEL + 1  # of pelorusd_next


@pytest.fixture(scope="module")
def cluster():
    try:
        made = Cluster()
    except Refused as reason:
        pytest.skip(str(reason))
    try:
        made.make_next()
        made.deploy()
        yield made
    finally:
        made.close()


def measured(writer, what, began):
    gap = writer.longest_gap(began)
    print(f"\n{what}: {time.monotonic() - began:.1f} s, longest write gap {gap:.2f} s")
    assert gap < GAP_MOST


def test_everything_under_writes(cluster):
    with DeskWriter(cluster, "all") as writer:
        writer.wait_for_more(60, "before anything")
        rolling_restart(cluster, writer)
        upgrade_and_back(cluster, writer)
        upgrade_for_good(cluster, writer)
        writer.wait_for_more(60, "at the end")
        print(f"\n{writer.summary()}, {writer.rate():.0f} rows/s")
        assert writer.rate() > 1000
    writer.check(cluster, "dfs://upgraded", "batches")


def rolling_restart(cluster, writer):
    before = cluster.pids()
    plan = cluster.plan("--restart-only")
    began = time.monotonic()
    print(cluster.upgrade("apply", plan).stderr)
    measured(writer, "rolling restart", began)
    after = cluster.pids()
    assert set(after) == set(before) and all(after[node] != before[node] for node in before), (before, after)
    cluster.upgrade("rollback", plan, expect=7)
    writer.wait_for_more(60, "after the restart")


def upgrade_and_back(cluster, writer):
    plan = cluster.plan_next()
    began = time.monotonic()
    kills = cluster.upgrade_killed("apply", plan, "done", 12, "done")
    assert kills >= 10
    measured(writer, f"upgrade, tool killed {kills} times", began)
    assert cluster.versions() == [NEXT] and cluster.level() == LEVEL
    assert all(cluster.network.host(k).run(f"cat {SERVER}/web/next.txt").stdout == "next\n" for k in HOSTS)
    assert plan in cluster.upgrade("status").stdout
    began = time.monotonic()
    kills = cluster.upgrade_killed("rollback", plan, "undone", 6, "rolled back")
    measured(writer, f"rollback, tool killed {kills} times", began)
    assert cluster.versions() == [OLD] and cluster.level() == LEVEL
    for k in HOSTS:
        assert cluster.network.host(k).run(f"ls -A /home/pelorus; ls {SERVER}/web").stdout.count("next.txt") == 0
        assert "server." not in cluster.network.host(k).run("ls -A /home/pelorus").stdout
    writer.wait_for_more(60, "after the way back")


def upgrade_for_good(cluster, writer):
    plan = cluster.plan_next()
    began = time.monotonic()
    # On the way: one host has the new program, so the cluster cannot be finalized yet.
    stop_after_first_host(cluster, plan)
    with pytest.raises(RuntimeError, match=f"Not every member knows feature level {NEXT_LEVEL}: .*controller3 runs pelorusd 0.1.0"):
        cluster.ask(f"finalizeUpgrade({NEXT_LEVEL})", k=1, port=8900)
    cluster.upgrade("finalize", plan, "--yes", expect=7)
    cluster.upgrade("apply", plan)
    measured(writer, "upgrade", began)
    assert f"from {LEVEL} to {NEXT_LEVEL}" in cluster.upgrade("finalize", plan, expect=7).stdout
    assert cluster.level() == LEVEL
    cluster.upgrade("finalize", plan, "--yes")
    assert cluster.level() == NEXT_LEVEL and cluster.versions() == [NEXT]
    cluster.upgrade("rollback", plan, expect=7)
    for k in HOSTS:
        assert "server." not in cluster.network.host(k).run("ls -A /home/pelorus").stdout
    old_program_is_refused(cluster, writer)


def stop_after_first_host(cluster, plan):
    pid_file = cluster.network.common / "tool.pid"
    process = cluster.desk.run(f"echo $$ >{pid_file}; {cluster.line('apply', plan)}", background=True)
    # Three times sent, then five steps for the first host.
    wait_until(lambda: cluster.steps_in(plan, "done") >= 8, 300, "the first host has the new program")
    cluster.desk.run(f"kill -9 $(cat {pid_file})")
    process.wait()
    assert cluster.versions() == [OLD, NEXT]


def old_program_is_refused(cluster, writer):
    host = cluster.network.host(3)
    wait_until(lambda: host.run(f"grep -lx level={NEXT_LEVEL} {SERVER}/clusterDemo/data/*/identity").stdout.count("identity") == 3, 30,
               "every node of the host has noted the level")
    host.run(f"cd {SERVER}/clusterDemo && sh stopAllNode.sh --timeout 120")
    host.run(f"cp -p {SERVER}/pelorusd /root/new && cp -p {PACKAGE}/server/pelorusd {SERVER}/dolphindb.old "
             f"&& mv -f {SERVER}/dolphindb.old {SERVER}/dolphindb && cp -p {SERVER}/dolphindb {SERVER}/pelorusd.old "
             f"&& mv -f {SERVER}/pelorusd.old {SERVER}/pelorusd")
    before = host.run("find /home/pelorus/data -type f -printf '%p %s %T@\\n' | sort | md5sum").stdout
    for script in ("startController.sh", "startAgent.sh"):
        refused = host.run(f"cd {SERVER}/clusterDemo && sh {script}", check=False)
        assert refused.returncode == 1 and f"feature level {NEXT_LEVEL}" in refused.stderr, refused.stderr
        assert "start this node with the version the others run" in refused.stderr, refused.stderr
    print("\n" + re.sub(r"(?m)^", "  ", refused.stderr))
    assert host.run("find /home/pelorus/data -type f -printf '%p %s %T@\\n' | sort | md5sum").stdout == before
    host.run(f"cp -p /root/new {SERVER}/p && mv -f {SERVER}/p {SERVER}/pelorusd && ln -f {SERVER}/pelorusd {SERVER}/dolphindb")
    host.run(f"cd {SERVER}/clusterDemo && sh startController.sh && sh startAgent.sh")
    node = next(alias for alias, row in cluster.members().items() if row["host"] == address(3) and row["role"] == "datanode")
    wait_until(lambda: cluster.ask(f"startDataNode(`{node})", k=2, port=8900) is None, 60, f"{node} started")
    wait_until(lambda: all(row["state"] == 1 for row in cluster.members().values()), 120, "everybody is back")
    writer.wait_for_more(60, "with everybody back")
