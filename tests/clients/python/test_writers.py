"""The official Python client's writers and readers on tables in memory."""

import threading

import dolphindb
import numpy as np
import pandas as pd
import pytest

ROWS = 1000


def frame(rows=ROWS):
    return pd.DataFrame({
        "id": np.arange(rows, dtype="int32"),
        "sym": [f"s{i % 7}" for i in range(rows)],
        "time": pd.to_datetime("2024-01-01") + pd.to_timedelta(np.arange(rows), unit="ms"),
        "price": np.where(np.arange(rows) % 11 == 0, np.nan, np.arange(rows) / 4),
    })


def make_shared_table(session, name):
    session.run(f"share table(1:0, `id`sym`time`price, [INT,SYMBOL,TIMESTAMP,DOUBLE]) as {name}")


def test_table_insert_by_partial_application(session):
    make_shared_table(session, "insertTarget")
    columns = frame()
    columns.__DolphinDB_Type__ = {"time": 12}
    assert session.run("tableInsert{insertTarget}", columns) == ROWS
    assert session.run("exec count(*) from insertTarget") == ROWS
    back = session.run("select * from insertTarget")
    assert back["sym"].tolist() == columns["sym"].tolist()
    assert np.array_equal(back["price"].to_numpy(), columns["price"].to_numpy(), equal_nan=True)


def test_table_appender(session):
    make_shared_table(session, "appenderTarget")
    appender = dolphindb.TableAppender(table_name="appenderTarget", conn=session)
    assert appender.append(frame()) == ROWS
    assert session.run("exec count(*) from appenderTarget") == ROWS
    assert session.run("exec max(time) from appenderTarget") == np.datetime64("2024-01-01T00:00:00.999")


@pytest.mark.parametrize("compress", [None, ["LZ4", "LZ4", "DELTA", "LZ4"]])
def test_multithreaded_table_writer(memory_node, session, compress):
    name = "mtwPlain" if compress is None else "mtwCompressed"
    make_shared_table(session, name)
    options = {} if compress is None else {"compressMethods": compress}
    writer = dolphindb.MultithreadedTableWriter("127.0.0.1", memory_node, "admin", "123456", "", name, False, False, [], 100,
                                                0.1, 1, "", **options)
    rows = frame(500)
    for row in rows.itertuples(index=False):
        writer.insert(int(row.id), row.sym, np.datetime64(row.time, "ms"), None if np.isnan(row.price) else float(row.price))
    writer.waitForThreadCompletion()
    status = writer.getStatus()
    assert not status.hasError(), status
    back = session.run(f"select * from {name} order by id")
    assert back["id"].tolist() == list(range(500))
    assert np.array_equal(back["price"].to_numpy(), rows["price"].to_numpy(), equal_nan=True)


def test_sessions_write_one_table_together(memory_node, session):
    make_shared_table(session, "together")

    def write():
        mine = dolphindb.session()
        mine.connect("127.0.0.1", memory_node, "admin", "123456")
        appender = dolphindb.TableAppender(table_name="together", conn=mine)
        for _ in range(5):
            appender.append(frame(200))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert session.run("exec count(*) from together") == 4 * 5 * 200


TYPES = {
    "BOOL": ("bool([true, NULL, false])", [True, None, False]),
    "CHAR": ("char([1, NULL, 3])", [1, None, 3]),
    "SHORT": ("short([1, NULL, 3])", [1, None, 3]),
    "INT": ("int([1, NULL, 3])", [1, None, 3]),
    "LONG": ("long([1, NULL, 3])", [1, None, 3]),
    "FLOAT": ("float([1.5, NULL, 3])", [1.5, None, 3]),
    "DOUBLE": ("[1.5, NULL, 3.0]", [1.5, None, 3]),
    "STRING": ('["a", "", "c"]', ["a", "", "c"]),
    "SYMBOL": ('symbol(["a", "", "c"])', ["a", "", "c"]),
    "DATE": ("[2024.01.01, NULL, 2024.03.01]", ["2024-01-01", None, "2024-03-01"]),
    "MONTH": ("[2024.01M, NULL, 2024.03M]", ["2024-01-01", None, "2024-03-01"]),
    "DATETIME": ("[2024.01.01T01:02:03, NULL]", ["2024-01-01T01:02:03", None]),
    "TIMESTAMP": ("[2024.01.01T01:02:03.004, NULL]", ["2024-01-01T01:02:03.004", None]),
    "NANOTIMESTAMP": ("[2024.01.01T01:02:03.000000004, NULL]", ["2024-01-01T01:02:03.000000004", None]),
    "DATEHOUR": ("datehour([2024.01.01T01:00:00, NULL])", ["2024-01-01T01:00:00", None]),
}


@pytest.mark.parametrize("name", TYPES)
def test_columns_made_by_scripts_are_read(session, name):
    script, expected = TYPES[name]
    column = session.run(f"table({script} as x)")["x"]
    for got, wanted in zip(column, expected, strict=True):
        if wanted is None:
            assert pd.isna(got)
        elif isinstance(wanted, str) and wanted[:2] == "20":
            assert pd.Timestamp(got) == pd.Timestamp(wanted)
        else:
            assert got == wanted
