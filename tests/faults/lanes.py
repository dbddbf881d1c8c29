"""A lane kills one process of a kind after the other at places it chose, provokes what makes a process come past them, and counts.

A start is ordered to die at several points at once, and whichever is reached first is where it dies. So a death costs what it takes
to come past the likeliest of them; those that others get ahead of are left in the end and then wait alone, with a provocation of
their own."""
import collections
import os
import random
import subprocess
import threading
import time

from load import DATABASE, TABLES

CRASHES = int(os.environ.get("PELORUS_FAULT_CRASHES", "20"))
SEED = int(os.environ.get("PELORUS_FAULT_SEED", time.time_ns() // 1_000_000_000))
SECONDS = float(os.environ.get("PELORUS_FAULT_SECONDS", "inf"))
ONLY = os.environ.get("PELORUS_FAULT_ONLY", "").split(",")
CONTROLLER_POINTS = ("controller.", "raft.")
ONCE_POINTS = ("identity.", "foundation.")  # while a node is new
SINGLE_POINTS = ("single_log.", "snapshot.", "stream_log.")  # of a single node
PATIENCE, WRITES, PATIENCE_MOST = 5.0, 20, 30.0  # for a point: seconds since its process is ready, and acknowledged batches
FIRST_TURN, TURN = 0.1, 1.0  # seconds, of what makes it likelier
QUICK = 1.5
EXPIRY = 10.0  # until a coordinator that was not heard of is given up
MISSES_MOST = 8  # in a row: then no run comes past it
CHAIN = 15  # deaths of one node before it may heal and another one's turn comes
PASSAGES_FIRST, PASSAGES_MOST = 1, 24
COMPANIONS = (0, 2, 5, 9)  # points ordered besides the one that is provoked


def names(program):
    listed = subprocess.run([program], env={**os.environ, "PELORUS_FAULT": "list"}, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split() if any(part in name for part in ONLY)]


class Lane(threading.Thread):
    """Kills one node of a kind after the other, over and over; never two of the kind at once. `crashes`: deaths at each point."""

    def __init__(self, cluster, load, points, seed, crashes=CRASHES, seconds=SECONDS):
        super().__init__(daemon=True)
        self.cluster, self.load, self.points, self.crashes = cluster, load, points, crashes
        self.nodes = self.nodes_of(cluster)
        self.random = random.Random(seed)
        self.deaths = collections.Counter()
        self.misses = collections.Counter()  # since the last death at it
        self.passages = {point: PASSAGES_FIRST for point in points}
        self.failure = None
        self.began = time.monotonic()
        self.end = self.began + seconds
        self.spent = collections.Counter()  # seconds, by what they went to
        self.notes = open(cluster.base / type(self).__name__, "a", buffering=1)  # a line for each start

    def lacking(self):
        """Points that still lack deaths, those with the fewest first."""
        if time.monotonic() > self.end:
            return []
        lacking = [point for point in self.points if self.deaths[point] < self.crashes and self.misses[point] < MISSES_MOST]
        self.random.shuffle(lacking)
        return sorted(lacking, key=lambda point: self.deaths[point] + self.misses[point])

    def run(self):
        try:
            while self.lacking():
                node = self.random.choice(self.nodes)
                node.kill()
                for _ in range(CHAIN):
                    lacking = self.lacking()
                    if not lacking:
                        break
                    self.crash(node, lacking)
                begun = time.monotonic()
                node.start()
                assert node.wait_ready(), f"{node.alias} died though nothing was ordered:\n{node.tail()}"
                self.notes.write(f"{begun - self.began:.1f} {node.alias} ready after {time.monotonic() - begun:.2f} s\n")
                self.heal(node)
                self.notes.write(f"{begun - self.began:.1f} {node.alias} healed after {time.monotonic() - begun:.2f} s\n")
                self.spent["healing"] += time.monotonic() - begun
        except BaseException as error:
            self.failure = error

    def crash(self, node, lacking):
        """One start, to die at the first of `lacking` or at one of its companions."""
        point = lacking[0]
        # One that was not reached last time is waited for alone: others would come first again.
        others = [] if self.misses[point] else [one for one in lacking[1:] if not self.misses[one]]
        ordered = [point, *self.random.sample(others, min(len(others), self.random.choice(COMPANIONS)))]
        begun = time.monotonic()
        self.prepare(node, point)
        started = time.monotonic()
        self.spent["preparing"] += started - begun
        # A death after seconds is rare, so a place that was not reached in time is met at its first passage.
        passages = {one: 1 if self.misses[one] else self.random.randint(1, self.passages[one]) for one in ordered}
        node.start(fault=",".join(f"{one}:{passage}" for one, passage in passages.items()))
        died = self.wait_death(node, point)
        waited = time.monotonic() - started
        self.notes.write(f"{started - self.began:.1f} {node.alias} for {point} of {len(ordered)}: {died and node.died_at()}"
                         f" after {waited:.2f} s, ready {self.ready_after:.2f} s, prepared {started - begun:.2f} s\n")
        self.spent["deaths" if died else "misses"] += waited
        if not died:
            self.misses[point] += 1
            self.passages[point] = max(1, self.passages[point] // 4)
            node.kill()
            return
        place = node.died_at()
        assert place in ordered, f"{node.alias} was killed, but not at any of {ordered}: {place}\n{node.tail()}"
        self.deaths[place] += 1
        self.misses[place] = 0
        if waited < QUICK:  # a place it often comes past
            self.passages[place] = min(PASSAGES_MOST, self.passages[place] * 2)

    def wait_death(self, node, point):
        started, ready, turn, written = time.monotonic(), None, 0, 0
        self.ready_after = -1.0
        while not node.wait_death(0.05):
            now = time.monotonic()
            if ready is None:
                ready = now if node.is_ready() else None
                written = self.load.inserted.value if ready else 0
                self.ready_after = now - started if ready else -1.0
                assert now < started + 60, f"{node.alias} is not ready in 60 s: {node.state()}\n{node.tail()}"
            elif now > ready + PATIENCE and (now > ready + PATIENCE_MOST or self.load.inserted.value >= written + WRITES):
                return False  # on a machine that is busy with other things it gets more time
            elif now > ready + FIRST_TURN + TURN * turn:
                self.provoke(node, point, turn)
                turn += 1
        return True

    def prepare(self, node, point):
        """Before the start that is to die at the point."""

    def provoke(self, node, point, turn):
        """While it runs: FIRST_TURN after it was ready, then every TURN."""

    def restart(self, node):
        node.kill()
        node.start()
        assert node.wait_ready(), f"{node.alias} died though nothing was ordered:\n{node.tail()}"

    def miss_writes(self, how_many=4):
        """Whatever is down now lacks rows afterwards, if anything can be written without it."""
        before, end = self.load.inserted.value, time.monotonic() + 2
        while time.monotonic() < end and self.load.inserted.value < before + how_many:
            time.sleep(0.05)

    def die_undecided(self, node):
        """The node dies between having rows prepared everywhere and asking for the decision."""
        node.kill()
        node.start(fault="coordinator.decision.asked:1")
        node.wait_death(4)
        node.kill()


class NodeLane(Lane):
    nodes_of = staticmethod(lambda cluster: cluster.nodes)

    def heal(self, node):
        self.cluster.wait_replicas(DATABASE, TABLES)

    def prepare(self, node, point):
        if point.startswith(("replica.copy", "replica.import", "replica.hold")):
            self.miss_writes()
        elif point.startswith("replica.export"):  # it has to have what others lack
            self.restart(node)
            self.heal(node)
            node.kill()

    def provoke(self, node, point, turn):
        other = self.random.choice([one for one in self.nodes if one is not node])
        if point.startswith(("participant.rollback", "participant.outcome")):
            if turn == 0:
                self.die_undecided(other)
                self.restart(other)
        elif point.startswith("replica.export"):  # others are to copy from it
            other.kill()
            self.miss_writes()
            self.restart(other)
        elif turn > 0:
            self.restart(other)


class ControllerLane(Lane):
    nodes_of = staticmethod(lambda cluster: cluster.controllers)
    kills_data_nodes = True  # for what a leader does only after such a death

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

    def hand_over(self, node):
        """Takes effect at once, but answers when the new leader has been heard."""
        try:
            self.cluster.ask(f"transferLeader(`{node.alias})", [one for one in self.nodes if one is not node])
        except Exception:
            pass  # it may have died of it

    def fill_log(self):
        """More than the state is large, so that the log is cut."""
        try:
            for _ in range(8):
                self.cluster.ask(f"def filler() {{ return '{'x' * 60000}' }}\naddFunctionView(filler)\ndropFunctionView(`filler)")
        except Exception:
            pass  # it may have died of it

    def provoke(self, node, point, turn):
        """The node is to lead; then what a leader is to do; then it is to vote, as another one has died."""
        votes = point.startswith(("raft.vote", "raft.term.begun", "raft.term.done"))
        if turn == 0 and not votes:
            threading.Thread(target=self.hand_over, args=(node,), daemon=True).start()
            return
        data_node = self.random.choice(self.cluster.nodes)
        after_deaths = ("controller.expiry", "controller.replicas", "controller.recovery", "controller.registration")
        if point.startswith(after_deaths) and not self.kills_data_nodes:
            return
        if point.startswith("controller.expiry"):  # a coordinator that is back has told by that what it no longer decides
            if turn == 1:
                self.die_undecided(data_node)
                node.wait_death(EXPIRY)
                self.restart(data_node)
        elif point.startswith(after_deaths):
            data_node.kill()
            self.miss_writes()
            self.restart(data_node)
        elif point.startswith("raft.snapshot"):
            self.fill_log()
        elif votes:
            self.restart(self.random.choice([one for one in self.nodes if one is not node]))


def points_of(lane_of, program):
    return [point for point in names(program) if not point.startswith(ONCE_POINTS + SINGLE_POINTS)
            and point.startswith(CONTROLLER_POINTS) == (lane_of is ControllerLane)]


def watch(lanes):
    """Starts them and waits; says every minute how far they are."""
    told = time.monotonic()
    for lane in lanes:
        lane.start()
    while any(lane.is_alive() for lane in lanes):
        time.sleep(0.2)
        if time.monotonic() - told > 60:
            told = time.monotonic()
            for lane in lanes:
                print(f"{told - lane.began:.0f} s: {sum(lane.deaths.values())} deaths at {len(lane.deaths)} points", flush=True)


def report(lane):
    deaths = lane.deaths
    unreached = sorted(point for point in lane.points if not deaths[point])
    fewer = sorted(f"{point} {deaths[point]}" for point in lane.points if 0 < deaths[point] < lane.crashes)
    spent = ", ".join(f"{lane.spent[what]:.0f} s {what}" for what in sorted(lane.spent))
    reached = sum(1 for n in deaths.values() if n)
    print(f"{reached} fault points died at, {sum(deaths.values())} crashes in {time.monotonic() - lane.began:.0f} s ({spent}), seed {SEED}")
    print(f"never reached ({len(unreached)}): {', '.join(unreached) or 'none'}")
    print(f"fewer deaths than {lane.crashes}: {', '.join(fewer) or 'none'}", flush=True)
