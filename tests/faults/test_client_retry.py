"""The official client repeats a request when its connection breaks before the answer. Whatever the node had done before it died, and
though it remembers nothing when it is back, the write takes effect once: client id and number go with it to the controllers, which
remember them with the decision."""
import multiprocessing
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


def write(port, batches, told):
    """A client of its own process (while it waits for the node its interpreter stands still): a batch, what it was told, the next."""
    session = dolphindb.Session(show_output=False)
    assert session.connect(HOST, port, USER, PASSWORD, reconnect=True)
    for batch in batches:
        told.put((batch, session.run(
            f"tableInsert(loadTable('{DATABASE}', 'retried'), table(take(1..4, {ROWS}) as part, take({batch}, {ROWS}) as batch))")))


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
    fork = multiprocessing.get_context("fork")
    told = fork.Queue()
    batches = range(number * 100, number * 100 + 5)
    client = fork.Process(target=write, args=(node.port, batches, told), daemon=True)
    client.start()
    assert node.wait_death(30), f"{node.alias} never came past {point}"
    node.start()
    for batch in batches:
        assert told.get(timeout=60) == (batch, ROWS)
    client.join(10)
    rows = cluster.ask(
        f"select count(*) as rows from loadTable('{DATABASE}', 'retried') where batch >= {batches[0]} group by batch", others)
    found = dict(zip(map(int, rows["batch"]), map(int, rows["rows"])))
    assert found == {batch: ROWS for batch in batches}, f"acknowledged with {ROWS} rows each; {node.alias} died at {point}"
    cluster.wait_replicas(DATABASE, ["retried"], holds_still=True)
