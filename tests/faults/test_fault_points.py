"""Every fault point of the program, several times each: the process dies there, is started again, and the cluster is to have kept
every promise.

The names come from the program (PELORUS_FAULT=list). PELORUS_FAULT_CRASHES: deaths at each point (20; 1 is a quick look);
PELORUS_FAULT_SECONDS: a run ends after so long with fewer (no limit); PELORUS_FAULT_SEED repeats a run's choices;
PELORUS_FAULT_ONLY: only points whose name contains it. Points no run comes past here are named at the end and not counted.
"""
import collections
import os
import random
import subprocess
import threading
import time

import pytest

from load import DATABASE, TABLES, Load, check
from processes import Cluster

PACKAGE = os.environ["PELORUS_PACKAGE"]
CRASHES = int(os.environ.get("PELORUS_FAULT_CRASHES", "20"))
SEED = int(os.environ.get("PELORUS_FAULT_SEED", time.time_ns() // 1_000_000_000))
SECONDS = float(os.environ.get("PELORUS_FAULT_SECONDS", "inf"))
ONLY = os.environ.get("PELORUS_FAULT_ONLY", "")
CONTROLLER_POINTS = ("controller.", "raft.")
ONCE_POINTS = ("identity.", "foundation.")  # while a node is new
SINGLE_POINTS = ("single_log.", "snapshot.", "stream_log.")  # of a single node
PATIENCE = 4.5  # seconds for a point to be reached
QUICK = 1.5
MISSES_MOST = 3  # without one death at it: then no run comes past it
CHAIN = 15  # deaths of one node before it may heal and another one's turn comes
PASSAGES_FIRST, PASSAGES_MOST = 1, 24


def names(program):
    listed = subprocess.run([program], env={**os.environ, "PELORUS_FAULT": "list"}, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split() if ONLY in name]


class Lane(threading.Thread):
    """Kills one node of a kind after the other, over and over; never two of the kind at once."""

    def __init__(self, cluster, points, seed):
        super().__init__(daemon=True)
        self.cluster, self.points = cluster, points
        self.nodes = self.nodes_of(cluster)
        self.random = random.Random(seed)
        self.deaths, self.misses = collections.Counter(), collections.Counter()
        self.passages = {point: PASSAGES_FIRST for point in points}
        self.failure = None
        self.end = time.monotonic() + SECONDS

    def wanted(self):
        """Points that still lack deaths; every one once before any again."""
        if time.monotonic() > self.end:
            return []
        lacking = [point for point in self.points
                   if self.deaths[point] < CRASHES and (self.deaths[point] or self.misses[point] < MISSES_MOST)
                   and self.misses[point] < MISSES_MOST + 2 * CRASHES]
        self.random.shuffle(lacking)
        return lacking

    def run(self):
        try:
            while round_ := self.wanted():
                for begin in range(0, len(round_), CHAIN):
                    if time.monotonic() > self.end:
                        return
                    node = self.random.choice(self.nodes)
                    node.kill()
                    for point in round_[begin:begin + CHAIN]:
                        self.crash(node, point)
                    node.start()
                    assert node.wait_ready(), f"{node.alias} died though nothing was ordered:\n{node.tail()}"
                    self.heal(node)
        except BaseException as error:
            self.failure = error

    def crash(self, node, point):
        passage = self.random.randint(1, self.passages[point])
        node.start(fault=f"{point}:{passage}")
        begun = time.monotonic()
        provoked = 0
        while True:
            if node.wait_death(0.3):
                self.deaths[point] += 1
                if time.monotonic() - begun < QUICK:  # a place it often comes past
                    self.passages[point] = min(PASSAGES_MOST, self.passages[point] * 2)
                return
            waited = time.monotonic() - begun
            if waited > PATIENCE:
                break
            if node.is_ready() and waited > 0.2 + 1.8 * provoked:
                self.provoke(node, point, provoked)
                provoked += 1
        self.misses[point] += 1
        self.passages[point] = max(1, self.passages[point] // 4)
        node.kill()


class NodeLane(Lane):
    nodes_of = staticmethod(lambda cluster: cluster.nodes)

    def heal(self, node):
        self.cluster.wait_replicas(DATABASE, TABLES)

    def provoke(self, node, point, turn):
        """What makes a node come past the point, besides writing: others have to copy from it, or it from them."""
        if turn == 0 and not point.startswith("replica.export"):
            return
        other = self.random.choice([one for one in self.nodes if one is not node])
        other.kill()
        time.sleep(0.3)
        other.start()
        assert other.wait_ready(), f"{other.alias} died though nothing was ordered:\n{other.tail()}"


class ControllerLane(Lane):
    nodes_of = staticmethod(lambda cluster: cluster.controllers)

    def heal(self, node):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                if self.cluster.leader():
                    return
            except Exception:
                pass
            time.sleep(0.1)
        raise TimeoutError("no leader within 30 s")

    def hand_over(self, node, others):
        """Takes effect at once, but answers when the new leader has been heard."""
        try:
            self.cluster.ask(f"transferLeader(`{node.alias})", others)
        except Exception:
            pass  # it may have died of it

    def provoke(self, node, point, turn):
        """The node is to lead; then it is to vote, as another one has died."""
        others = [one for one in self.nodes if one is not node]
        if turn == 0 and not point.startswith(("raft.vote", "raft.term.begun", "raft.term.done")):
            threading.Thread(target=self.hand_over, args=(node, others), daemon=True).start()
            return
        if point.startswith(("controller.replicas", "controller.expiry", "controller.recovery", "controller.registration")):
            others = [self.random.choice(self.cluster.nodes)]  # leaves transactions undecided and replicas behind
        for other in others:
            other.kill()
            other.start()
            assert other.wait_ready(), f"{other.alias} died though nothing was ordered:\n{other.tail()}"


POINTS_LEAST = {NodeLane: 60, ControllerLane: 20}  # named, reached and survived


def report(lane, began):
    deaths = lane.deaths
    unreached = sorted(point for point in lane.points if not deaths[point])
    fewer = sorted(f"{point} {deaths[point]}" for point in lane.points if 0 < deaths[point] < CRASHES)
    print(f"{len(deaths)} fault points died at, {sum(deaths.values())} crashes in {time.monotonic() - began:.0f} s, seed {SEED}")
    print(f"never reached ({len(unreached)}): {', '.join(unreached) or 'none'}")
    print(f"fewer deaths than {CRASHES}: {', '.join(fewer) or 'none'}", flush=True)
    return deaths


@pytest.mark.parametrize("lane_of", [NodeLane, ControllerLane])
def test_no_death_at_any_point_breaks_a_promise(lane_of):
    with Cluster(PACKAGE) as cluster:
        points = [point for point in names(cluster.program) if not point.startswith(ONCE_POINTS + SINGLE_POINTS)]
        began = time.monotonic()
        with Load(cluster, SEED) as load:
            lane = lane_of(cluster, [point for point in points if point.startswith(CONTROLLER_POINTS) == (lane_of is ControllerLane)], SEED)
            lane.start()
            told = began
            while lane.is_alive():
                time.sleep(0.2)
                if time.monotonic() - told > 60:
                    told = time.monotonic()
                    print(f"{told - began:.0f} s: {sum(lane.deaths.values())} deaths", flush=True)
            deaths = report(lane, began)
            if lane.failure:
                raise lane.failure
            load.wait_for_more(60, "after the last death")
            check(cluster, load)
    assert ONLY or len(deaths) >= POINTS_LEAST[lane_of], f"only {len(deaths)} points were reached"
