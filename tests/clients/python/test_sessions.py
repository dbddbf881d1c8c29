"""Sessions of the official Python client: connecting, logging in, errors, prints, jobs, pools, protocols."""
import asyncio
import subprocess
import sys
import threading
import time
from datetime import timedelta

import dolphindb
import dolphindb.settings as settings
import pytest

from single_node import PASSWORD, USER, SingleNode


def test_login_inline_later_and_refused(node, connect, capfd):
    session = connect()
    assert session.run("getCurrentSessionAndUser()")[1] == USER
    assert session.run("version()").startswith("3.00.")
    stranger = dolphindb.Session()
    assert not stranger.connect(node.host, node.port, USER, "wrong")
    assert "The user name or password is incorrect" in capfd.readouterr().out
    guest = connect(user="", password="")
    assert guest.run("getCurrentSessionAndUser()")[1] == "guest"
    guest.login(USER, PASSWORD, True)
    assert guest.run("getCurrentSessionAndUser()")[1] == USER
    guest.run("logout()")
    assert guest.run("getCurrentSessionAndUser()")[1] == "guest"
    guest.login(USER, PASSWORD, False)
    assert guest.run("getCurrentSessionAndUser()")[1] == USER


def test_the_session_id_is_the_servers(session):
    assert int(session.getSessionId()) == session.run("getCurrentSessionAndUser()")[0]


def test_an_error_tells_the_statement_and_keeps_the_session(session):
    with pytest.raises(RuntimeError, match="bad thing"):
        session.run('throw "bad thing"')
    with pytest.raises(RuntimeError, match=r"\[line #2\] Cannot recognize the token nowhere"):
        session.run("x = 1\nx = nowhere")
    with pytest.raises(RuntimeError, match="Can't recognize function name nothing"):
        session.run("nothing", 1)
    with pytest.raises(RuntimeError, match=r"The function \[add\] expects 2 argument\(s\), but the actual number of arguments is: 3"):
        session.run("add", 1, 2, 3)
    with pytest.raises(RuntimeError, match="first line second line"):
        session.run('throw "first line\nsecond line"')
    with pytest.raises(RuntimeError, match="dfs://nowhere"):
        session.run('loadTable("dfs://nowhere", `t)')
    assert session.run("1 + 1") == 2


def test_variables_live_as_long_as_the_session(connect):
    first, second = connect(), connect()
    first.run("mine = 1")
    with pytest.raises(RuntimeError, match="mine"):
        second.run("mine")
    assert first.run("mine") == 1
    first.run("mine", clearMemory=True)
    with pytest.raises(RuntimeError, match="mine"):
        first.run("mine")


def test_the_startup_script_runs_first(connect):
    assert connect(startup="x = 40 + 2").run("x") == 42


def test_prints_arrive_in_order_and_before_the_result(connect, capfd):
    session = connect(show_output=True)
    session.run('for (i in 1..3) { print("line " + string(i)) }; print(table(1..2 as x)); 7')
    shown = capfd.readouterr().out
    assert shown.index("line 1") < shown.index("line 2") < shown.index("line 3") < shown.index("x")
    connect(show_output=False).run('print("unseen")')
    assert "unseen" not in capfd.readouterr().out


def test_scripts_of_many_lines_comments_and_files(session, tmp_path):
    script = "// a comment 注释\ndef f(x) {\n  /* more\n */ return x + 1\n}\r\n\nf(1);\n"
    assert session.run(script) == 2
    file = tmp_path / "script.dos"
    file.write_text(script)
    assert session.runFile(str(file)) == 2
    assert session.run("x=0\n" + "x += 1\n" * 20_000 + "x") == 20_000


def test_a_job_is_listed_and_cancelled_from_another_session(connect):
    busy, other = connect(), connect()
    failures = []

    def wait():
        try:
            busy.run("do { 1 } while(true)")
        except RuntimeError as error:
            failures.append(str(error))

    thread = threading.Thread(target=wait)
    thread.start()
    script = f"exec rootJobId from getConsoleJobs() where sessionId = {busy.getSessionId()}"
    end = time.monotonic() + 30
    while len(ids := other.run(script)) == 0 and time.monotonic() < end:
        time.sleep(0.01)
    row = other.run("getConsoleJobs()").iloc[0]
    assert row["desc"] == "do { 1 } while(true)" and row["userID"] == USER
    other.run("cancelConsoleJob", ids[0])
    thread.join(timeout=30)
    assert failures and "cancel" in failures[0].lower()
    assert busy.run("1 + 1") == 2


def test_a_statement_ends_with_its_connection(node, connect):
    """A client that goes away takes its running statement with it."""
    code = ("import dolphindb, sys\n"
            f"s = dolphindb.Session(); s.connect('{node.host}', {node.port}, '{USER}', '{PASSWORD}')\n"
            "s.run('do { 1 } while(true)')\n")
    other = connect()
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        end = time.monotonic() + 60
        while len(other.run("getConsoleJobs()")) == 0 and time.monotonic() < end:
            time.sleep(0.02)
    finally:
        process.kill()
        process.wait()
    end = time.monotonic() + 30
    while len(other.run("getConsoleJobs()")) > 0 and time.monotonic() < end:
        time.sleep(0.02)
    assert len(other.run("getConsoleJobs()")) == 0


def test_a_read_timeout_frees_the_client(node):
    session = dolphindb.Session(show_output=False)
    assert session.connect(node.host, node.port, USER, PASSWORD, timeout=timedelta(seconds=1))
    with pytest.raises(RuntimeError):
        session.run("do { 1 } while(true)")
    session.close()


def test_many_sessions(connect):
    sessions = [connect() for _ in range(100)]
    assert all(session.run("1 + 1") == 2 for session in sessions)


def test_an_asynchronous_session_gets_no_answers(node, connect):
    judge = connect()
    judge.run("share table(1:0, [`x], [INT]) as asyncTarget")
    sender = connect(enableASYNC=True)
    for i in range(20):
        sender.run(f"insert into asyncTarget values({i})")
    sender.run("insert into asyncTarget values(nowhere)")  # fails on the server, silently
    sender.run("insert into asyncTarget values(20)")
    end = time.monotonic() + 30
    while judge.run("exec count(*) from asyncTarget") < 21 and time.monotonic() < end:
        time.sleep(0.02)
    assert judge.run("exec x from asyncTarget").tolist() == list(range(21))


@pytest.mark.parametrize("options", [{"protocol": settings.PROTOCOL_DDB}, {"protocol": settings.PROTOCOL_PICKLE},
                                     {"enablePickle": True}, {"compress": True}])
def test_every_protocol_of_the_client_reads_tables(connect, options):
    session = connect(**options)
    table = session.run("table(1..3 as a, `x`y`z as b, [1.5, NULL, 2.5] as c)")
    assert table["a"].tolist() == [1, 2, 3] and table["b"].tolist() == ["x", "y", "z"]
    assert session.run("(1, `a)") == [1, "a"]


def test_other_dialects_are_refused_by_name(node, capfd):
    session = dolphindb.Session(parser="python")
    assert not session.connect(node.host, node.port, USER, PASSWORD)
    assert "The Python dialect of scripts is not supported" in capfd.readouterr().out


def test_a_pool_runs_tasks_side_by_side(node):
    pool = dolphindb.DBConnectionPool(node.host, node.port, 4, USER, PASSWORD)

    async def run_all():
        return await asyncio.gather(*(pool.run(f"{i} * 2") for i in range(40)))

    assert asyncio.run(run_all()) == [2 * i for i in range(40)]
    pool.addTask("1 + 1", 7)
    end = time.monotonic() + 30
    while not pool.isFinished(7) and time.monotonic() < end:
        time.sleep(0.01)
    assert pool.getData(7) == 2
    pool.shutDown()


def test_the_simple_pool_hands_out_connections(node):
    pool = dolphindb.SimpleDBConnectionPool(host=node.host, port=node.port, userid=USER, password=PASSWORD,
                                            min_pool_size=1, max_pool_size=3)
    with pool.acquire() as connection:
        connection.run("x = 5")
        assert connection.run("x") == 5
    pool.shutdown()


def test_high_availability_and_reconnect_work_on_one_node(node):
    session = dolphindb.Session(show_output=False)
    assert session.connect(node.host, node.port, USER, PASSWORD, highAvailability=True,
                           highAvailabilitySites=[f"{node.host}:{node.port}"], reconnect=True)
    assert session.run("1 + 1") == 2
    session.close()


@pytest.mark.parametrize("script", [
    "loadText('/etc/hostname')", "extractTextSchema('/etc/hostname')", "files('/etc')", "file('/etc/hostname', 'r')",
    "saveTextFile('x', '/tmp/pelorus-by-a-guest')", "rm('/tmp/pelorus-by-a-guest')", "mkdir('/tmp/pelorus-by-a-guest')"])
def test_guests_reach_no_files_of_the_node(connect, script):
    guest = connect(user="", password="")
    with pytest.raises(RuntimeError, match="NoPrivilege"):
        guest.run(script)


def test_completed_queries_are_listed_where_account_is_kept():
    with SingleNode(perfMonitoring="true") as watched:
        session = dolphindb.Session(show_output=False)
        assert session.connect(watched.host, watched.port, USER, PASSWORD)
        session.run("""
            db = database("dfs://watched", VALUE, 1..3)
            pt = db.createPartitionedTable(table(1 2 3 as id, 4 5 6 as v), `pt, `id)
            pt.append!(table(1 2 3 as id, 4 5 6 as v))
            select count(*) from table(1 2 as a)""")
        session.run("select sum(v) from pt; select v from pt where id = 2")
        with pytest.raises(RuntimeError):
            session.run("select nothing(v) + v.a.b from pt")
        rows = session.run("getCompletedQueries()")
        good = rows[rows["errorMsg"] == ""]
        assert list(good["jobDesc"])[0].startswith("select v from ") and len(good) == 2
        assert list(good["rootID"])[0] == list(good["rootID"])[1]
        assert set(rows["userID"]) == {"admin"} and (rows["endTime"] >= rows["startTime"]).all()
        assert len(session.run("getCompletedQueries(1)")) == 1
        with pytest.raises(RuntimeError, match="must be positive"):
            session.run("getCompletedQueries(0)")
        session.close()


def test_completed_queries_need_account_of_them(session):
    with pytest.raises(RuntimeError, match="set perfMonitoring=1"):
        session.run("getCompletedQueries()")
