"""Starts the node that the tests talk to."""

import os
import pathlib
import subprocess

import dolphindb
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("PELORUS_BUILD", ROOT / "build"))


@pytest.fixture(scope="session")
def memory_node():
    """Port of a node without storage and cluster."""
    process = subprocess.Popen([BUILD / "memory_node", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield int(process.stdout.readline())
    process.stdin.close()
    assert process.wait(timeout=20) == 0


@pytest.fixture
def session(memory_node):
    session = dolphindb.session()
    assert session.connect("127.0.0.1", memory_node, "admin", "123456")
    yield session
    session.close()
