"""Shared tables and engines that not everybody may use."""
import time

import pytest


@pytest.fixture
def people(connect):
    """Sessions of an administrator and of two users whom nothing is granted."""
    admin = connect()
    admin.run("""
        for(u in `ann`bob) { try { deleteUser(u) } catch(ex) { } }
        createUser(`ann, "111111"); createUser(`bob, "222222")""")
    yield admin, connect(user="ann", password="111111"), connect(user="bob", password="222222")
    admin.run("for(u in `ann`bob) deleteUser(u)")


def test_a_shared_table_is_open_until_it_is_controlled(people):
    admin, ann, bob = people
    ann.run("share table(`a`b as sym, 1 2 as val) as openShop")
    assert bob.run("exec sum(val) from openShop") == 3
    with pytest.raises(RuntimeError, match="only an administrator or the user who made openShop"):
        bob.run("addAccessControl(`openShop)")
    ann.run("addAccessControl(openShop)")
    for script in ["select * from openShop", "insert into openShop values(`c, 3)", "openShop.append!(openShop)",
                   "update openShop set val = 0", "share table(1 as a) as openShop", "undef(`openShop, SHARED)",
                   "exec val from objByName(`openShop, true)"]:
        with pytest.raises(RuntimeError, match=r"No access to .*shared table \[openShop\]"):
            bob.run(script)
    assert "openShop" not in bob.run("exec name from objs(true)")
    assert ann.run("exec sum(val) from openShop") == 3 and admin.run("exec sum(val) from openShop") == 3
    ann.run("undef(`openShop, SHARED)")
    bob.run("share table(1 as a) as openShop")
    assert ann.run("exec a from openShop")[0] == 1
    bob.run("undef(`openShop, SHARED)")


def test_grants_open_a_controlled_table(people):
    admin, ann, bob = people
    ann.run("share streamTable(10:0, `sym`val, [SYMBOL, INT]) as ledger; addAccessControl(`ledger)")
    admin.run("grant(`bob, TABLE_READ, `ledger)")
    eventually(bob, "exec count(*) from ledger", 0)
    with pytest.raises(RuntimeError, match="TABLE_WRITE on \"ledger\""):
        bob.run("insert into ledger values(`c, 3)")
    bob.run("""
        seen = table(10:0, `sym`val, [SYMBOL, INT])
        subscribeTable(tableName=`ledger, actionName=`bob, offset=0, handler=append!{seen}, msgAsTable=true)
        unsubscribeTable(tableName=`ledger, actionName=`bob)""")
    admin.run("revoke(`bob, TABLE_READ, `ledger); grant(`bob, TABLE_WRITE, \"single:ledger\")")
    eventually(bob, "tableInsert(ledger, table([`c] as sym, [3] as val))", 1)
    with pytest.raises(RuntimeError, match="TABLE_READ on \"ledger\""):
        bob.run("select * from ledger")
    admin.run("deny(`bob, TABLE_WRITE, `ledger)")
    eventually_refused(bob, "tableInsert(ledger, table([`c] as sym, [3] as val))")
    assert ann.run("exec val from ledger")[0] == 3
    with pytest.raises(RuntimeError, match="No access"):
        bob.run("dropStreamTable(`ledger)")
    ann.run("dropStreamTable(`ledger)")


def test_a_controlled_engine(people):
    admin, ann, bob = people
    ann.run("""
        dummy = table(1:0, `sym`val, [SYMBOL, INT]); out = table(9:0, `sym`total, [SYMBOL, LONG])
        e = createReactiveStateEngine("tills", <cumsum(val)>, dummy, out, `sym)""")
    bob.run("getStreamEngine(`tills).append!(table([`a] as sym, [1] as val))")
    ann.run("addAccessControl(e)")
    with pytest.raises(RuntimeError, match="No access"):
        bob.run("getStreamEngine(`tills)")
    with pytest.raises(RuntimeError, match="No access to drop stream engine tills"):
        bob.run("dropStreamEngine(`tills)")
    admin.run("grant(`bob, TABLE_WRITE, `tills)")
    eventually(bob, "tableInsert(getStreamEngine(`tills), table([`a] as sym, [2] as val))", 1)
    assert list(ann.run("exec total from out")) == [1, 3]
    ann.run("dropStreamEngine(`tills)")


def test_what_cannot_be_controlled(connect):
    session = connect()
    for script, text in [("addAccessControl(`nothingOfThatName)", "must be a shared table or a stream engine"),
                         ("addAccessControl(table(1 as a))", "must be a shared table or a stream engine"),
                         ("addAccessControl(5)", "must be a shared table or a stream engine"),
                         ("share dict(`a`b, 1 2) as controlledWords; addAccessControl(`controlledWords)",
                          "must name a table or a stream engine")]:
        with pytest.raises(RuntimeError, match=text):
            session.run(script)
    session.run("undef(`controlledWords, SHARED)")


def eventually(session, script, value):
    """Rights are asked for anew every few seconds."""
    wait_for(lambda: attempt(session, script, value))


def eventually_refused(session, script):
    def refused():
        try:
            session.run(script)
            return False
        except RuntimeError as error:
            assert "No access" in str(error)
            return True
    wait_for(refused)


def attempt(session, script, value):
    try:
        return session.run(script) == value
    except RuntimeError as error:
        assert "No access" in str(error)
        return False


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)
