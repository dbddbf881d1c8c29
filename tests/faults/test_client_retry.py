"""The official client repeats a request when its connection breaks before the answer. Whatever the node had done before it died, and
though it remembers nothing when it is back, the write takes effect once: client id and number go with it to the controllers, which
remember them with the decision."""
import os
import threading

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


def start_after_death(node):
    """As an agent would."""
    if node.wait_death(60):
        node.start()


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
    session = dolphindb.Session(show_output=False)
    assert session.connect(HOST, node.port, USER, PASSWORD, reconnect=True)
    starter = threading.Thread(target=start_after_death, args=(node,), daemon=True)
    starter.start()
    for batch in range(number * 100, number * 100 + 30):
        told = session.run(f"tableInsert(loadTable('{DATABASE}', 'retried'), table(take(1..4, {ROWS}) as part, take({batch}, {ROWS}) as batch))")
        assert told == ROWS
        rows = cluster.ask(f"exec count(*) from loadTable('{DATABASE}', 'retried') where batch = {batch}", others)
        assert rows == ROWS, f"batch {batch} of {ROWS} rows was acknowledged and is there with {rows}, {node.alias} died at {point}"
        if node.fault is None:
            break
    session.close()
    starter.join(1)
    assert node.fault is None, f"{node.alias} never came past {point}"
    assert node.wait_ready()
    cluster.wait_replicas(DATABASE, ["retried"], holds_still=True)
