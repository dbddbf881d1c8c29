"""The official Python client's writers, on tables in memory and on stored ones."""
import threading
import time
import uuid
from decimal import Decimal

import dolphindb
import numpy as np
import pandas as pd
import pytest

from single_node import PASSWORD, USER

ROWS = 1000
COLUMNS = "`id`sym`time`price, [INT,SYMBOL,TIMESTAMP,DOUBLE]"


def frame(rows=ROWS, first=0):
    ids = np.arange(first, first + rows, dtype="int32")
    return pd.DataFrame({
        "id": ids,
        "sym": [f"s{i % 7}" for i in ids],
        "time": pd.to_datetime("2024-01-01") + pd.to_timedelta(ids, unit="ms"),
        "price": np.where(ids % 11 == 0, np.nan, ids / 4),
    })


def same_rows(got, wanted):
    got = got.sort_values("id").reset_index(drop=True)
    assert got["id"].tolist() == wanted["id"].tolist() and got["sym"].tolist() == wanted["sym"].tolist()
    assert (got["time"].astype("datetime64[ns]") == wanted["time"].astype("datetime64[ns]")).all()
    assert np.array_equal(got["price"].to_numpy(), wanted["price"].to_numpy(), equal_nan=True)


@pytest.fixture(params=["shared", "stored"])
def target(request, session):
    """How a writer names a table, and how a script does: (database path, table name, expression)."""
    name = "t" + uuid.uuid4().hex[:12]
    if request.param == "shared":
        session.run(f"share table(1:0, {COLUMNS}) as {name}")
        yield "", name, name
        session.run(f"undef(`{name}, SHARED)")
    else:
        path = f"dfs://{name}"
        session.run(f"""db = database("{path}", COMPO, [database("", VALUE, 2023.12.31..2024.01.02), database("", HASH, [INT, 3])])
            db.createPartitionedTable(table(1:0, {COLUMNS}), `trades, `time`id)""")
        yield path, "trades", f'loadTable("{path}", "trades")'
        session.run(f'dropDatabase("{path}")')


def test_the_calls_writers_make(session, target):
    _, _, table = target
    rows = frame()
    rows.__DolphinDB_Type__ = {"time": 12}
    assert session.run(f"tableInsert{{{table}}}", rows) == ROWS
    assert session.run(f"append!{{{table}, }}", frame(10, ROWS).assign(time=lambda f: f["time"])) is not None
    assert session.run(f"exec count(*) from {table}") == ROWS + 10
    same_rows(session.run(f"select * from {table}"), frame(ROWS + 10))


def test_a_shared_table_may_be_named_by_text(session):
    session.run(f"share table(1:0, {COLUMNS}) as byName")
    rows = frame(5)
    rows.__DolphinDB_Type__ = {"time": 12}
    assert session.run("tableInsert{`byName}", rows) == 5
    assert session.run("tableInsert", "byName", rows) == 5
    assert session.run("exec count(*) from byName") == 10
    session.run("undef(`byName, SHARED)")


@pytest.mark.parametrize("compress", [False, True])
def test_table_appender(connect, session, target, compress):
    path, name, table = target
    writer = connect(compress=compress)
    appender = dolphindb.TableAppender(dbPath=path, tableName=name, ddbSession=writer)
    assert appender.append(frame()) == ROWS
    assert appender.append(frame(5, ROWS)) == 5
    same_rows(session.run(f"select * from {table}"), frame(ROWS + 5))
    with pytest.raises(RuntimeError):
        appender.append(frame(3)[["id", "sym"]])
    assert session.run(f"exec count(*) from {table}") == ROWS + 5


def test_table_upserter(session):
    session.run(f"share keyedTable(`id, 1:0, {COLUMNS}) as upserted")
    upserter = dolphindb.TableUpserter(tableName="upserted", ddbSession=session, keyColNames=["id"])
    upserter.upsert(frame(10))
    upserter.upsert(frame(10, 5))
    same_rows(session.run("select * from upserted"), frame(15))
    session.run("undef(`upserted, SHARED)")


def test_partitioned_table_appender(node, session):
    session.run(f"""db = database("dfs://appended", VALUE, `s0`s1`s2`s3`s4`s5`s6)
        db.createPartitionedTable(table(1:0, {COLUMNS}), `t, `sym)""")
    pool = dolphindb.DBConnectionPool(node.host, node.port, 3, USER, PASSWORD)
    appender = dolphindb.PartitionedTableAppender("dfs://appended", "t", "sym", pool)
    assert appender.append(frame()) == ROWS
    same_rows(session.run('select * from loadTable("dfs://appended", "t")'), frame())
    pool.shutDown()
    session.run('dropDatabase("dfs://appended")')


def insert_all(writer, rows):
    for row in rows.itertuples(index=False):
        problem = writer.insert(int(row.id), row.sym, np.datetime64(row.time, "ms"),
                                None if np.isnan(row.price) else float(row.price))
        assert not problem.hasError(), problem
    writer.waitForThreadCompletion()
    status = writer.getStatus()
    assert not status.hasError(), status
    return status


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("methods", [[], ["LZ4", "LZ4", "DELTA", "LZ4"]])
def test_multithreaded_table_writer(node, session, target, threads, methods):
    path, name, table = target
    writer = dolphindb.MultithreadedTableWriter(node.host, node.port, USER, PASSWORD, path, name, False, False, [], 100, 0.1,
                                                threads, "sym" if path == "" else "id", compressMethods=methods)
    status = insert_all(writer, frame(500))
    assert status.sentRows == 500 and status.unsentRows == 0
    same_rows(session.run(f"select * from {table}"), frame(500))


def test_multithreaded_table_writer_upserts(node, session):
    session.run(f"share keyedTable(`id, 1:0, {COLUMNS}) as upsertedRows")
    for first in (0, 5):
        writer = dolphindb.MultithreadedTableWriter(node.host, node.port, USER, PASSWORD, "", "upsertedRows", threadCount=1,
                                                    mode="UPSERT", modeOption=["ignoreNull=false"])
        insert_all(writer, frame(10, first))
    same_rows(session.run("select * from upsertedRows"), frame(15))
    session.run("undef(`upsertedRows, SHARED)")


def test_multithreaded_table_writer_tells_what_is_wrong(node, session):
    session.run(f"share table(1:0, {COLUMNS}) as refused")
    with pytest.raises(RuntimeError, match="nowhere"):
        dolphindb.MultithreadedTableWriter(node.host, node.port, USER, PASSWORD, "dfs://nowhere", "t")
    writer = dolphindb.MultithreadedTableWriter(node.host, node.port, USER, PASSWORD, "", "refused")
    assert writer.insert(1, "s").hasError()
    writer.waitForThreadCompletion()
    session.run("undef(`refused, SHARED)")


def test_batch_table_writer(node, session, target):
    path, name, table = target
    writer = dolphindb.BatchTableWriter(node.host, node.port, USER, PASSWORD)
    writer.addTable(path, name, True) if path else writer.addTable(tableName=name)
    for row in frame(50).itertuples(index=False):
        price = None if np.isnan(row.price) else float(row.price)
        writer.insert(path, name, int(row.id), row.sym, np.datetime64(row.time, "ms"), price)
    end = time.monotonic() + 30
    while session.run(f"exec count(*) from {table}") < 50 and time.monotonic() < end:
        time.sleep(0.02)
    same_rows(session.run(f"select * from {table}"), frame(50))
    assert writer.getAllStatus().to_string()
    writer.removeTable(path, name)


def test_a_stored_table_of_every_type(session):
    columns = ("`id`b`c`h`l`f`d`s`y`date`month`time`minute`second`datetime`timestamp`nano`nanots`hour`u`ip`int`blob`d32`d64`d128`av,"
               "[INT,BOOL,CHAR,SHORT,LONG,FLOAT,DOUBLE,STRING,SYMBOL,DATE,MONTH,TIME,MINUTE,SECOND,DATETIME,TIMESTAMP,NANOTIME,"
               "NANOTIMESTAMP,DATEHOUR,UUID,IPADDR,INT128,BLOB,DECIMAL32(2),DECIMAL64(3),DECIMAL128(4),DOUBLE[]]")
    session.run(f"""db = database("dfs://every", VALUE, 1..3,,"TSDB")
        db.createPartitionedTable(table(1:0, {columns}), `t, `id,, `id)""")
    rows = 30
    base = pd.Timestamp("2024-01-01T01:02:03")
    sent = pd.DataFrame({
        "id": np.array([i % 3 + 1 for i in range(rows)], dtype="int32"), "b": [i % 2 == 0 for i in range(rows)],
        "c": np.arange(rows, dtype="int8"), "h": np.arange(rows, dtype="int16"), "l": np.arange(rows),
        "f": np.arange(rows, dtype="float32") / 2, "d": np.where(np.arange(rows) % 4 == 0, np.nan, np.arange(rows) / 4),
        "s": [f"text {i}" for i in range(rows)], "y": [f"s{i % 3}" for i in range(rows)],
        **{name: [base + pd.Timedelta(hours=i) for i in range(rows)]
           for name in ("date", "month", "time", "minute", "second", "datetime", "timestamp", "nano", "nanots", "hour")},
        "u": [str(uuid.UUID(int=i + 1)) for i in range(rows)], "ip": [f"10.0.0.{i}" for i in range(rows)],
        "int": [f"{i + 1:032x}" for i in range(rows)], "blob": [f"b{i}".encode() for i in range(rows)],
        "d32": [Decimal(i) / 100 for i in range(rows)], "d64": [Decimal(i) / 1000 for i in range(rows)],
        "d128": [Decimal(i) / 10000 for i in range(rows)], "av": [np.arange(i % 3 + 1) / 2 for i in range(rows)],
    })
    assert dolphindb.TableAppender(dbPath="dfs://every", tableName="t", ddbSession=session).append(sent) == rows
    session.run("flushTSDBCache()")
    back = session.run('select * from loadTable("dfs://every", "t") order by l')
    assert list(back.columns) == list(sent.columns)
    for name in ("id", "b", "c", "h", "l", "f", "s", "y", "u", "ip", "int", "blob", "d32", "d64", "d128"):
        assert back[name].tolist() == sent[name].tolist(), name
    assert [list(row) for row in back["av"]] == [list(row) for row in sent["av"]]
    assert (back["timestamp"].astype("datetime64[ns]") == sent["timestamp"].astype("datetime64[ns]")).all()
    assert back["hour"].astype("datetime64[ns]").tolist() == sent["hour"].dt.floor("h").tolist()
    session.run('dropDatabase("dfs://every")')


def test_sessions_write_one_table_together(connect, session, target):
    path, name, table = target

    def write(first):
        appender = dolphindb.TableAppender(dbPath=path, tableName=name, ddbSession=connect())
        for batch in range(5):
            assert appender.append(frame(200, first + batch * 200)) == 200

    threads = [threading.Thread(target=write, args=(i * 1000,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    same_rows(session.run(f"select * from {table}"), frame(4000))
