"""The official clients on the seed's first deployment: the seed's own script, and writers whose node is killed."""
import asyncio
import json
import os
import pathlib
import subprocess
import threading
import time

import dolphindb
import numpy as np
import pandas as pd
import pytest

from bed import HOST, PASSWORD, USER, Bed, wait_until

PACKAGE = os.environ["PELORUS_PACKAGE"]
HERE = pathlib.Path(__file__).resolve().parent
SCRIPT = HERE / "seed_script.dos"
ROWS = 10_000_100
ALL_ROWS = 'select * from loadTable("dfs://single_test", "table1")'


@pytest.fixture(scope="module")
def bed(request):
    with Bed(PACKAGE, request) as cluster:
        cluster.start()
        cluster.start_nodes()
        yield cluster


@pytest.fixture
def highly_available(bed):
    """Sessions that know all three data nodes."""
    opened = []

    def connect(first="node1"):
        session = dolphindb.Session(show_output=False)
        assert session.connect(HOST, bed.ports[first], USER, PASSWORD, highAvailability=True,
                               highAvailabilitySites=[bed.site(node) for node in bed.nodes], reconnect=True)
        opened.append(session)
        return session

    yield connect
    for session in opened:
        session.close()


def restart(bed, node, database, *tables):
    """Starts a killed node again and waits until it holds what was written without it."""
    wait_until(lambda: bed.perf()[node]["state"] == 0, 30, f"{node} seen down")
    bed.run(f"startDataNode(`{node})", site="controller1")
    bed.wait_nodes()

    def replicas_agree():
        for table in tables:
            replicas = bed.run(f"getReplicaHashes('{database}', '{table}')", site=node)
            if not (replicas.groupby("chunkId")["hash"].agg(["count", "nunique"]) == [2, 1]).all(axis=None):
                return False
        return True

    wait_until(replicas_agree, 60, f"{node} has caught up")


def test_the_seed_script_runs_as_typed_from_python(bed):
    session = bed.connect()
    counted = session.run(SCRIPT.read_text())
    assert counted["count"].tolist() == [ROWS]
    blocks = session.run(ALL_ROWS, fetchSize=1_000_000)
    rows, ids = 0, 0
    while blocks.hasNext():
        block = blocks.read()
        rows += len(block)
        ids += int(block["id"].sum())
    assert rows == ROWS
    for node in bed.nodes:
        assert bed.run('exec sum(id) from loadTable("dfs://single_test", "table1")', site=node) == ids
    session.run('dropDatabase("dfs://single_test")')
    session.close()


def test_the_seed_script_runs_as_typed_from_javascript(bed):
    folder = subprocess.run([HERE.parent / "javascript_env.sh"], check=True, capture_output=True, text=True).stdout.strip()
    environment = dict(os.environ, PELORUS_URL=f"ws://{bed.site('node2')}")
    done = subprocess.run([f"{folder}/node_modules/.bin/node", "seed_script.js", str(SCRIPT), ALL_ROWS], cwd=folder,
                          env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    # The package itself prints of the connection.
    told = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    assert told["count"] == ROWS and told["rows"] == ROWS
    assert bed.run('exec sum(id) from loadTable("dfs://single_test", "table1")', site="node3") == told["sum"]


def test_a_session_goes_on_while_its_node_is_killed(bed, highly_available):
    bed.run('db = database("dfs://kept", VALUE, 1..10); db.createPartitionedTable(table(1:0, `id`batch, [INT, INT]), `batches, `id)')
    session = highly_available()
    acknowledged = []
    killed = []
    begin = None
    for batch in range(1, 61):
        if batch in (20, 40):
            killed.append(session.run("getNodeAlias()"))
            bed.kill(killed[-1])
            begin = time.monotonic()
        frame = pd.DataFrame({"id": np.tile(np.arange(1, 11, dtype="int32"), 10), "batch": np.full(100, batch, dtype="int32")})
        assert session.run('tableInsert{loadTable("dfs://kept", "batches")}', frame) == 100
        acknowledged.append(batch)
        if batch in (20, 40):
            print(f"written {time.monotonic() - begin:.2f} s after {killed[-1]} was killed")
            assert session.run("getNodeAlias()") != killed[-1]
            restart(bed, killed[-1], "dfs://kept", "batches")
    counts = bed.run('select count(*) as n from loadTable("dfs://kept", "batches") group by batch order by batch', site="node2")
    assert counts["batch"].tolist() == acknowledged
    assert set(counts["n"]) == {100}, "a batch is doubled or incomplete"


def test_the_appender_and_the_writer_survive_their_node(bed, highly_available):
    bed.run("""db = database("dfs://writers", VALUE, 1..10)
        db.createPartitionedTable(table(1:0, `id`n, [INT, INT]), `appended, `id)
        db.createPartitionedTable(table(1:0, `id`n, [INT, INT]), `written, `id)""")
    sites = [bed.site(node) for node in bed.nodes]
    writer = dolphindb.MultithreadedTableWriter(HOST, bed.ports["node1"], USER, PASSWORD, "dfs://writers", "written", False, True,
                                                sites, 500, 0.1, 2, "id")
    appender = dolphindb.TableAppender(dbPath="dfs://writers", tableName="appended", ddbSession=highly_available("node1"))
    stop = threading.Event()
    inserted = []

    def insert():
        while not stop.is_set():
            n = len(inserted)
            problem = writer.insert(n % 10 + 1, n)
            assert not problem.hasError(), problem
            inserted.append(n)
            if n % 100 == 99:
                time.sleep(0.01)

    thread = threading.Thread(target=insert)
    thread.start()
    total = 0
    try:
        for batch in range(30):
            if batch == 10:
                bed.kill("node1")
            frame = pd.DataFrame({"id": np.arange(1, 11, dtype="int32"), "n": np.arange(total, total + 10, dtype="int32")})
            assert appender.append(frame) == 10
            total += 10
    finally:
        stop.set()
        thread.join()
    writer.waitForThreadCompletion()
    status = writer.getStatus()
    assert not status.hasError(), status
    found = bed.run('exec n from loadTable("dfs://writers", "appended") order by n', site="node2")
    assert found.tolist() == list(range(total))
    written = bed.run('exec n from loadTable("dfs://writers", "written") order by n', site="node2")
    assert written.tolist() == inserted, "rows of the writer are missing or doubled"
    print(f"{len(inserted)} rows through the writer")
    restart(bed, "node1", "dfs://writers", "appended", "written")


def test_a_pool_spreads_over_the_nodes(bed):
    pool = dolphindb.DBConnectionPool(HOST, bed.ports["node1"], 9, USER, PASSWORD, loadBalance=True)

    async def ask():
        return await asyncio.gather(*(pool.run("sleep(20); getNodeAlias()") for _ in range(60)))

    assert set(asyncio.run(ask())) == set(bed.nodes)
    pool.shutDown()
