"""A quick look at the fault points: one death at each of a choice of them, data nodes and controllers at the same time, under load.

PELORUS_FAULT_SEED repeats a run's choice; PELORUS_FAULT_CHOICE: points of each kind of node (12).
"""
import os
import random
import time

from lanes import SEED, ControllerLane, NodeLane, points_of, report, watch
from load import Load, check
from processes import Cluster

PACKAGE = os.environ["PELORUS_PACKAGE"]
CHOICE = int(os.environ.get("PELORUS_FAULT_CHOICE", "12"))
SECONDS = 30.0


def test_a_death_at_each_of_a_few_points_breaks_no_promise():
    choice = random.Random(SEED)
    began = time.monotonic()
    with Cluster(PACKAGE) as cluster, Load(cluster, SEED) as load:
        lanes = []
        for lane_of in (NodeLane, ControllerLane):
            points = points_of(lane_of, cluster.program)
            lanes.append(lane_of(cluster, load, choice.sample(points, min(CHOICE, len(points))), SEED, crashes=1, seconds=SECONDS))
        lanes[1].kills_data_nodes = False  # the other lane does
        watch(lanes)
        for lane in lanes:
            report(lane)
            if lane.failure:
                raise lane.failure
        load.wait_for_more(60, "after the last death")
        verdict = check(cluster, load)
        deaths = sum(sum(lane.deaths.values()) for lane in lanes)
        print(f"{deaths} deaths at {sum(len(lane.deaths) for lane in lanes)} fault points in {time.monotonic() - began:.0f} s,"
              f" {verdict['acknowledged rows']} rows, seed {SEED}: no promise broken", flush=True)
    assert deaths, "no point was reached"
