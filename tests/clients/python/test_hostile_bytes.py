"""Bytes no client sends, at every stage of every protocol of the port: the server must say what is wrong, go on serving,
and hold no more memory than the bytes it was given."""
import os
import random
import socket
import struct
import time

import dolphindb
import pytest

from single_node import PASSWORD, USER, SingleNode

CONNECT = b"API 0 8 / 0_1_4_2\nconnect\n"
MEBIBYTE = 1 << 20
MEMORY_GROWTH_MAX = 300 * MEBIBYTE


@pytest.fixture(scope="module")
def server():
    with SingleNode(maxMemSize=1) as node:
        honest = dolphindb.Session(show_output=False)
        assert honest.connect(node.host, node.port, USER, PASSWORD)
        before = node.memory_bytes()
        yield node
        assert honest.run("1 + 1") == 2, "a session that was there all the time is served"
        honest.close()
        grown = node.memory_bytes() - before
        assert grown < MEMORY_GROWTH_MAX, f"{grown / MEBIBYTE:.0f} MiB more than before the attacks"


@pytest.fixture(autouse=True)
def serves_others(server):
    """After each attack a newcomer logs in and works."""
    yield
    session = dolphindb.Session(show_output=False)
    assert session.connect(server.host, server.port, USER, PASSWORD)
    assert session.run("1 + 1") == 2
    session.close()


class Wire:
    """A connection of raw bytes; reads give up after `patience` seconds."""

    def __init__(self, server, patience=10):
        self.socket = socket.create_connection((server.host, server.port), timeout=patience)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """True when the peer took all of it; it may have closed already."""
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def read_to_end(self):
        data = b""
        try:
            while part := self.socket.recv(65536):
                data += part
        except OSError:
            pass
        return data

    def end(self):
        """Sends no more; what still comes back."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        return self.read_to_end()

    def read_until(self, mark):
        data = b""
        while mark not in data:
            part = self.socket.recv(1)
            assert part, data
            data += part
        return data

    def read(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                break
            data += part
        return data

    def connect(self):
        self.send(CONNECT)
        self.read_until(b"\nOK\n")
        return self


def request(body, arguments=b"", flags=0):
    return f"API2 0 {len(body)} / {flags}_1_4_64\n".encode() + body + arguments


def upload(value):
    return request(b"variable\nx\n1\n1\n", value)


# --- the first bytes

BEGINNINGS = {
    b"\n": None, b"\0" * 64: None, b"\xff" * 4096: None, b"SSH-2.0-OpenSSH\r\n": b"protocol", b"API": None,
    b"API3 0 8 / 0\nconnect\n": None, b"API \n": b"length is not a number", b"API 0 eight / 0\nconnect\n": b"length is not a number",
    b"API 0 -8 / 0\nconnect\n": b"length is not a number", b"API 0 8 0_1\nconnect\n": b"no / before the properties",
    b"API 0 8 / x\nconnect\n": b"property 1", b"API 0 99999999999999999999 / 0\nconnect\n": b"length is not a number",
    b"API 0 9223372036854775807 / 0\nconnect\n": b"body is longer", b"API 0 100000000 / 0\nconnect\n": b"body is longer",
    b"API 0 10 / 0\nscript\n1+1": b"first request of a connection must be connect",
    b"API 0 7 / 0\nconjure": b"kind is none of", b"API " + b"9" * 100_000: b"line is longer",
    b"API 0 8 / 0_1_4_2_\xff\xfe\nconnect\n": None,
}


@pytest.mark.parametrize("first", BEGINNINGS, ids=lambda first: repr(first[:30]))
def test_nonsense_instead_of_connect(server, first):
    with Wire(server) as wire:
        wire.send(first)
        answer = wire.end()
        assert BEGINNINGS[first] is None or BEGINNINGS[first] in answer


def test_the_arrow_format_is_refused_by_name(server):
    with Wire(server) as wire:
        wire.send(b"API 0 8 / 32800_1_4_2\nconnect\n")
        wire.read_until(b"Results in the Arrow format are not supported: connect with protocol=PROTOCOL_DDB.\n")


def test_random_first_bytes(server):
    source = random.Random(1)
    for _ in range(300):
        prefix = source.choice([b"", b"API ", b"API2 0 ", b"GET ", b"POST /", b"PRPC", b"PRFT", b"\x16\x03\x01"])
        with Wire(server) as wire:
            wire.send(prefix + source.randbytes(source.randrange(600)))
            wire.end()


def test_tls_is_answered_with_an_alert_where_it_is_not_configured(server):
    with Wire(server) as wire:
        wire.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(508))
        assert wire.read_to_end()[:1] == b"\x15"


# --- requests after connect

BODIES = {
    b"function\nadd\n2\n0": b"little-endian", b"function\nadd\n-1\n1": b"number of arguments",
    b"function\nadd\n99999999\n1": b"number of arguments", b"function\nadd": b"needs a name",
    b"variable\na,b\n1\n1": b"names for", b"variable\n\n1\n1": b"names for", b"nonsense\nx": b"kind is none of", b"": b"kind is none of",
}


@pytest.mark.parametrize("body", BODIES, ids=repr)
def test_bodies_that_make_no_sense(server, body):
    with Wire(server) as wire:
        wire.connect().send(request(body))
        assert BODIES[body] in wire.end()


def cstring(text):
    return text.encode() + b"\0"


def vector(type_code, rows, data=b"", form=1):
    return struct.pack("<BBii", type_code, form, rows, 1) + data


def compressed(payload, *, count, data_type=4, unit=4, method=1, stated=None):
    block = struct.pack("<i", len(payload)) + payload
    size = len(block) + 20 if stated is None else stated
    return struct.pack("<BBiibbbbbbhiii", 26, 1, size, 1, 0, 1, -1, method, data_type, unit, 0, 0, count, -1) + block


def table(rows, columns):
    head = struct.pack("<BBii", 0, 6, rows, len(columns)) + cstring("")
    return head + b"".join(cstring(f"c{i}") for i in range(len(columns))) + b"".join(columns)


LIES = {
    "a form that does not exist": (bytes([4, 77]), b"is not accepted"),
    "a type that does not exist": (bytes([60, 1]) + struct.pack("<ii", 1, 1), b"is not accepted"),
    "a negative count": (vector(4, -5), b"cannot be read|-5"),
    "a decimal of scale 99": (bytes([37, 0]) + struct.pack("<ii", 99, 1), b"scale 99"),
    "a pair of seven": (vector(4, 7, b"\0" * 28, form=2), b"pair"),
    "two columns of one name": (struct.pack("<BBii", 0, 6, 0, 2) + cstring("") + cstring("a") + cstring("a"), b"two columns named"),
    "a column shorter than its table": (table(5, [vector(4, 1, b"\0" * 4)]), b"has 1 elements"),
    "a column that is a scalar": (table(1, [bytes([4, 0, 1, 0, 0, 0])]), b"no vector"),
    "too many columns": (struct.pack("<BBii", 0, 6, 0, 2**31 - 1), b"columns"),
    "a matrix beyond counting": (struct.pack("<BBBBBii", 4, 3, 0, 4, 3, 2**31 - 1, 2**31 - 1), b"a matrix of"),
    "a dictionary of different sizes": (bytes([4, 5]) + vector(4, 1, b"\0" * 4) + vector(4, 2, b"\0" * 8), b"keys and"),
    "a set of tables": (bytes([25, 4]) + vector(25, 1, table(0, [vector(4, 0)])), b"a set of"),
    "a symbol outside its base": (struct.pack("<BBiiii", 145, 1, 1, 1, 0, 1) + cstring("") + struct.pack("<i", 9), b"symbol 9"),
    "a negative symbol base": (struct.pack("<BBiiii", 145, 1, 1, 1, 0, -1), b"base"),
    "an array vector with counts of three bytes": (struct.pack("<BBiiHBB", 68, 1, 1, 1, 1, 3, 0), b"counts of 3 bytes"),
    "an array vector that states another total": (struct.pack("<BBiiHBBB", 68, 1, 1, 9, 1, 1, 0, 1) + b"\0" * 4, b"states 9"),
    "a compressed column of an unknown method": (table(1, [compressed(b"\0", count=1, method=7)]), b"method 7|7"),
    "a compressed column of no known type": (table(1, [compressed(b"\0", count=1, data_type=60)]), b"60|accepted"),
    "an LZ4 block that is none": (table(4, [compressed(b"\xff\xff\xff\xff", count=4)]), b"LZ4|compressed"),
    "a compressed column of a negative size": (table(1, [compressed(b"", count=1, stated=-7)]), b"compressed|size"),
    "more VOID elements than it may state": (vector(0, 2**31 - 1), b"VOID"),
    "a tuple nested too deeply": (vector(25, 1) * 5000, b"nested deeper"),
}


@pytest.mark.parametrize("name", LIES)
def test_objects_that_lie(server, name):
    value, expected = LIES[name]
    with Wire(server) as wire:
        wire.connect().send(upload(value))
        answer = wire.end()
    assert any(part in answer for part in expected.split(b"|")), answer


PROMISES = [
    vector(4, 2**31 - 1), vector(16, 2**31 - 1), vector(18, 2**31 - 1), vector(25, 2**31 - 1), vector(31, 2**31 - 1),
    vector(32, 1, struct.pack("<i", 2**31 - 1)), struct.pack("<BBiiii", 145, 1, 2**31 - 1, 1, 0, 2**21),
    struct.pack("<BBiiHBB", 68, 1, 2**31 - 1, 2**31 - 1, 65535, 4, 0), table(2**31 - 1, [vector(4, 2**31 - 1)]),
    struct.pack("<BBBBBii", 16, 3, 0, 16, 3, 40000, 40000), compressed(b"\0" * 8, count=2**31 - 1, stated=2**31 - 1),
]


def test_promises_of_many_elements_cost_nothing(server):
    """Counts of two thousand million with a few bytes behind them, on many connections at once."""
    before = server.memory_bytes()
    wires = [Wire(server).connect() for _ in range(10) for _ in PROMISES]
    try:
        for i, wire in enumerate(wires):
            wire.send(upload(PROMISES[i % len(PROMISES)] + b"\x01" * 1000))
        time.sleep(0.3)
        assert server.memory_bytes() - before < 100 * MEBIBYTE
    finally:
        for wire in wires:
            wire.socket.close()


def zeros_in_lz4(size):
    """One LZ4 block that unpacks to `size` zero bytes: a literal, a match of offset 1 that runs on, five literals."""
    rest = size - 1 - 19 - 5
    return b"\x1f\x00\x01\x00" + b"\xff" * (rest // 255) + bytes([rest % 255]) + b"\x50" + b"\0" * 5


def test_a_compression_bomb_is_stopped_at_the_memory_limit(server):
    """270 bytes become 64 KiB: the column states 8 GiB, far beyond maxMemSize."""
    block = zeros_in_lz4(65536)
    piece = struct.pack("<i", len(block)) + block
    blocks = 2**31 // 16384
    head = table(2**31 - 1, [compressed(b"", count=2**31 - 1, stated=blocks * len(piece) + 20)])[:-4]
    with Wire(server, patience=60) as wire:
        wire.connect().send(upload(head))
        for _ in range(blocks // 1024):
            if not wire.send(piece * 1024):
                break
        assert b"maxMemSize" in wire.end()
    assert server.memory_bytes() < 1.5 * 2**30


def rich_request():
    column = vector(18, 3, cstring("a") + cstring("") + cstring("xyz"))
    symbols = struct.pack("<BBiiii", 145, 1, 3, 1, 0, 2) + cstring("") + cstring("s") + struct.pack("<iii", 0, 1, 1)
    arrays = struct.pack("<BBiiHBB", 68, 1, 3, 4, 3, 1, 0) + bytes([1, 2, 1]) + struct.pack("<iiii", 1, 2, 3, 4)
    packed = compressed(b"\xc0" + struct.pack("<iii", 1, 2, 3), count=3)
    value = vector(25, 3, bytes([4, 0, 1, 0, 0, 0]) + table(3, [column, symbols, arrays, packed]) +
                   bytes([25, 5]) + vector(18, 1, cstring("k")) + vector(25, 1, bytes([18, 0]) + cstring("v")))
    return request(b"function\ntypestr\n1\n1", value)


def test_the_rich_request_is_a_good_one(server):
    with Wire(server) as wire:
        wire.connect().send(rich_request())
        assert wire.read_until(b"ANY VECTOR").endswith(b"OK\n\x12\x00ANY VECTOR")


def test_connections_cut_at_every_byte(server):
    whole = CONNECT + rich_request()
    for cut in range(len(whole)):
        with Wire(server) as wire:
            wire.send(whole[:cut])


def test_requests_with_flipped_bytes(server):
    source = random.Random(2)
    whole = bytearray(rich_request())
    for _ in range(1500):
        damaged = bytearray(whole)
        for _ in range(source.randrange(1, 4)):
            damaged[source.randrange(len(damaged))] = source.randrange(256)
        with Wire(server) as wire:
            wire.connect().send(bytes(damaged))
            wire.end()


def test_uploads_broken_off(server):
    for _ in range(20):
        with Wire(server) as wire:
            wire.connect().send(upload(vector(16, 10_000_000)) + b"\0" * MEBIBYTE)


# --- scripts that no one writes

SCRIPTS = {
    "parentheses": "(" * 100_000 + "1" + ")" * 100_000,
    "brackets": "[" * 100_000 + "]" * 100_000,
    "minus signs": "-" * 100_000 + "1",
    "blocks": "if (true) {" * 50_000 + "}" * 50_000,
    "calls": "abs(" * 50_000 + "1" + ")" * 50_000,
    "a long sum": "+".join(["1"] * 200_000),
    "recursion without end": "def f(x) { return f(x + 1) }; f(1)",
    "mutual recursion": "def g(x); def f(x) { return g(x) }; def g(x) { return f(x) }; f(1)",
    "a text without end": '"' + "x" * MEBIBYTE,
    "zero bytes": "x = 1\0\0\0 + 1",
    "not UTF-8": b"x = \"\xff\xfe\"; \xc3\x28",
    "a vector beyond memory": "take(1.0, 2000000000)",
    "a matrix beyond memory": "matrix(DOUBLE, 100000, 100000)",
    "a text beyond memory": "x = 'abc'; do { x = x + x } while(true)",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_that_no_one_writes(server, name):
    script = SCRIPTS[name] if isinstance(SCRIPTS[name], bytes) else SCRIPTS[name].encode()
    with Wire(server, patience=60) as wire:
        wire.connect().send(request(b"script\n" + script))
        answer = wire.read(8)
        assert answer, "the connection stays and is answered"
    assert server.process.poll() is None


# --- HTTP and WebSocket

HTTP = {
    b"GET / HTTP/9.9\r\n\r\n": b"400", b"GET\r\n\r\n": None, b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n": b"HTTP/1.1 4",
    b"POST / HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n": b"413", b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n": b"400",
    b"GET /../../../../etc/passwd HTTP/1.1\r\n\r\n": b"404", b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n\r\n": b"404",
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n": b"431",
    b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n": b"HTTP/1.1 4",
    b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n": b"400",
    b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 99\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n": b"HTTP/1.1 4",
}


@pytest.mark.parametrize("question", HTTP, ids=lambda question: repr(question[:40]))
def test_http_nonsense(server, question):
    with Wire(server) as wire:
        wire.send(question)
        answer = wire.end()
        assert HTTP[question] is None or HTTP[question] in answer[:40], answer[:300]
        assert b"root:" not in answer


UPGRADE = (b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")


def frame(opcode, payload, *, final=True, masked=True, length=None):
    size = len(payload) if length is None else length
    head = bytes([(0x80 if final else 0) | opcode])
    mask_bit = 0x80 if masked else 0
    if size < 126:
        head += bytes([mask_bit | size])
    elif size < 65536:
        head += bytes([mask_bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([mask_bit | 127]) + struct.pack(">Q", size)
    return head + (b"\0\0\0\0" if masked else b"") + payload


FRAMES = {
    "unmasked": frame(2, CONNECT, masked=False), "a reserved opcode": frame(3, b"x"), "a reserved bit": b"\xf2\x80\0\0\0\0",
    "a long ping": frame(9, b"x" * 200), "a fragmented ping": frame(9, b"x", final=False),
    "a continuation of nothing": frame(0, b"x"), "a length of 2^63": frame(2, b"x", length=2**63),
    "a length of 2^62": frame(2, b"x", length=2**62), "a close with half a code": frame(8, b"\x03"),
    "a text that is no UTF-8": frame(1, b"\xff\xfe"), "an empty message": frame(2, b"") * 100,
    "a thousand pings": frame(9, b"ping") * 1000, "nonsense in a message": frame(2, b"\0" * 100),
    "a request in single bytes": b"".join(frame(2 if i == 0 else 0, CONNECT[i:i + 1], final=i == len(CONNECT) - 1)
                                          for i in range(len(CONNECT))),
}


@pytest.mark.parametrize("name", FRAMES)
def test_websocket_frames(server, name):
    with Wire(server, patience=5) as wire:
        wire.send(UPGRADE)
        assert b" 101 " in wire.read_until(b"\r\n\r\n")
        wire.send(FRAMES[name])
        if name == "a request in single bytes":
            wire.read_until(b" 0 1\nOK\n")
        wire.end()


def test_random_websocket_frames(server):
    source = random.Random(3)
    for _ in range(200):
        with Wire(server) as wire:
            wire.send(UPGRADE + source.randbytes(source.randrange(300)))
            wire.end()


# --- many and slow

def test_slow_connections_do_not_keep_others_out(server):
    wires = []
    try:
        for i in range(300):
            wire = Wire(server)
            wire.send([b"A", CONNECT[:20], b"GET / HT", b"\x16", b"PRPC"][i % 5])
            wires.append(wire)
        begin = time.monotonic()
        session = dolphindb.Session(show_output=False)
        assert session.connect(server.host, server.port, USER, PASSWORD)
        assert session.run("1 + 1") == 2
        session.close()
        assert time.monotonic() - begin < 10
    finally:
        for wire in wires:
            wire.socket.close()


def test_a_reader_that_does_not_read_stops_only_itself(server):
    """Large results nobody fetches: the server may hold the tables, not a copy in buffers for each."""
    wires = [Wire(server) for _ in range(8)]
    try:
        for wire in wires:
            wire.connect().send(request(b"script\ntable(0..2999999 as x)") * 8)
        time.sleep(0.5)
        session = dolphindb.Session(show_output=False)
        assert session.connect(server.host, server.port, USER, PASSWORD)
        assert session.run("1 + 1") == 2
        session.close()
    finally:
        for wire in wires:
            wire.socket.close()


def test_guessing_a_password_locks_that_user_for_that_address(server):
    admin = dolphindb.Session(show_output=False)
    assert admin.connect(server.host, server.port, USER, PASSWORD)
    admin.run('createUser("victim", "right password")')
    answers = []
    for _ in range(12):
        with Wire(server) as wire:
            body = b"connect\nlogin\nvictim\nguess\nfalse"
            wire.send(f"API 0 {len(body)} / 0_1_4_2\n".encode() + body)
            wire.read_until(b"\n")
            answers.append(wire.read_until(b"\n"))
    assert answers[0] == b"The user name or password is incorrect.\n"
    assert b"Too many failed logins" in answers[-1]
    locked = dolphindb.Session(show_output=False)
    assert not locked.connect(server.host, server.port, "victim", "right password")
    admin.run('deleteUser("victim")')
    admin.close()
