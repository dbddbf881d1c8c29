"""Events: what appendEvent packs is what the official client's EventSender packs."""
import dolphindb.settings as types
import numpy as np
import pytest
from dolphindb.cep import Event, EventSender
from dolphindb.typing import Scalar, Vector


class Quote(Event):
    sym: Scalar[types.DT_STRING]
    at: Scalar[types.DT_TIMESTAMP]
    price: Scalar[types.DT_DOUBLE]
    sizes: Vector[types.DT_INT]


class Note(Event):
    at: Scalar[types.DT_TIMESTAMP]
    urgent: Scalar[types.DT_BOOL]
    sym: Scalar[types.DT_STRING]


SCRIPT = """
    share streamTable(9:0, `at`kind`body`sym, [TIMESTAMP, STRING, BLOB, STRING]) as sentEvents
    share streamTable(9:0, `at`kind`body`sym, [TIMESTAMP, STRING, BLOB, STRING]) as ownEvents
    described = table(`Quote`Note as eventType, ["sym,at,price,sizes", "at, urgent, sym"] as eventField,
        arrayVector(4 7, 18 12 16 4 12 1 18) as fieldTypeId, arrayVector(4 7, 0 0 0 1 0 0 0) as fieldFormId)
"""


def test_events_are_packed_as_the_official_client_does(session):
    session.run(SCRIPT)
    session.run("packer = streamEventSerializer(`packer, described, ownEvents, `at, [`sym])")
    sender = EventSender(session, "sentEvents", [Quote, Note], eventTimeFields="at", commonFields=["sym"])
    when = np.datetime64("2012-06-13T13:30:10.008", "ms")
    for sizes in ([1, 2, 3], list(range(300))):
        sender.sendEvent(Quote("a", when, 1.5, sizes))
        session.upload({"sizes": np.array(sizes, dtype=np.int32)})
        session.run('appendEvent(packer, {"eventType": "Quote", "sym": "a", "at": 2012.06.13T13:30:10.008, "price": 1.5, "sizes": sizes})')
    sender.sendEvent(Note(when, True, "b"))
    session.run('appendEvent(`packer, {"sym": "b", "eventType": "Note", "at": 2012.06.13T13:30:10.008, "urgent": true})')
    assert session.run("rows(ownEvents)") == 3
    assert session.run("all(each(eqObj, (select * from sentEvents).values(), (select * from ownEvents).values()))")
    for mistake, said in (('{"eventType": "Note", "sym": "b"}', "lacks its field at"), ('{"eventType": "Other"}', "there is no Other"),
                          ('{"eventType": "Note", "sym": 1..2, "at": now(), "urgent": true}', "must be a scalar of type STRING")):
        with pytest.raises(RuntimeError, match=said):
            session.run(f"appendEvent(packer, {mistake})")
    assert session.run("rows(ownEvents)") == 3
    session.run('dropStreamEngine("packer"); undef(`sentEvents`ownEvents, SHARED)')
