"""Tables: what pandas holds goes up and comes back; large results come back in blocks."""
import uuid
from decimal import Decimal

import dolphindb.settings as keys
import numpy as np
import pandas as pd
import pytest


def every_type(rows):
    """One column of every type the client can upload, with nulls where a type has them."""
    numbers = np.arange(rows)
    instant = pd.to_datetime("2024-01-01")
    frame = pd.DataFrame({
        "bool": pd.Series([None if i % 5 == 0 else i % 2 == 0 for i in range(rows)], dtype=object),
        "char": (numbers % 100).astype("int8"),
        "short": (numbers % 30000).astype("int16"),
        "int": numbers.astype("int32"),
        "long": numbers.astype("int64"),
        "float": np.where(numbers % 7 == 0, np.nan, numbers / 2).astype("float32"),
        "double": np.where(numbers % 7 == 0, np.nan, numbers / 4),
        "string": ["" if i % 3 == 0 else f"text {i}" for i in range(rows)],
        "symbol": [f"s{i % 4}" for i in range(rows)],
        "date": instant + pd.to_timedelta(numbers, unit="D"),
        "month": instant + pd.to_timedelta(numbers % 500 * 31, unit="D"),
        "time": pd.to_datetime("1970-01-01") + pd.to_timedelta(numbers * 1001, unit="ms"),
        "minute": pd.to_datetime("1970-01-01") + pd.to_timedelta(numbers % 1440, unit="min"),
        "second": pd.to_datetime("1970-01-01") + pd.to_timedelta(numbers % 86400, unit="s"),
        "datetime": instant + pd.to_timedelta(numbers, unit="s"),
        "timestamp": instant + pd.to_timedelta(numbers, unit="ms"),
        "nanotime": pd.to_datetime("1970-01-01") + pd.to_timedelta(numbers, unit="ns"),
        "nanotimestamp": instant + pd.to_timedelta(numbers, unit="ns"),
        "datehour": instant + pd.to_timedelta(numbers, unit="h"),
        "uuid": [str(uuid.UUID(int=i * 2**70 + i)) for i in range(rows)],
        "ip": [f"192.168.{i % 200}.{i % 250}" for i in range(rows)],
        "int128": [f"{i + 1:032x}" for i in range(rows)],
        # no zero bytes: the client shows what is before one
        "blob": [b"\x01\xff" + bytes([i % 255 + 1]) for i in range(rows)],
        "decimal32": [Decimal(i) / 100 for i in range(rows)],
        "decimal64": [None if i % 4 == 3 else Decimal(i) / 1000 for i in range(rows)],
        "decimal128": [Decimal(i) * 10**15 + Decimal("0.125") for i in range(rows)],
        "array": [np.arange(i % 4 + 1, dtype="int32") for i in range(rows)],
        "doubles": [np.arange(i % 3 + 1) / 2 for i in range(rows)],
    })
    frame.__DolphinDB_Type__ = {
        "bool": keys.DT_BOOL, "symbol": keys.DT_SYMBOL, "date": keys.DT_DATE, "month": keys.DT_MONTH, "time": keys.DT_TIME,
        "minute": keys.DT_MINUTE, "second": keys.DT_SECOND, "datetime": keys.DT_DATETIME, "timestamp": keys.DT_TIMESTAMP,
        "nanotime": keys.DT_NANOTIME, "datehour": keys.DT_DATEHOUR, "uuid": keys.DT_UUID, "ip": keys.DT_IPADDR,
        "int128": keys.DT_INT128, "blob": keys.DT_BLOB, "decimal32": [keys.DT_DECIMAL32, 2], "decimal64": [keys.DT_DECIMAL64, 3],
        "decimal128": [keys.DT_DECIMAL128, 3],
    }
    return frame


SERVER_TYPES = ["BOOL", "CHAR", "SHORT", "INT", "LONG", "FLOAT", "DOUBLE", "STRING", "SYMBOL", "DATE", "MONTH", "TIME",
                "MINUTE", "SECOND", "DATETIME", "TIMESTAMP", "NANOTIME", "NANOTIMESTAMP", "DATEHOUR", "UUID", "IPADDR", "INT128",
                "BLOB", "DECIMAL32(2)", "DECIMAL64(3)", "DECIMAL128(3)", "INT[]", "DOUBLE[]"]


def assert_same(got, sent):
    assert list(got.columns) == list(sent.columns) and len(got) == len(sent)
    for name in sent.columns:
        wanted = sent[name]
        if name in ("array", "doubles"):
            assert [list(row) for row in got[name]] == [list(row) for row in wanted], name
        elif wanted.dtype.kind == "M":
            shown = got[name].astype("datetime64[ns]")
            unit = {"month": "M", "date": "D", "datehour": "h", "minute": "m"}.get(name, "ns")
            assert (shown.to_numpy() == wanted.to_numpy().astype(f"datetime64[{unit}]").astype("datetime64[ns]")).all(), name
        else:
            pairs = zip(got[name], wanted, strict=True)
            assert all((pd.isna(a) and (pd.isna(b) or b == "")) or a == b for a, b in pairs), name


@pytest.mark.parametrize("rows", [1, 10, 5000])
@pytest.mark.parametrize("compress", [False, True])
def test_a_table_of_every_type_comes_back(connect, rows, compress):
    session = connect(compress=compress)
    sent = every_type(rows)
    session.upload({"t": sent})
    assert list(session.run("exec typeString from schema(t).colDefs")) == SERVER_TYPES
    assert session.run("typestr(t)") == "IN-MEMORY TABLE"
    assert_same(session.run("t"), sent)
    assert_same(session.run("select * from t"), sent)


def test_types_pandas_has_of_its_own(session):
    frame = pd.DataFrame({
        "Int8": pd.array([1, None], dtype="Int8"), "Int16": pd.array([1, None], dtype="Int16"),
        "Int32": pd.array([1, None], dtype="Int32"), "Int64": pd.array([2**60 + 1, None], dtype="Int64"),
        "Float32": pd.array([1.5, None], dtype="Float32"), "Float64": pd.array([1.5, None], dtype="Float64"),
        "boolean": pd.array([True, None], dtype="boolean"), "string": pd.array(["a", None], dtype="string"),
    })
    session.upload({"t": frame})
    assert list(session.run("exec typeString from schema(t).colDefs")) == \
        ["CHAR", "SHORT", "INT", "LONG", "FLOAT", "DOUBLE", "BOOL", "STRING"]
    assert session.run("exec Int64 from t").tolist()[0] == 2**60 + 1 or session.run("(exec Int64 from t)[0]") == 2**60 + 1
    back = session.run("t")
    assert all(pd.isna(back[name][1]) or back[name][1] == "" for name in frame.columns)


def test_frames_without_rows_and_with_odd_names(session):
    session.upload({"empty": pd.DataFrame({"a": np.array([], dtype="int32"), "b": np.array([], dtype="float64")})})
    assert session.run("typestr(empty)") == "IN-MEMORY TABLE"
    assert session.run("exec count(*) from empty") == 0 and list(session.run("empty").columns) == ["a", "b"]
    session.upload({"odd": pd.DataFrame({"with blank": [1], "列": [2], "select": [3]})})
    assert session.run('exec _"列" from odd').tolist() == [2]
    assert list(session.run("odd").columns) == ["with blank", "列", "select"]


def test_an_uploaded_table_is_a_variable_like_any_other(session):
    session.upload({"t": pd.DataFrame({"x": [1, 2, 3], "s": ["a", "b", "a"]})})
    assert session.run("exec sum(x) from t where s = `a") == 4
    session.run("update t set x = x * 10")
    assert session.run("t")["x"].tolist() == [10, 20, 30]
    session.upload({"t": pd.DataFrame({"y": [1]})})
    assert list(session.run("t").columns) == ["y"]


def test_a_large_frame(session):
    rows = 1_000_000
    frame = pd.DataFrame({"i": np.arange(rows), "d": np.random.default_rng(1).random(rows), "s": np.arange(rows).astype(str)})
    session.upload({"t": frame})
    assert session.run("exec sum(i) from t") == rows * (rows - 1) // 2
    pd.testing.assert_frame_equal(session.run("t"), frame)


@pytest.mark.parametrize("rows", [0, 1, 8192, 8193, 30000])
def test_fetch_size_reads_in_blocks(session, rows):
    session.run(f"t = table(take(0..29999, {rows}) as x, take(`a`b`c, {rows}) as s, symbol(take(`u`v, {rows})) as y)")
    blocks = session.run("t", fetchSize=8192)
    parts = []
    while blocks.hasNext():
        parts.append(blocks.read())
    assert len(parts) == max(1, -(-rows // 8192))
    assert pd.concat(parts)["x"].tolist() == list(range(rows))
    assert pd.concat(parts)["y"].tolist() == ["uv"[i % 2] for i in range(rows)]
    assert session.run("1 + 1") == 2


def test_skipping_blocks_leaves_the_session_usable(session):
    blocks = session.run("table(0..299999 as x)", fetchSize=8192)
    assert blocks.read()["x"].tolist() == list(range(8192))
    with pytest.raises(RuntimeError, match="block"):
        session.run("1 + 1")
    blocks.skipAll()
    assert session.run("1 + 1") == 2
