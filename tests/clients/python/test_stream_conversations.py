"""The bytes of subscriptions: tests/conversations/streaming."""
import pathlib
import re
import socket

import pytest
from single_node import SingleNode

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "conversations" / "streaming"
PLACE = re.compile(rb"<ID>|<TIME>|<SITE>")


@pytest.fixture(scope="module")
def node():
    with SingleNode(maxPubConnections=8) as single:
        yield single


def bytes_of(line):
    return line.encode("latin-1").decode("unicode_escape").encode("latin-1")


def expected(text, site):
    """A pattern of what must come; the session's id is its group."""
    pattern = b""
    at = 0
    for place in PLACE.finditer(text):
        pattern += re.escape(text[at:place.start()])
        pattern += {b"<ID>": rb"(\d+)", b"<TIME>": rb"[\x00-\xff]{8}", b"<SITE>": re.escape(site)}[place.group()]
        at = place.end()
    return re.compile(pattern + re.escape(text[at:]), re.DOTALL)


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.txt")))
def test_conversation(node, session, name):
    session.run("share streamTable(10:0, `id`v, [INT, DOUBLE]) as told\ngo\ntold.append!(table(1 2 as id, 1.5 2.5 as v))")
    site = f"{node.host}:{node.port}:single".encode()
    identity = b"0"
    received = b""
    with socket.create_connection((node.host, node.port)) as connection:
        connection.settimeout(20)
        for line in (FOLDER / f"{name}.txt").read_text().splitlines():
            if line.startswith("> "):
                assert not received, f"more came than was said: {received!r}"
                connection.sendall(bytes_of(line[2:]).replace(b"<ID>", identity))
            elif line.startswith("< "):
                pattern = expected(bytes_of(line[2:]), site)
                while not (found := pattern.match(received)):
                    more = connection.recv(65536)
                    assert more, f"closed after {received!r}"
                    received += more
                    assert len(received) < 4096, f"{received!r} is not {line}"
                identity = found.group(1) if found.groups() else identity
                received = received[found.end():]
    session.run("dropStreamTable(`told, true)")
