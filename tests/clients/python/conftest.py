"""The node the tests talk to, and a session on it."""
import pathlib
import sys

import dolphindb
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from single_node import PASSWORD, USER, SingleNode  # noqa: E402


@pytest.fixture(scope="session")
def node():
    with SingleNode() as single:
        yield single


@pytest.fixture
def connect(node):
    """Opens logged-in sessions; they are closed after the test."""
    opened = []

    def open_session(user=USER, password=PASSWORD, startup=None, **options):
        session = dolphindb.Session(show_output=options.pop("show_output", False), **options)
        assert session.connect(node.host, node.port, user, password, startup)
        opened.append(session)
        return session

    yield open_session
    for session in opened:
        session.close()


@pytest.fixture
def session(connect):
    return connect()
