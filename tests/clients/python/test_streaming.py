"""Subscriptions of the official client: what it is sent, where it goes on, what it is told."""
import threading
import time

import dolphindb
import numpy as np
import pandas as pd
import pytest
from single_node import PASSWORD, USER, SingleNode

WAIT_SECONDS = 30


class Received:
    """A handler and what it was called with."""

    def __init__(self):
        self.messages = []
        self.lock = threading.Lock()

    def __call__(self, message):
        with self.lock:
            self.messages.append(message)

    def wait(self, count):
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end and len(self.messages) < count:
            time.sleep(0.01)
        return list(self.messages)


def wait_until(question):
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        if question():
            return
        time.sleep(0.02)
    raise TimeoutError("it did not come about")


@pytest.fixture(scope="module")
def node():
    with SingleNode(maxPubConnections=32, persistenceDir="persistence") as single:
        yield single


@pytest.fixture
def streams(connect):
    """A session that makes tables, which are dropped with everything else when the test ends."""
    session = connect()
    yield session
    session.run("for(t in exec name from getStreamTables() where shared) { dropStreamTable(t, true) }")


@pytest.fixture
def subscriber(connect, node):
    """subscribe(table, action, ...) of a session of its own; unsubscribes at the end."""
    session = connect()
    session.enableStreaming()
    made = []

    def subscribe(table, action, received, **options):
        session.subscribe(node.host, node.port, received, table, action, userName=USER, password=PASSWORD, **options)
        made.append((table, action))
        return session

    yield subscribe
    for table, action in made:
        if f"{node.host}/{node.port}/{table}/{action}" in session.getSubscriptionTopics():
            session.unsubscribe(node.host, node.port, table, action)


def may_read(session, table):
    try:
        return session.run(f"exec count(*) from {table}") >= 0
    except RuntimeError:
        return False


def subscribers_of(session, table):
    return session.run(f"exec count(*) from getStreamingStat().pubTables where tableName = `{table}")


def test_rows_come_as_they_are_from_the_offset_on(streams, subscriber):
    streams.run("""
        share streamTable(10:0, `id`sym`text`at`price`flag`sizes, [INT, SYMBOL, STRING, TIMESTAMP, DOUBLE, BOOL, INT[]]) as rowsOut
        go
        def addTo(mutable t, n) { t.append!(table(n as id, `a`b`c[n % 3] as sym, "t" + string(n) as text,
            2012.06.13T13:30:10.000 + n as at, n * 0.5 as price, n % 2 == 0 as flag, fixedLengthArrayVector(n, n + 1) as sizes)) }
        addTo(rowsOut, 0..9)""")
    received = Received()
    subscriber("rowsOut", "all", received, offset=4)
    streams.run("addTo(rowsOut, 10..4999)")
    messages = received.wait(4996)
    assert [m[0] for m in messages] == list(range(4, 5000))
    first, last = messages[0], messages[-1]
    assert first[1:3] == ["b", "t4"] and first[4:6] == [2.0, True] and list(first[6]) == [4, 5]
    assert last[1:3] == ["b", "t4999"] and pd.Timestamp(last[3]) == pd.Timestamp("2012-06-13 13:30:14.999")


def test_batches_come_as_data_frames(streams, subscriber):
    streams.run("share streamTable(10:0, `id`sym, [LONG, SYMBOL]) as framesOut")
    received = Received()
    subscriber("framesOut", "frames", received, msgAsTable=True, batchSize=100, throttle=0.2)
    streams.run("for(i in 0..9) { framesOut.append!(table(take(i, 50) as id, take(`x`y, 50) as sym)) }")
    wait_until(lambda: sum(len(m) for m in received.messages) == 500)
    frames = list(received.messages)
    assert all(isinstance(m, pd.DataFrame) and list(m.columns) == ["id", "sym"] for m in frames)
    assert pd.concat(frames)["id"].tolist() == [i for i in range(10) for _ in range(50)]


@pytest.mark.parametrize("wanted, symbols", [(np.array(["b", "c"]), {"b", "c"}),
                                             ("def(t) { return select * from t where sym = `c }", {"c"})])
def test_only_wanted_rows_come(streams, subscriber, wanted, symbols):
    streams.run("""share streamTable(10:0, `id`sym, [INT, SYMBOL]) as chosenOut
        go
        setStreamTableFilterColumn(chosenOut, `sym)
        chosenOut.append!(table(0..2999 as id, take(`a`b`c`d, 3000) as sym))""")
    received = Received()
    subscriber("chosenOut", "chosen", received, offset=0, filter=wanted)
    expected = [i for i in range(3000) if "abcd"[i % 4] in symbols]
    messages = received.wait(len(expected))
    assert [m[0] for m in messages] == expected
    assert {m[1] for m in messages} == symbols


def test_a_subscription_shows_until_it_is_given_up(streams, subscriber, node):
    streams.run("share streamTable(10:0, `id, [INT]) as shownOut")
    session = subscriber("shownOut", "shown", Received())
    wait_until(lambda: subscribers_of(streams, "shownOut") == 1)
    shown = streams.run("select * from getStreamingStat().pubTables where tableName = `shownOut")
    assert shown["actions"].tolist() == ["shown"] and shown["msgOffset"].tolist() == [-1]
    connections = streams.run("getStreamingStat().pubConns")
    assert connections["client"].tolist() == shown["subscriber"].tolist()
    assert connections["queueDepthLimit"].tolist() == [10_000_000]
    with pytest.raises(RuntimeError, match="has subscribers"):
        streams.run("dropStreamTable(`shownOut)")
    session.unsubscribe(node.host, node.port, "shownOut", "shown")
    wait_until(lambda: subscribers_of(streams, "shownOut") == 0)


def test_a_second_one_of_the_same_name_is_refused_and_welcome_after_the_first(streams, subscriber, connect, node):
    streams.run("share streamTable(10:0, `id, [INT]) as takenOut")
    session = subscriber("takenOut", "taken", Received())
    other = connect()
    other.enableStreaming()
    with pytest.raises(RuntimeError, match="exists already.*S03002"):
        other.subscribe(node.host, node.port, Received(), "takenOut", "taken", userName=USER, password=PASSWORD)
    session.unsubscribe(node.host, node.port, "takenOut", "taken")
    received = Received()
    other.subscribe(node.host, node.port, received, "takenOut", "taken", userName=USER, password=PASSWORD)
    streams.run("takenOut.append!(table([7] as id))")
    assert received.wait(1) == [[7]]
    other.unsubscribe(node.host, node.port, "takenOut", "taken")


def test_what_cannot_be_subscribed_to_is_told(streams, subscriber):
    streams.run("share streamTable(10:0, `id, [INT]) as toldOut; share table(10:0, `id, [INT]) as toldPlain")
    for table, options, said in (("nothingOut", {}, "no shared stream table named nothingOut"),
                                 ("toldPlain", {}, "no shared stream table named toldPlain"),
                                 ("toldOut", {"offset": 3}, r"Can't find the message with offset \[3\]"),
                                 ("toldOut", {"offset": -9}, "offset"),
                                 ("toldOut", {"filter": np.array([1])}, "no filter column")):
        with pytest.raises(RuntimeError, match=said):
            subscriber(table, "told", Received(), **options)
    streams.run("undef(`toldPlain, SHARED)")


def test_reading_must_be_granted(streams, connect, node):
    streams.run("""if(!(`streamReader in getUserList())) { createUser(`streamReader, "123456") }
        share streamTable(10:0, `id, [INT]) as grantedOut
        addAccessControl(`grantedOut)""")
    reader = connect(user="streamReader")
    reader.enableStreaming()
    arguments = {"host": node.host, "port": node.port, "tableName": "grantedOut", "actionName": "granted",
                 "userName": "streamReader", "password": "123456"}
    with pytest.raises(RuntimeError, match="NoPrivilege"):
        reader.subscribe(handler=Received(), **arguments)
    streams.run("grant(`streamReader, TABLE_READ, `grantedOut)")
    wait_until(lambda: may_read(reader, "grantedOut"))  # the node asks for grants again after a while
    received = Received()
    reader.subscribe(handler=received, **arguments)
    streams.run("grantedOut.append!(table([1] as id))")
    assert received.wait(1) == [[1]]
    reader.unsubscribe(node.host, node.port, "grantedOut", "granted")


def test_rows_of_several_tables_are_taken_apart(streams, subscriber, connect):
    streams.run("""
        quotes = table(2012.01.01T00:00:00.000 + 0..9 as at, take(`a`b, 10) as sym, 0.5 * 0..9 as price)
        trades = table(2012.01.01T00:00:00.000 + 5 * 0..1 as at, `x`y as sym, 10 20 as qty, 1.5 2.5 as price)
        share streamTable(10:0, `at`kind`body`sym, [TIMESTAMP, SYMBOL, BLOB, SYMBOL]) as mixedOut
        go
        share quotes as mixedQuotes; share trades as mixedTrades
        replay(dict(["quote", "trade"], [quotes, trades]), mixedOut, dict(["quote", "trade"], [`at, `at]), , -1)""")
    received = Received()
    deserializer = dolphindb.streamDeserializer({"quote": "mixedQuotes", "trade": "mixedTrades"}, connect())
    subscriber("mixedOut", "mixed", received, offset=0, streamDeserializer=deserializer)
    messages = received.wait(12)
    assert [m[-1] for m in messages].count("quote") == 10
    trades = [m for m in messages if m[-1] == "trade"]
    assert [m[1:] for m in trades] == [["x", 10, 1.5, "trade"], ["y", 20, 2.5, "trade"]]
    streams.run("undef(`mixedQuotes`mixedTrades, SHARED)")


def test_writers_leave_out_the_column_of_arrival(streams, node):
    streams.run("""
        share streamTable(10:0, `id`price`at, [LONG, DOUBLE, TIMESTAMP]) as arrivedOut
        go
        setStreamTableTimestamp(arrivedOut, `at)""")
    writer = dolphindb.MultithreadedTableWriter(node.host, node.port, USER, PASSWORD, "", "arrivedOut", False, False, [], 10, 0.1, 1)
    for i in range(100):
        assert not writer.insert(i, i * 0.5).errorCode
    writer.waitForThreadCompletion()
    assert not writer.getStatus().errorCode
    assert streams.run("exec id from arrivedOut where at > now() - 600000").tolist() == list(range(100))


def test_a_slow_subscriber_holds_nobody_up(streams, subscriber):
    streams.run("share streamTable(10:0, `id`text, [INT, STRING]) as slowOut")
    go_on = threading.Event()
    slow, quick = Received(), Received()

    def wait_then_take(message):
        go_on.wait(WAIT_SECONDS)
        slow(message)

    subscriber("slowOut", "slow", wait_then_take)
    subscriber("slowOut", "quick", quick)
    streams.run("for(i in 0..39) { slowOut.append!(table(i * 1000 + 0..999 as id, take(lpad(\"x\", 500, \"y\"), 1000) as text)) }")
    assert [m[0] for m in quick.wait(40000)] == list(range(40000))
    assert not slow.messages
    go_on.set()
    assert [m[0] for m in slow.wait(40000)] == list(range(40000))


def test_a_node_without_places_for_subscribers_says_so():
    with SingleNode() as single:
        session = dolphindb.Session()
        session.connect(single.host, single.port, USER, PASSWORD)
        session.run("share streamTable(10:0, `id, [INT]) as unpublished")
        session.enableStreaming()
        with pytest.raises(RuntimeError, match="maxPubConnections.*S00001"):
            session.subscribe(single.host, single.port, Received(), "unpublished", "x", userName=USER, password=PASSWORD)
        session.close()


def test_rows_come_once_though_the_node_is_killed():
    with SingleNode(maxPubConnections=8, persistenceDir="persistence") as single:
        share = "enableTableShareAndPersistence(streamTable(10:0, `id`text, [INT, STRING]), `killedOut)"
        received = Received()
        subscriber = dolphindb.Session()
        subscriber.enableStreaming()
        added = 0
        for life in range(3):
            session = dolphindb.Session()
            session.connect(single.host, single.port, USER, PASSWORD)
            session.run(share)
            added = session.run("rows(killedOut)")
            if life == 0:
                subscriber.subscribe(single.host, single.port, received, "killedOut", "killed", offset=0, resub=True,
                                     userName=USER, password=PASSWORD)
            for _ in range(50):
                session.run(f"killedOut.append!(table({added} + 0..99 as id, take(`abc`def, 100) as text))")
                added += 100
            if life < 2:
                single.process.kill()
                single.process.wait()
                single.output.close()
                (single.home / "output.txt").unlink()
                (single.home / "dolphindb.log").unlink(missing_ok=True)
                single.start()
            session.close()
        assert added == 15000
        messages = received.wait(added)
        time.sleep(0.5)  # nothing comes twice
        assert [m[0] for m in received.messages] == list(range(added)), len(messages)
        subscriber.unsubscribe(single.host, single.port, "killedOut", "killed")
        subscriber.close()
