"""The official Python client: sessions, requests, and uploads that must come back unchanged."""

import subprocess
import sys
import threading
import time
import uuid

import dolphindb
import dolphindb.settings as keys
import numpy as np
import pandas as pd
import pytest


def all_types(rows):
    """One column of every type the client can upload, with nulls."""
    numbers = np.arange(rows)
    data = {
        "b": pd.Series([None if i % 5 == 0 else i % 2 == 0 for i in range(rows)], dtype=object),
        "c": (numbers % 100).astype("int8"),
        "h": (numbers % 30000).astype("int16"),
        "i": numbers.astype("int32"),
        "l": numbers.astype("int64"),
        "f": np.where(numbers % 7 == 0, np.nan, numbers / 2).astype("float32"),
        "d": np.where(numbers % 7 == 0, np.nan, numbers / 4),
        "s": ["" if i % 3 == 0 else f"text {i}" for i in range(rows)],
        "sym": [f"s{i % 4}" for i in range(rows)],
        "date": pd.to_datetime("2024-01-01") + pd.to_timedelta(numbers, unit="D"),
        "month": pd.to_datetime("2024-01-01") + pd.to_timedelta(numbers % 500 * 31, unit="D"),
        "time": pd.to_datetime("1970-01-01") + pd.to_timedelta(numbers * 1001, unit="ms"),
        "second": pd.to_datetime("1970-01-01") + pd.to_timedelta(numbers, unit="s"),
        "datetime": pd.to_datetime("2024-01-01") + pd.to_timedelta(numbers, unit="s"),
        "timestamp": pd.to_datetime("2024-01-01") + pd.to_timedelta(numbers, unit="ms"),
        "nanotimestamp": pd.to_datetime("2024-01-01") + pd.to_timedelta(numbers, unit="ns"),
        "datehour": pd.to_datetime("2024-01-01") + pd.to_timedelta(numbers, unit="h"),
        "uuid": [str(uuid.UUID(int=i * 2**70 + i)) for i in range(rows)],
        "ip": [f"192.168.{i % 200}.{i % 250}" for i in range(rows)],
        "int128": [f"{i + 1:032x}" for i in range(rows)],
        "blob": [b"\x01\xff" + bytes([i % 255 + 1]) for i in range(rows)],  # no zero bytes: the client shows what is before one
        "array": [np.arange(i % 4 + 1, dtype="int32") for i in range(rows)],
    }
    frame = pd.DataFrame(data)
    frame.__DolphinDB_Type__ = {
        "b": keys.DT_BOOL, "sym": keys.DT_SYMBOL, "date": keys.DT_DATE, "month": keys.DT_MONTH, "time": keys.DT_TIME,
        "second": keys.DT_SECOND, "datetime": keys.DT_DATETIME, "timestamp": keys.DT_TIMESTAMP,
        "datehour": keys.DT_DATEHOUR, "uuid": keys.DT_UUID, "ip": keys.DT_IPADDR, "int128": keys.DT_INT128,
        "blob": keys.DT_BLOB,
    }
    return frame


def knows(session, function):
    try:
        session.run(f"funcByName(`{function})")
        return True
    except RuntimeError:
        return False


def test_login_and_refusal(memory_node):
    session = dolphindb.session()
    assert session.connect("127.0.0.1", memory_node, "admin", "123456")
    assert session.run("getCurrentSessionAndUser()")[1] == "admin"
    assert session.run("version()").startswith("3.00.")
    assert not dolphindb.session().connect("127.0.0.1", memory_node, "admin", "wrong")
    guest = dolphindb.session()
    assert guest.connect("127.0.0.1", memory_node)
    assert guest.run("getCurrentSessionAndUser()")[1] == "guest"
    guest.login("admin", "123456", False)
    assert guest.run("getCurrentSessionAndUser()")[1] == "admin"


def test_error_keeps_the_session(session):
    with pytest.raises(RuntimeError, match="bad thing"):
        session.run("throw \"bad thing\"")
    assert session.run("1+1") == 2
    with pytest.raises(RuntimeError, match="Can't recognize function name nothing"):
        session.run("nothing", 1)


@pytest.mark.parametrize("value", [1, "text", 1.5, True, None, "ümläut"])
def test_scalars_come_back(session, value):
    session.upload({"x": value})
    assert session.run("x") == value


def test_forms_come_back(session):
    session.upload({"v": [1, 2, 3], "t": (1, "a", [1, 2]), "m": np.array([[1, 2], [3, 4], [5, 6]]), "s": {1, 2}, "d": {"a": 1}})
    assert session.run("v").tolist() == [1, 2, 3]
    mixed = session.run("t")
    assert mixed[1] == "a" and mixed[2].tolist() == [1, 2]
    assert session.run("m")[0].tolist() == [[1, 2], [3, 4], [5, 6]]
    assert session.run("s") == {1, 2}
    assert session.run("d") == {"a": 1}
    assert session.run("add", 1, 2) == 3


@pytest.mark.parametrize("rows", [1, 10, 5000])
@pytest.mark.parametrize("compress", [False, True])
def test_a_table_of_all_types_comes_back(memory_node, rows, compress):
    session = dolphindb.session(compress=compress)
    session.connect("127.0.0.1", memory_node, "admin", "123456")
    session.upload({"t": all_types(rows)})
    first = session.run("t")
    assert len(first) == rows
    assert first["s"].tolist() == all_types(rows)["s"].tolist()
    assert first["sym"].tolist() == all_types(rows)["sym"].tolist()
    sent = all_types(rows)["timestamp"].astype(first["timestamp"].dtype)
    assert first["timestamp"].astype("int64").tolist() == sent.astype("int64").tolist()
    assert first["blob"].tolist() == all_types(rows)["blob"].tolist()
    assert [list(row) for row in first["array"]] == [list(row) for row in all_types(rows)["array"]]
    assert first["uuid"].tolist() == all_types(rows)["uuid"].tolist()
    assert first["ip"].tolist() == all_types(rows)["ip"].tolist()
    assert first["int128"].tolist() == all_types(rows)["int128"].tolist()
    assert np.array_equal(first["d"].to_numpy(), all_types(rows)["d"].to_numpy(), equal_nan=True)
    assert first["l"].tolist() == list(range(rows))


@pytest.mark.parametrize("rows", [1, 8192, 8193, 30000])
def test_fetch_size_reads_in_blocks(session, rows):
    frame = pd.DataFrame({"x": np.arange(rows), "s": [f"s{i % 10}" for i in range(rows)]})
    session.upload({"t": frame})
    blocks = session.run("t", fetchSize=8192)
    parts = []
    while blocks.hasNext():
        parts.append(blocks.read())
    assert len(parts) == -(-rows // 8192)
    assert pd.concat(parts)["x"].tolist() == list(range(rows))
    assert session.run("1+1") == 2


def test_skipping_blocks_leaves_the_session_usable(session):
    session.upload({"t": pd.DataFrame({"x": np.arange(300000)})})
    blocks = session.run("t", fetchSize=8192)
    blocks.read()
    blocks.skipAll()
    assert session.run("1+1") == 2


def test_prints_are_shown(memory_node, session):
    if not knows(session, "print"):
        pytest.skip("print() is not built in yet")
    code = (
        "import dolphindb, sys\n"
        f"s = dolphindb.session(); s.connect('127.0.0.1', {memory_node}, 'admin', '123456'); s.run('print(123456789)')\n"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "123456789" in shown.stdout


def test_a_job_is_listed_and_cancelled_from_another_session(memory_node, session):
    busy = dolphindb.session()
    busy.connect("127.0.0.1", memory_node, "admin", "123456")
    failure = []

    def wait():
        try:
            busy.run("do { 1 } while(true)")
        except RuntimeError as error:
            failure.append(str(error))

    thread = threading.Thread(target=wait)
    thread.start()
    for _ in range(500):
        jobs = session.run("getConsoleJobs()")
        if len(jobs) == 1:
            break
        time.sleep(0.01)
    assert jobs["desc"][0] == "do { 1 } while(true)" and jobs["userID"][0] == "admin"
    session.run("cancelConsoleJob", jobs["rootJobId"][0])
    thread.join(timeout=20)
    assert failure
    assert busy.run("1+1") == 2


def test_many_sessions(memory_node):
    sessions = []
    for _ in range(100):
        session = dolphindb.session()
        assert session.connect("127.0.0.1", memory_node, "admin", "123456")
        sessions.append(session)
    assert all(session.run("1+1") == 2 for session in sessions)
    for session in sessions:
        session.close()
