"""Every fault point of the program, several times each: the process dies there, is started again, and the cluster is to have kept
every promise.

The names come from the program (PELORUS_FAULT=list). PELORUS_FAULT_CRASHES: deaths at each point (20; 1 is a quick look);
PELORUS_FAULT_SECONDS: a run ends after so long with fewer (no limit); PELORUS_FAULT_SEED repeats a run's choices;
PELORUS_FAULT_ONLY: only points whose name contains it, or one of several with commas between. Points no run comes past here are
named at the end.
"""
import os

import pytest

from lanes import ONLY, SEED, ControllerLane, NodeLane, points_of, report, watch
from load import Load, check
from processes import Cluster

PACKAGE = os.environ["PELORUS_PACKAGE"]
POINTS_LEAST = {NodeLane: 60, ControllerLane: 30}  # named, reached and survived


@pytest.mark.parametrize("lane_of", [NodeLane, ControllerLane])
def test_no_death_at_any_point_breaks_a_promise(lane_of):
    with Cluster(PACKAGE) as cluster:
        with Load(cluster, SEED) as load:
            lane = lane_of(cluster, load, points_of(lane_of, cluster.program), SEED)
            watch([lane])
            report(lane)
            if lane.failure:
                raise lane.failure
            load.wait_for_more(60, "after the last death")
            check(cluster, load)
    reached = sum(1 for n in lane.deaths.values() if n)
    assert any(ONLY) or reached >= POINTS_LEAST[lane_of], f"only {reached} points were reached"
