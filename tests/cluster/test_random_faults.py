"""A long run: a writing official client while processes are killed and frozen at random moments; nothing acknowledged is lost.

PELORUS_FAULT_SECONDS says how long (60), PELORUS_FAULT_SEED repeats a run's choices (its default is printed).
"""
import os
import random
import signal
import time

import pytest

from bed import Bed
from writer import Writer

PACKAGE = os.environ["PELORUS_PACKAGE"]
SECONDS = float(os.environ.get("PELORUS_FAULT_SECONDS", "60"))
DATABASE, TABLE = "dfs://faults", "writes"


@pytest.fixture
def bed(request):
    with Bed(PACKAGE, request) as cluster:
        for k in (1, 2, 3):
            cluster.set_config(k, "controller.cfg", datanodeRestartInterval=1)
        cluster.start()
        cluster.start_nodes()
        yield cluster


def kill_a_controller(bed, choice):
    name = choice.choice(bed.controllers)
    bed.kill(name)
    time.sleep(choice.uniform(0, 2))
    bed.restart_controller(name)
    return f"kill {name}"


def kill_two_controllers(bed, choice):
    """No majority is left: writes wait or fail until one is back."""
    names = choice.sample(bed.controllers, 2)
    for name in names:
        bed.kill(name)
    time.sleep(choice.uniform(0, 2))
    for name in names:
        bed.restart_controller(name)
    return f"kill {' and '.join(names)}"


def kill_a_node(bed, choice):
    name = choice.choice(bed.nodes)
    bed.kill(name)
    time.sleep(choice.uniform(0, 2))
    bed.wait_leader()
    bed.run(f"startDataNode(`{name})", site=bed.leader())
    return f"kill {name}"


def kill_agent(bed, _):
    """Its nodes go on; a new agent takes them over."""
    bed.kill("agent1")
    bed.script(1, "startAgent.sh")
    return "kill agent1"


def freeze_a_node(bed, choice):
    """Long enough to be taken for dead; it comes back with old ideas of the world."""
    name = choice.choice(bed.nodes + bed.controllers)
    bed.kill(name, signal.SIGSTOP)
    time.sleep(choice.uniform(1, 8))
    bed.kill(name, signal.SIGCONT)
    return f"freeze {name}"


FAULTS = (kill_a_controller, kill_a_node, kill_a_node, kill_two_controllers, kill_agent, freeze_a_node, freeze_a_node)


def test_nothing_acknowledged_is_lost_under_random_faults(bed):
    seed = int(os.environ.get("PELORUS_FAULT_SEED", time.time()))
    choice = random.Random(seed)
    bed.run(f"""
        db = database('{DATABASE}', VALUE, 1..100)
        db.createPartitionedTable(table(1:0, `id`batch, [INT, INT]), `{TABLE}, `id)
    """)
    done = []
    with Writer(bed, DATABASE, TABLE) as writer:
        writer.wait_for_more(30, "at first")
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            time.sleep(choice.uniform(0, 2))
            done.append(choice.choice(FAULTS)(bed, choice))
            bed.wait_leader()
            bed.wait_nodes()
            writer.wait_for_more(60, f"after {done[-1]} (seed {seed}: {done})")
            # Two replicas again, so that the next fault may take either.
            bed.wait_equal_replicas(DATABASE, TABLE, holds_still=False)
    print(f"seed {seed}: {', '.join(done)}\n{writer.summary()}")
    writer.check(bed, DATABASE, TABLE)
    bed.wait_equal_replicas(DATABASE, TABLE)
