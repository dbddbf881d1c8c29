"""The official client repeats a request on another node when its connection breaks before the answer. Whatever the first node had done
by then, the write takes effect once: client id and number go with it to the controllers, which remember them with the decision."""
import os

import dolphindb
import pytest

from load import DATABASE
from processes import HOST, PASSWORD, USER, Cluster

PACKAGE = os.environ["PELORUS_PACKAGE"]
ROWS = 8


@pytest.fixture(scope="module")
def cluster():
    with Cluster(PACKAGE) as one:
        one.ask(f"""db = database('{DATABASE}', VALUE, 1..4)
            db.createPartitionedTable(table(1:0, `part`batch, [INT, INT]), `retried, `part)""")
        yield one


def connect_to(node, others):
    """With all sites; the client chooses among them by itself, so it is asked to until it has chosen the node."""
    sites = [f"{HOST}:{one.port}" for one in [node, *others]]
    for _ in range(50):
        session = dolphindb.Session(show_output=False)
        assert session.connect(HOST, node.port, USER, PASSWORD, highAvailability=True, highAvailabilitySites=sites, reconnect=True)
        if session.run("getNodeAlias()") == node.alias:
            return session
        session.close()
    raise AssertionError(f"the client never chose {node.alias}")


@pytest.mark.parametrize("number, point", enumerate([
    "coordinator.begin.asked", "coordinator.begin.answered", "coordinator.prepare.sent", "coordinator.prepare.answered",
    "coordinator.decision.asked", "coordinator.decision.answered", "coordinator.notice.sent", "coordinator.notice.answered",
    "coordinator.writer.answered"]))
def test_a_repeated_request_takes_effect_once(cluster, number, point):
    node = cluster.nodes[number % 3]
    others = [one for one in cluster.nodes if one is not node]
    node.kill()
    node.start(fault=f"{point}:1")
    assert node.wait_ready()
    session = connect_to(node, others)
    answered = False
    for batch in range(number * 100, number * 100 + 30):
        told = session.run(f"tableInsert(loadTable('{DATABASE}', 'retried'), table(take(1..4, {ROWS}) as part, take({batch}, {ROWS}) as batch))")
        assert told == ROWS
        answered = True
        rows = cluster.ask(f"exec count(*) from loadTable('{DATABASE}', 'retried') where batch = {batch}", others)
        assert rows == ROWS, f"batch {batch} of {ROWS} rows was acknowledged and is there with {rows}, {node.alias} died at {point}"
        if not node.runs():
            break
    session.close()
    assert answered and node.wait_death(1), f"{node.alias} was never asked to write"
    node.start()
    assert node.wait_ready()
    cluster.wait_replicas(DATABASE, ["retried"], holds_still=True)
