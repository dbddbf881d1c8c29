"""Directories a node cannot use: it does not start, says which and why, and starts once they are put right."""
import os
import shutil

import pytest

from bed import Bed, wait_until

PACKAGE = os.environ["PELORUS_PACKAGE"]


@pytest.fixture(scope="module")
def bed(request):
    with Bed(PACKAGE, request) as cluster:
        cluster.start()
        wait_until(lambda: cluster.run("1", site="controller1") == 1, 20, "controller1 takes logins")
        wait_until(lambda: cluster.perf()["agent1"]["state"] == 1, 20, "agent1 registered")
        yield cluster


@pytest.mark.parametrize("node, folder", [("node1", "volumes"), ("node2", "redoLog"), ("node3", "chunkMeta")])
def test_a_directory_that_cannot_be_made_is_named_at_start(bed, node, folder):
    place = bed.base / "ssd" / f"dolphindb_{node[-1]}"
    place.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(place / folder, ignore_errors=True)
    (place / folder).write_text("a file where the directory should be")  # holds against the superuser too
    with pytest.raises(RuntimeError) as refused:
        bed.run(f"startDataNode(`{node})", site="controller1")
    print(refused.value)
    assert f"not a directory: {place / folder}" in str(refused.value)
    (place / folder).unlink()
    wait_until(lambda: bed.order(f"startDataNode(`{node})") and bed.run("1", site=node) == 1, 60, f"{node} runs")
