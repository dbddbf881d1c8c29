"""IMOLTP databases: oltp:// on a single node."""
import sys
import pathlib

import dolphindb
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from single_node import PASSWORD, USER, SingleNode  # noqa: E402


@pytest.fixture(scope="module")
def oltp_node():
    with SingleNode(enableIMOLTPEngine="true") as single:
        yield single


def open_session(node):
    session = dolphindb.Session()
    assert session.connect(node.host, node.port, USER, PASSWORD)
    return session


@pytest.fixture
def oltp(oltp_node):
    session = open_session(oltp_node)
    session.run("""
        if(existsDatabase("oltp://my")) dropDatabase("oltp://my")
        db = database("oltp://my", VALUE, 1..3, engine="IMOLTP")
        model = table(1:0, `id`sym`val1`val2, [INT, STRING, LONG, DOUBLE])
        t1 = createIMOLTPTable(db, model, "t1", "id")
        t2 = createIMOLTPTable(db, model, "t2", "id", `sym`val1, true)
        t3 = createIMOLTPTable(db, model, "t3", `id`sym, `sym`val1, [true, false])
    """)
    yield session
    session.close()


def test_rows_are_added_changed_and_deleted(oltp):
    oltp.run('insert into t1 values (1, "Aa", 1, 1.5)')
    assert oltp.run("t1.append!(table(2 3 as id, `Bb`Cc as sym, 2 3 as val1, 2.5 3.5 as val2)); exec count(*) from t1") == 3
    assert oltp.run("tableInsert(t1, table(4 as id, `Dd as sym, 4 as val1, 4.5 as val2))") == 1
    oltp.run('update t1 set val2 = 0 where id = 2; delete from t1 where id = 3')
    assert list(oltp.run("exec val2 from t1 order by id")) == [1.5, 0, 4.5]
    assert list(oltp.run('exec sym from loadTable("oltp://my", "t1") order by id')) == ["Aa", "Bb", "Dd"]
    assert sorted(oltp.run('getTables(database("oltp://my"))')) == ["t1", "t2", "t3"]


def test_keys_are_unique(oltp):
    oltp.run('insert into t3 values (1, "Aa", 6, 5); insert into t2 values (1, "Aa", 6, 5)')
    for script in ['insert into t3 values (1, "Aa", 6, 5)', 'insert into t3 values (8, "Aa", 6, 5)',
                   'insert into t2 values (1, "Hh", 6, 5)', 'insert into t2 values (8, "Aa", 6, 5)']:
        with pytest.raises(RuntimeError, match="has a value twice"):
            oltp.run(script)
    oltp.run('insert into t3 values (8, "Hh", 6, 5); insert into t2 values (8, "Aa", 7, 5)')
    assert oltp.run("exec count(*) from t3") == 2
    assert oltp.run("exec count(*) from t2") == 2


def test_transactions(oltp):
    oltp.run('transaction{\n insert into t1 values (1,"Aa",1,1)\n insert into t1 values (2,"Bb",2,2)\n'
             ' insert into t2 values (3,"Cc",3,3)\n}')
    assert oltp.run("exec count(*) from t1") == 2
    with pytest.raises(RuntimeError, match="has a value twice"):
        oltp.run('transaction{\n insert into t1 values (4,"Dd",4,4)\n insert into t1 values (1,"Aa",1,1)\n}')
    assert oltp.run("exec count(*) from t1") == 2
    oltp.run('transaction{\n insert into t1 values (4,"Dd",4,4)\n if((exec count(*) from t1) > 2){ rollback }\n}')
    assert oltp.run("exec count(*) from t1") == 2
    oltp.run('transaction{\n insert into t1 values (4,"Dd",4,4)\n commit\n insert into t1 values (5,"Ee",4,4)\n rollback\n}')
    assert list(oltp.run("exec id from t1 order by id")) == [1, 2, 4]
    with pytest.raises(RuntimeError, match="may change rows only"):
        oltp.run('transaction{\n dropTable(database("oltp://my"), "t3")\n}')
    with pytest.raises(RuntimeError, match="there are none"):
        oltp.run("rollback")


def test_rows_outlive_the_process(oltp, oltp_node):
    oltp.run("t1.append!(table(1..1000 as id, string(1..1000) as sym, 1..1000 as val1, 0.5 * 1..1000 as val2))")
    oltp.run("triggerCheckpointForIMOLTP(true, true)")
    oltp.run("delete from t1 where id > 990; update t1 set val2 = -1 where id = 7")
    oltp_node.process.kill()
    oltp_node.process.wait()
    (oltp_node.home / "dolphindb.log").unlink()  # start() waits for what the new one tells
    oltp_node.start()
    again = open_session(oltp_node)
    again.run('t1 = loadTable("oltp://my", "t1")')
    assert again.run("exec count(*) from t1") == 990
    assert again.run("exec val2 from t1 where id = 7")[0] == -1
    with pytest.raises(RuntimeError, match="has a value twice"):
        again.run('insert into t1 values (5, "x", 1, 1)')
    again.close()


def test_without_the_setting_they_are_off(session):
    with pytest.raises(RuntimeError, match="enableIMOLTPEngine=true"):
        session.run('database("oltp://my", VALUE, 1..3, engine="IMOLTP")')
