import contextlib
import os

import pytest

from bed import Bed
from hosts import Refused, check_machine


@pytest.fixture(scope="session", autouse=True)
def machine():
    try:
        check_machine()
    except Refused as refused:
        pytest.skip(str(refused))


@pytest.fixture
def make_bed():
    """make_bed(servers) gives a bed; where the test fails, what was typed and the ends of the logs are printed."""
    with contextlib.ExitStack() as stack:
        beds = []

        def make(servers):
            beds.append(Bed(os.environ["PELORUS_PACKAGE"], servers))
            stack.callback(beds[-1].close)
            return beds[-1]

        try:
            yield make
        finally:
            for bed in beds:
                bed.tell()
