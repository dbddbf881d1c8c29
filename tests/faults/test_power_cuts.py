"""The power of one, two or all machines goes at random moments under load: each node has a disk of its own, which forgets what was
not synced. PELORUS_POWER_CUTS: how many (12)."""
import contextlib
import os
import random
import time

import pytest

from disks import Disk, NoDisks, kinds
from load import DATABASE, TABLES, Load, check
from processes import CONTROLLERS, NODES, Cluster

PACKAGE = os.environ["PELORUS_PACKAGE"]
CUTS = int(os.environ.get("PELORUS_POWER_CUTS", "12"))
SEED = int(os.environ.get("PELORUS_FAULT_SEED", time.time_ns() // 1_000_000_000))


def cut(cluster, disks, aliases):
    """The processes die with their disks, as a machine does."""
    nodes = [cluster.named[alias] for alias in aliases]
    for alias in aliases:
        disks[alias].cut_power()
    for node in nodes:
        node.kill()
    for alias in aliases:
        disks[alias].unmount()
        disks[alias].mount()
    for node in nodes:
        node.start()
    for node in nodes:
        assert node.wait_ready(), f"{node.alias} does not start after its power was cut:\n{node.tail()}"


@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_power_cuts_lose_nothing_acknowledged(kind):
    if kind not in kinds():
        pytest.skip(f"this machine cannot make {kind}: no mkfs.{kind}")
    choice = random.Random(SEED)
    # Of each cut: machines of controllers and of data nodes; more than the cluster tolerates are among them.
    victims = ([NODES[:1], CONTROLLERS[:1], CONTROLLERS[:1] + NODES[:1], NODES[:2], CONTROLLERS[:2], NODES, CONTROLLERS,
                CONTROLLERS + NODES] * CUTS)[:CUTS]
    with contextlib.ExitStack() as stack:
        cluster = Cluster(PACKAGE, starts=False)
        stack.enter_context(cluster)
        try:
            disks = {alias: stack.enter_context(Disk(cluster.base / f"{alias}.image", cluster.base / alias, kind))
                     for alias in CONTROLLERS + NODES}
        except NoDisks as why:
            pytest.skip(f"no loop devices: {why}")
        try:
            cluster.start()
            began = time.monotonic()
            with Load(cluster, SEED) as load:
                for group in victims:
                    time.sleep(choice.uniform(0.3, 2))
                    pool = [alias for alias in CONTROLLERS + NODES]
                    aliases = [alias for alias in group]
                    # Which of a kind is drawn, how many is fixed.
                    for kind_of in (CONTROLLERS, NODES):
                        drawn = choice.sample(kind_of, sum(alias in kind_of for alias in group))
                        aliases = [alias for alias in aliases if alias not in kind_of] + drawn
                    assert set(aliases) <= set(pool)
                    cut(cluster, disks, aliases)
                    load.wait_for_more(60, f"after the power of {aliases} was cut")
                    cluster.wait_replicas(DATABASE, TABLES)
                print(f"{len(victims)} power cuts on {kind} in {time.monotonic() - began:.0f} s, seed {SEED}")
                check(cluster, load)
        finally:
            for node in cluster.all:
                if node.process:
                    node.kill()
