"""Connections to other sites, modules, models, tables in directories, commands of the system."""
import pytest

from single_node import SingleNode

import dolphindb


def error_of(session, script):
    with pytest.raises(RuntimeError) as raised:
        session.run(script)
    return str(raised.value)


def test_a_connection_runs_scripts_and_functions_at_the_other_side(session, node):
    session.run(f'conn = xdb("{node.host}", {node.port}, "admin", "123456"); x = 1')
    assert session.run('conn("x = 3; x + 1")') == 4
    assert session.run('conn("x")') == 3
    assert session.run("x") == 1
    assert session.run('conn("getCurrentSessionAndUser()[1]")') == "admin"
    assert session.run('remoteRun(conn, "sum", 1..100)') == 5050
    session.run("def f(a, b) { return a * b }")
    assert session.run("remoteRun(conn, f, 6, 7)") == 42
    assert session.run("conn(f{2}, 4)") == 8
    assert session.run('t = table(1..5000 as a); remoteRunWithCompression(conn, "rows", t)') == 5000
    assert session.run('xdb(getNodeAlias())("getNodeAlias()")') == "single"


def test_a_connection_tells_what_went_wrong_and_ends(session, node, connect):
    session.run(f'conn = xdb("{node.host}", {node.port})')
    said = error_of(session, 'conn("1 + nothing")')
    assert "RemoteRun[" in said and "Cannot recognize the token nothing" in said
    assert session.run('conn("1 + 1")') == 2
    assert "incorrect" in error_of(session, f'xdb("{node.host}", {node.port}, "admin", "wrong")')
    assert "has no node nowhere" in error_of(session, 'xdb("nowhere")')
    assert "Cannot connect" in error_of(session, f'xdb("{node.host}", 1)')
    other = session.run('conn("getCurrentSessionAndUser()[0]")')
    watcher = connect()
    count = f"exec count(*) from getSessionMemoryStat() where sessionId = {other}"
    assert watcher.run(count) == 1
    session.run("close(conn)")
    assert "is closed" in error_of(session, 'conn("1")')
    for _ in range(100):
        if watcher.run(count) == 0:
            break
        watcher.run("sleep(50)")
    assert watcher.run(count) == 0


def test_an_external_table_is_read_where_it_is(session, node, connect):
    there = connect()
    there.run("""
        if (existsDatabase("dfs://outside")) dropDatabase("dfs://outside")
        db = database("dfs://outside", VALUE, 2024.01.01..2024.01.03)
        rows = table(2024.01.01 + 0..8 / 3 as day, symbol(take(`a`b`c, 9)) as sym, 0..8 * 1.5 as price, string(0..8) as number)
        db.createPartitionedTable(rows, `prices, `day).append!(rows)
        share(rows, `outsideShared)""")
    config = f'{{host: "{node.host}", port: {node.port}, userId: "admin", password: "123456", '
    session.run(f'c = {config} database: "dfs://outside", table: "prices"}}; t = createExternalTable("p", "dolphindb", c)')
    assert session.run("schema(t).colDefs.typeString").tolist() == ["DATE", "SYMBOL", "DOUBLE", "STRING"]
    assert session.run("exec sum(price) from t where day = 2024.01.02, sym in `a`c") == 4.5 + 7.5
    assert session.run("exec price from t where price between 3 : 6, number like '%2'").tolist() == [3.0]
    assert session.run("select top 2 * from t").price.tolist() == [0.0, 1.5]
    assert session.run("exec sum(price) from t group by sym").sum_price.tolist() == [13.5, 18.0, 22.5]
    assert session.run("r = table(`b`a as sym, 10 20 as w); exec sum(price * w) from ej(r, t, `sym)") == 450.0
    assert session.run("exec count(*) from (select * from t where sym = `b)") == 3
    there.run('loadTable("dfs://outside", "prices").append!(table(2024.01.03 as day, symbol([`z]) as sym, 100.0 as price, "x" as number))')
    assert session.run("exec max(price) from t") == 100.0
    session.run(f"""c = {config} table: "outsideShared"}}
        u = createExternalTable("s", "dolphindb", c, `d`s`p`n, [DATE, STRING, DOUBLE, INT])""")
    assert session.run("exec sum(n) from u where n >= 5, p < 11") == 5 + 6 + 7
    assert "read-only" in error_of(session, "u.append!(table(2024.01.01 as d, `x as s, 1.0 as p, 1 as n))")
    there.run("delete from outsideShared where sym = `a; dropColumns!(outsideShared, `number)")
    assert "have changed" in error_of(session, "select * from u")


@pytest.mark.parametrize("arguments, said", [
    ('"t", "mysql", dict(STRING, ANY)', "plug-in"),
    ('"t", "paper", dict(STRING, ANY)', "must be 'dolphindb'"),
    ('"t", "dolphindb", 5', "config must be a dictionary"),
    ('"t", "dolphindb", {port: 1}', 'needs an entry "table"'),
    ('"t", "dolphindb", {port: 1, table: "x"}', 'needs an entry "host"'),
    ('"t", "dolphindb", {host: "localhost", port: "a", table: "x"}', "port between"),
    ('"t", "dolphindb", {host: "localhost", port: getNodePort(), table: "nothingThere"}', "nothingThere"),
    ('"t", "dolphindb", {host: "localhost", port: getNodePort(), userId: "admin", password: "wrong", table: "x"}', "incorrect"),
])
def test_an_external_table_tells_what_it_needs(session, arguments, said):
    assert said in error_of(session, f"createExternalTable({arguments})")


def test_modules_are_found_used_and_compiled(session, node):
    folder = node.home / "modules" / "a"
    folder.mkdir(parents=True)
    (folder / "b.dos").write_text("module a::b\nuse c\ndef f(x) { return g(x) + 1 }\n")
    text = node.home / "modules" / "c.dos"
    text.write_text("module c\nuse a::b\ndef g(x) { return x * 10 }\n")
    assert session.run("use a::b\nf(4)") == 41
    assert session.run("a::b::f(5) + c::g(1)") == 61
    text.write_text("module c\ndef g(x) { return x * 100 }\n")
    session.run("clearCachedModules()")
    assert session.run("use c\ng(1) + c::g(1)") == 200
    session.run('saveModule("c")')
    text.write_text("module c\ndef g(x) { return x * 7 }\n")
    assert session.run("use c\ng(1)") == 100
    assert "exists" in error_of(session, 'saveModule("c")')
    session.run('saveModule("c", , true)')
    assert session.run("use c\nc::g(1)") == 7
    (node.home / "modules" / "c.dom").write_bytes(b"damaged")
    assert "c.dom can't be used" in error_of(session, "use c")
    assert "Can't find module nothing" in error_of(session, "use nothing")


def test_models_survive_in_files(session, node):
    path = node.home / "model"
    session.run(f'm = piecewiseLinFit(0..6, 0 1 2 3 2 1 0, 2, seed=1); saveModel(m, "{path}")')
    assert session.run(f'r = loadModel("{path}"); eqObj(m.beta, r.beta) and eqObj(m.keys(), r.keys())')
    assert abs(session.run("predict(r, 1.5)") - 1.5) < 1e-6
    assert "a function of the session" in error_of(session, f'saveModel({{"f": x -> x}}, "{path}")')
    path.write_bytes(path.read_bytes()[:-1])
    assert "damaged" in error_of(session, f'loadModel("{path}")')


@pytest.mark.parametrize("fit", [
    "ridge(t, `y, `x)", "lasso(t, `y, `x, 0.1)", "kmeans(t, 2, randomSeed=1)",
    "randomForestClassifier(sqlDS(<select * from t>), `y, `x, 2, randomSeed=1)",
    "randomForestRegressor(sqlDS(<select * from t>), `y, `x, randomSeed=1)",
    "adaBoostClassifier(sqlDS(<select * from t>), `y, `x, 2)", "adaBoostRegressor(sqlDS(<select * from t>), `y, `x)"])
def test_models_predict_the_same_from_a_file(session, node, fit):
    path = node.home / "fitted"
    session.run(f't = table(0 0 0 1 1 1 as y, 1.0 2 3 7 8 9 as x); m = {fit}; saveModel(m, "{path}")')
    assert session.run(f'r = loadModel("{path}"); eqObj(predict(m, t), predict(r, t))')
    assert session.run("m.keys()[0] == r.keys()[0] and m.modelName == r.modelName")


def test_tables_live_in_directories(session, node):
    session.run(f'db = database("{node.home}/tables"); t = table(1 2 as a, `x`y as s)')
    session.run("saveTable(db, t); saveTable(db, t, `other); saveTable(db, t, `other, true)")
    assert session.run("exec sum(a) from loadTable(db, `t)") == 3
    assert session.run(f'rows(loadTable("{node.home}/tables", `other))') == 4
    assert session.run("existsTable(db, `t)") and not session.run("existsTable(db, `nothing)")
    session.run("dropTable(db, `other)")
    assert "has no table other" in error_of(session, "loadTable(db, `other)")
    assert "must be a directory" in error_of(session, "saveTable(database(, VALUE, 1 2), t)")
    assert "tableName must be" in error_of(session, 'saveTable(db, t, "../t")')


def test_guests_reach_no_files(connect):
    guest = connect(user="", password="")
    for script in ('database("/tmp")', 'loadModel("/tmp/x")', 'saveModule("x")', 'textChunkDS("/etc/passwd", 1)'):
        assert "NoPrivilege" in error_of(guest, script)


def test_commands_of_the_system_need_the_setting_and_an_administrator(session):
    assert "enableShellFunction" in error_of(session, 'shell("true")')
    with SingleNode(enableShellFunction="true") as allowed:
        administrator = dolphindb.Session()
        assert administrator.connect(allowed.host, allowed.port, "admin", "123456")
        assert administrator.run('shell("true")') == 0
        assert administrator.run('shell("exit 3")') == 3 * 256
        administrator.run(f'shell("echo hello > {allowed.home}/said")')
        assert (allowed.home / "said").read_text() == "hello\n"
        guest = dolphindb.Session()
        assert guest.connect(allowed.host, allowed.port)
        assert "NoPrivilege" in error_of(guest, 'shell("true")')
        guest.close()
        administrator.close()


def test_partitions_are_chosen_in_where_and_queries_cut_by_them(session):
    session.run("""
        if (existsDatabase("dfs://chosen")) dropDatabase("dfs://chosen")
        db = database("dfs://chosen", COMPO, [database(, RANGE, 0 10 20 30), database(, HASH, [SYMBOL, 3])])
        pt = db.createPartitionedTable(table(1:0, `id`s, [INT, SYMBOL]), `pt, `id`s)
        pt.append!(table(0..29 as id, take(`a`b`c`d`e, 30) as s))
    """)
    assert session.run("exec count(*) from pt where partition(id, 1)") == 10
    assert session.run("exec sum(id) from pt where partition(id, 0 2), id > 5") == sum(range(6, 10)) + sum(range(20, 30))
    assert session.run("exec count(*) from pt where partition(id, 0) and id < 3") == 3
    parts = [session.run(f"exec count(*) from pt where partition(s, {k})") for k in range(3)]
    assert sum(parts) == 30
    assert session.run("exec count(*) from pt where sample(id, 2)") == 20
    assert session.run("exec count(*) from pt where sample(id, 0.3)") == 10
    assert "numbers from 0 to 2" in error_of(session, "select * from pt where partition(id, 3)")
    assert "partitioned by: id, s" in error_of(session, "select * from pt where partition(x, 3)")
    assert "partitioned table" in error_of(session, "select * from table(1 2 as id) where partition(id, 0)")
    assert session.run("sum(mr(sqlDS(<select * from pt>), x -> sum(x.id), +))") == sum(range(30))
    assert list(session.run("mr(repartitionDS(<select * from pt>, `id), x -> sum(x.id))")) == [45, 145, 245]
    assert list(session.run("mr(repartitionDS(<select * from pt>, `id, RANGE, 0 5 30), x -> count(x))")) == [5, 25]
    assert list(session.run("mr(repartitionDS(<select * from pt>, `s, VALUE, `a`b), x -> count(x))")) == [6, 6]
    session.run('dropDatabase("dfs://chosen")')
