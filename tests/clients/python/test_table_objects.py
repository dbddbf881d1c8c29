"""Databases and lazy tables as objects of the official Python client: the scripts it writes by itself."""
import numpy as np
import pandas as pd
import pytest

import dolphindb

TRADES = pd.DataFrame({
    "id": np.arange(12, dtype="int32"),
    "sym": ["aa", "bb", "cc"] * 4,
    "price": np.arange(12) / 2,
    "qty": np.arange(12) * 10,
})


@pytest.fixture
def trades(session):
    """A table of the session as the client's object."""
    return session.table(data=TRADES, tableAliasName="trades")


@pytest.fixture
def stored(session):
    path = "dfs://objects"
    database = session.database(dbName="db", partitionType=dolphindb.settings.VALUE, partitions=["aa", "bb", "cc"], dbPath=path)
    session.upload({"part": TRADES})
    session.run("part = select id, symbol(sym) as sym, price, qty from part")
    table = database.createPartitionedTable(table=session.table(data="part"), tableName="t", partitionColumns="sym")
    assert table.append(session.table(data="part")).rows == 12
    yield path
    session.dropDatabase(path)


def test_an_uploaded_frame_is_a_table(session, trades):
    assert trades.rows == 12 and trades.cols == 4 and trades.colNames == list(TRADES.columns)
    assert list(trades.schema["name"]) == list(TRADES.columns)
    pd.testing.assert_frame_equal(trades.toDF(), TRADES)
    assert trades.tableName() == "trades"


def test_select_where_sort_top_limit(trades):
    frame = trades.select(["id", "price * 2 as double_price"]).where("price > 2").where("sym = `aa").toDF()
    assert frame["id"].tolist() == [6, 9] and frame["double_price"].tolist() == [6.0, 9.0]
    assert trades.select("id").sort("id desc").top(3).toDF()["id"].tolist() == [11, 10, 9]
    assert trades.select("id").limit([2, 3]).toDF()["id"].tolist() == [2, 3, 4]
    assert trades.exec("sum(qty)").toDF() == 660
    assert trades.select("id").where((trades.price > 2) & (trades.qty < 80)).toDF()["id"].tolist() == [5, 6, 7]


def test_group_by_and_context_by(trades):
    grouped = trades.select(["sum(qty)", "avg(price)"]).groupby("sym").toDF()
    assert grouped["sym"].tolist() == ["aa", "bb", "cc"] and grouped["sum_qty"].tolist() == [180, 220, 260]
    assert trades.groupby("sym").agg({"qty": "max"}).toDF()["max_qty"].tolist() == [90, 100, 110]
    assert trades.groupby("sym").agg2([dolphindb.wavg], [("price", "qty")]).toDF().shape == (3, 2)
    having = trades.select("sum(qty)").groupby("sym").having("sum(qty) > 200").toDF()
    assert having["sym"].tolist() == ["bb", "cc"]
    summed = trades.select(["sym", "cumsum(qty)"]).contextby("sym").toDF()
    assert summed["cumsum_qty"].tolist()[:4] == [0, 30, 90, 180]


def test_pivot_by(trades):
    wide = trades.select("qty").pivotby("id", "sym").toDF()
    assert list(wide.columns) == ["id", "aa", "bb", "cc"] and wide["bb"].tolist()[1] == 10


def test_merges(session, trades):
    names = session.table(data=pd.DataFrame({"sym": ["aa", "bb", "dd"], "name": ["A", "B", "D"]}), tableAliasName="names")
    inner = trades.merge(names, on="sym").select(["id", "name"]).toDF()
    assert len(inner) == 8 and set(inner["name"]) == {"A", "B"}
    left = trades.merge(names, how="left", on="sym").select(["id", "name"]).toDF()
    assert len(left) == 12 and left["name"].isna().sum() + (left["name"] == "").sum() == 4
    outer = trades.merge(names, how="outer", on="sym").select(["id", "name"]).toDF()
    assert len(outer) == 13
    quotes = session.table(data=pd.DataFrame({"id": np.array([0, 5, 10], dtype="int32"), "bid": [1.0, 2.0, 3.0]}), tableAliasName="quotes")
    as_of = trades.merge_asof(quotes, on="id").select(["id", "bid"]).toDF()
    assert as_of["bid"].tolist() == [1.0] * 5 + [2.0] * 5 + [3.0] * 2
    window = trades.merge_window(quotes, -5, 0, aggFunctions="sum(bid)", on="id").select(["id", "sum_bid"]).toDF()
    assert window["sum_bid"].tolist()[5] == 3.0
    assert len(trades.merge_cross(names).toDF()) == 36


def test_update_delete_append_and_drop(session, trades):
    trades.update(["price"], ["price + 1"]).where("sym = `aa").execute()
    assert trades.exec("price").where("id = 3").toDF().tolist() == [2.5]
    trades.delete().where("id >= 10").execute()
    assert trades.rows == 10
    more = session.table(data=TRADES.head(2), tableAliasName="more")
    assert trades.append(more).rows == 12
    trades.drop(["qty"])
    assert trades.colNames == ["id", "sym", "price"]
    copy = trades.select("id").where("id < 3").executeAs("small")
    assert copy.toDF()["id"].tolist() == [0, 1, 2, 0, 1]
    assert session.run("exec count(*) from small") == 5


def test_databases_and_stored_tables(session, stored):
    assert session.existsDatabase(stored) and not session.existsDatabase("dfs://nowhere")
    assert session.existsTable(stored, "t") and not session.existsTable(stored, "u")
    table = session.loadTable("t", stored)
    assert table.rows == 12
    assert table.select("sum(qty)").groupby("sym").sort("sym").toDF()["sum_qty"].tolist() == [180, 220, 260]
    assert session.loadTable("t", stored).select("*").where("sym = `bb").toDF()["id"].tolist() == [1, 4, 7, 10]
    by_sql = session.loadTableBySQL("t", stored, "select * from t where qty >= 60")
    assert by_sql.rows == 6
    session.dropPartition(stored, "'/aa'", "t")
    assert session.loadTable("t", stored).rows == 8
    session.dropTable(stored, "t")
    assert not session.existsTable(stored, "t")


def test_a_table_loaded_into_memory(session, stored):
    memory = session.loadTable("t", stored, memoryMode=True)
    assert memory.rows == 12


def test_a_dimension_table(session):
    database = session.database(dbName="dim", partitionType=dolphindb.settings.VALUE, partitions=[1, 2], dbPath="dfs://dimension")
    table = database.createDimensionTable(session.table(data=TRADES), "d")
    assert table.append(session.table(data=TRADES)).rows == 12
    session.dropDatabase("dfs://dimension")


def test_text_files_are_loaded_by_the_server(session, node):
    file = node.home / "trades.csv"
    TRADES.to_csv(file, index=False)
    for table in (session.loadText(str(file)), session.ploadText(str(file))):
        assert table.rows == 12
        assert table.select("sum(qty)").toDF().iloc[0, 0] == 660
    path = "dfs://text"
    session.run(f'database("{path}", VALUE, `aa`bb`cc)')
    assert session.loadTextEx(path, "t", ["sym"], str(file)).rows == 12
    session.dropDatabase(path)


def test_names_are_given_back(session, trades):
    session.upload({"a": 1, "b": 2})
    session.undef("a", "VAR")
    with pytest.raises(RuntimeError, match="a"):
        session.run("a")
    session.undefAll()
    with pytest.raises(RuntimeError, match="trades"):
        session.run("trades")
    session.clearAllCache()
