"""The module ops of the package: maintenance in few words."""
import pathlib
import sys

import dolphindb
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from single_node import PASSWORD, USER, SingleNode  # noqa: E402

MODULES = pathlib.Path(__file__).resolve().parents[3] / "modules"


@pytest.fixture(scope="module")
def session():
    with SingleNode(moduleDir=MODULES, enableChunkGranularityConfig="true") as node:
        opened = dolphindb.Session(show_output=False)
        assert opened.connect(node.host, node.port, USER, PASSWORD)
        yield opened
        opened.close()


def ops(session, script):
    return session.run("use ops\ngo\n" + script)


def database(session, name, granularity):
    return session.run(f"""
        db = database("dfs://{name}", COMPO, [database(, VALUE, 2020.01.01..2020.01.03), database(, HASH, [INT, 2])],
                      chunkGranularity="{granularity}")
        rows = table(2020.01.01 2020.01.02 2020.01.02 as d, 1 2 3 as id)
        pt = db.createPartitionedTable(rows, `pt, `d`id)
        pt.append!(rows)
        exec file from getClusterChunksStatus() where startsWith(file, "dfs://{name}/")""")


@pytest.mark.parametrize("granularity", ["TABLE", "DATABASE"])
def test_partitions_of_chunks_are_those_dropPartition_takes(session, granularity):
    name = "ops_" + granularity.lower()
    files = database(session, name, granularity)
    session.upload({"files": files})
    paths = sorted(ops(session, f'partitionsOfChunks("dfs://{name}", files)'))
    assert paths == ["/20200101/Key1", "/20200102/Key0", "/20200102/Key1"]
    session.run(f'dropPartition(database("dfs://{name}"), "{paths[1]}", `pt)')
    assert list(session.run(f'exec id from loadTable("dfs://{name}", `pt) order by id')) == [1, 3]


def test_nothing_recovers_so_nothing_is_dropped(session):
    database(session, "ops_whole", "TABLE")
    assert ops(session, 'dropRecoveringPartitions("dfs://ops_whole", "pt")') == 0
    assert ops(session, 'dropRecoveringPartitions(database("dfs://ops_whole"), `pt)') == 0
    assert session.run('exec count(*) from loadTable("dfs://ops_whole", `pt)') == 3
    with pytest.raises(RuntimeError, match="tableName is needed"):
        ops(session, 'dropRecoveringPartitions("dfs://ops_whole")')


def test_streams_are_cleared(session):
    ops(session, """
        share streamTable(10:0, `a`b, [INT, INT]) as opsStream
        go
        out = table(10:0, `a`b, [INT, INT])
        subscribeTable(tableName=`opsStream, actionName=`x, handler=append!{out})
        subscribeTable(tableName=`opsStream, handler=append!{out})
        e = createReactiveStateEngine("opsEngine", <cumsum(b)>, opsStream, out, `a)""")
    assert list(ops(session, 'existsShareVariable(`opsStream`nothing)')) == [True, False]
    assert list(ops(session, "getNonPersistenceTableNames()")) == ["opsStream"]
    assert list(ops(session, "getPersistenceTableNames()")) == []
    ops(session, "clearAllStreamEnv()")
    assert session.run("size(getStreamingStat().subWorkers)") == 0
    assert session.run("size(getStreamEngineStat())") == 0
    assert not ops(session, "existsShareVariable(`opsStream)")


def test_jobs_are_cancelled(session):
    session.run("def opsWait(){ for(i in 0:3000) sleep(100) }\nsubmitJob(`opsJobA, `wait, opsWait); submitJob(`opsJobB, `wait, opsWait)")
    ops(session, "cancelJobEx(`opsJobA)\nfor(i in 0:200) { if(!isNull(getJobStatus(`opsJobA).endTime[0])) break; sleep(50) }")
    assert session.run("isNull(getJobStatus(`opsJobA).endTime[0])") == False  # noqa: E712
    assert session.run("isNull(getJobStatus(`opsJobB).endTime[0])") == True  # noqa: E712
    ops(session, "cancelJobEx()\nfor(i in 0:200) { if(!isNull(getJobStatus(`opsJobB).endTime[0])) break; sleep(50) }")
    assert session.run("isNull(getJobStatus(`opsJobB).endTime[0])") == False  # noqa: E712


def test_sessions_in_use_stay(session):
    assert len(ops(session, "closeInactiveSessions(1)")) >= 1


def test_differences_of_tables(session):
    first, second = ops(session, "getDifferentData(table(1 2 3 as id, 4 5 6 as v), table(1 8 9 as id, 4 8 9 as v))")
    assert list(first["id"]) == [2, 3] and list(second["v"]) == [8, 9]
    assert ops(session, "getDifferentData(table(1 2 as id), table(1 2 as id))") is None
