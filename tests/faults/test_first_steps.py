"""The fault points a cluster at work does not come past: what a node writes when it is new, and a single node's log, checkpoints
and stream files. Each death is a new single node's; started again it has what was acknowledged, and goes on.
"""
import collections
import os
import random
import shutil
import time

import dolphindb

from processes import HOST, Cluster, Node, PASSWORD, USER
from lanes import CRASHES, ONCE_POINTS, SEED, SINGLE_POINTS, names

PACKAGE = os.environ["PELORUS_PACKAGE"]
PATIENCE = 6.0
MISSES_MOST = 3
ROWS = 10
DROP_AFTER = 5  # batches of a stream table's life


class Single(Node):
    def arguments(self):
        place = self.directory
        return ["-mode", "single", "-localSite", self.site, "-home", place / "home", "-logFile", place / f"{self.alias}.log",
                "-console", "0", "-config", "/noconfig", "-volumes", place / "volumes", "-redoLogDir", place / "redoLog",
                "-chunkMetaDir", place / "chunkMeta", "-dfsMetaDir", place / "dfsMeta", "-persistenceDir", place / "persistence",
                "-raftSnapshotAfter", "16"]


OPEN = """
    if(!existsDatabase('dfs://first')) { database('dfs://first', VALUE, 1..4) }
    if(!existsTable('dfs://first', 'rows')) {
        database('dfs://first').createPartitionedTable(table(1:0, `part`batch, [INT, INT]), `rows, `part)
    }
"""
SHARE = """
    enableTableShareAndPersistence(table=streamTable(1:0, `batch`text, [INT, STRING]), tableName=`events, asynWrite=false, cacheSize=1000)
"""


def open_tables(session):
    session.run(OPEN)
    try:
        session.run(SHARE)
    except RuntimeError as error:
        if "exists already" not in str(error):
            raise


class Promises:
    """What a client of the single node was told."""

    def __init__(self):
        self.asked, self.rows, self.events = 0, [], []
        self.dropped = 0  # the last batch before the stream table was dropped: none up to it may come back

    def use(self, node, seconds, batches=10 ** 9):
        """Until the node dies, the time is up or so many batches are written. Nobody minds the errors of a dying node."""
        session = dolphindb.Session(show_output=False)
        if not session.connect(HOST, node.port, USER, PASSWORD):
            return
        end = time.monotonic() + seconds
        try:
            open_tables(session)
            while time.monotonic() < end and batches > 0:
                self.asked += 1
                batches -= 1
                session.run(f"""tableInsert(loadTable('dfs://first', 'rows'),
                    table(take(1..4, {ROWS}) as part, take({self.asked}, {ROWS}) as batch))""")
                self.rows.append(self.asked)
                session.run(f"insert into events values({self.asked}, '{'x' * 200}')")
                self.events.append(self.asked)
                if self.asked % DROP_AFTER == 0:
                    self.events = []  # from when it is asked for until it is answered they may be there or not
                    session.run("dropStreamTable(`events)")
                    self.dropped = self.asked
                    open_tables(session)
        finally:
            session.close()

    def check(self, node):
        session = dolphindb.Session(show_output=False)
        assert session.connect(HOST, node.port, USER, PASSWORD), f"{node.alias} does not take logins after its death"
        try:
            open_tables(session)
            rows = session.run("select count(*) as n from loadTable('dfs://first', 'rows') group by batch")
            found = dict(zip(map(int, rows["batch"]), map(int, rows["n"])))
            events = [int(batch) for batch in session.run("exec batch from events")]
        finally:
            session.close()
        assert all(found.get(batch) == ROWS for batch in self.rows), f"lost or doubled: {self.rows} acknowledged, {found} found"
        assert all(n == ROWS and batch <= self.asked for batch, n in found.items()), f"half a batch: {found}"
        assert sorted(set(events)) == events, f"stream rows doubled or out of order: {events}"
        assert set(self.events) <= set(events), f"stream rows lost: {self.events}, {events}"
        assert set(events) <= set(range(self.dropped + 1, self.asked + 1)), f"stream rows came back: {self.dropped}, {events}"


def die_once(node, point, passage):
    """Whether a new node died at the point; started again it keeps its promises either way."""
    shutil.rmtree(node.directory, ignore_errors=True)
    node.start(fault=f"{point}:{passage}")
    promises = Promises()
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and not node.wait_death(0.02):
        if node.is_ready():
            try:
                promises.use(node, PATIENCE)
            except Exception:
                pass
    died = not node.runs()
    node.kill()
    node.start()
    assert node.wait_ready(), f"{node.alias} does not start after its death at {point}:\n{node.tail()}"
    promises.check(node)
    promises.use(node, 5, batches=2)
    promises.check(node)
    node.kill()
    return died


def test_a_new_node_dies_at_any_point_and_goes_on():
    choice = random.Random(SEED)
    with Cluster(PACKAGE, starts=False) as cluster:
        node = Single(cluster, "single", 22430, cluster.base / "single")
        deaths, misses = collections.Counter(), collections.Counter()
        points = [point for point in names(cluster.program) if point.startswith(ONCE_POINTS + SINGLE_POINTS)]
        most = {point: 2 for point in points}
        try:
            while lacking := [p for p in points if deaths[p] < CRASHES and (misses[p] < MISSES_MOST or deaths[p] > misses[p])]:
                for point in lacking:
                    if die_once(node, point, choice.randint(1, most[point])):
                        deaths[point] += 1
                    else:
                        misses[point] += 1
                        most[point] = 1
        except BaseException:
            print(f"after {sum(deaths.values())} deaths, seed {SEED}:\n{node.tail(60)}")
            raise
        finally:
            if node.process:
                node.kill()
        print(f"{len(deaths)} fault points died at, {sum(deaths.values())} crashes of new nodes, seed {SEED}")
        print(f"never reached: {', '.join(p for p in points if not deaths[p]) or 'none'}")
        assert deaths, "no point was reached"
