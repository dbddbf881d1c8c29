import pytest

from hosts import Refused, check_machine


@pytest.fixture(scope="session", autouse=True)
def machine():
    try:
        check_machine()
    except Refused as refused:
        pytest.skip(str(refused))
