"""What goes wrong at the keyboard: steps typed twice, old copies started again, servers started in any order, files damaged."""
import random
import shutil

import pytest

import commands
from bed import FIVE, SINGLE, THREE
from hosts import wait_until
from test_replays import check_moved, deploy_single


def three_servers(make_bed, servers=3, with_data=True):
    bed = make_bed(servers)
    deploy_single(bed)
    before = bed.write_data() if with_data else None
    bed.type(commands.one_to_three(True))
    bed.start(THREE, commands.THREE_START)
    return bed, before


def twice(steps):
    return [step for step in steps for _ in (1, 2)]


def test_every_step_typed_twice(make_bed):
    """S78: .bak.bak, nested directories, repeated items and records."""
    bed = make_bed(5)
    deploy_single(bed)
    before = bed.write_data()
    bed.type(twice(commands.one_to_three(True)))
    bed.start(THREE, twice(commands.THREE_START))
    before = check_moved(bed, before, "typed_twice")
    bed.type(twice(commands.three_to_five(True)))
    bed.start(FIVE, twice(commands.FIVE_START))
    check_moved(bed, before, "typed_twice_again")


def test_the_old_copies_on_server_1_started_again_change_nothing(make_bed):
    """S80, S81: packages 2 and 3, their logs and data are still on server 1."""
    bed, before = three_servers(make_bed)
    one = bed.network.host(1)
    group = sorted((row["name"], row["memberId"]) for row in bed.ask("controller1", "getControllerGroup()"))

    bed.type([(1, commands.start(2, "Controller"))])
    # It is told which one is current, and is not let in.
    wait_until(lambda: "controller2 is running already at 172.0.0.2:9902" in bed.log(1, 2, "controller"), 60, "the copy is refused")

    arguments = one.run("tr '\\0' ' ' < /home/dolphindb_1/server/clusterDemo/data/node2/node.arguments").stdout
    done = one.run(f"cd /home/dolphindb_1/server/clusterDemo && timeout 10 ../dolphindb {arguments} -stdoutLog 2", check=False)
    assert "running already at 172.0.0.2:9908" in done.stdout + done.stderr, done.stdout + done.stderr

    bed.wait_green()
    bed.wait_voters()
    assert sorted((row["name"], row["memberId"]) for row in bed.ask("controller1", "getControllerGroup()")) == group
    check_moved(bed, before, "old_copies")


def test_five_controllers_start_in_any_order(make_bed):
    """S54: 4 and 5 start empty. Together with one of the old three they are three of five, and must not lead."""
    bed, before = three_servers(make_bed, servers=5)
    cluster = bed.cluster_id()
    bed.type(commands.three_to_five(True))
    bed.save_disks()
    for order, alone in (((4, 5, 1, 2, 3), 3), ((5, 4, 3, 1, 2), 3), ((4, 2, 5, 3, 1), 3), ((1, 4, 5, 3, 2), 3)):
        bed.restore_disks()
        bed.places = {}
        for k in order[:alone]:
            bed.type([(k, commands.start(k, "Controller"))])
            bed.places[f"controller{k}"] = k
        bed.never_leads(seconds=8)
        for k in order[alone:]:
            bed.type([(k, commands.start(k, "Controller"))])
            bed.places[f"controller{k}"] = k
        bed.wait_green()
        bed.wait_voters()
        assert bed.cluster_id() == cluster, order
    bed.start(FIVE, commands.FIVE_START)
    check_moved(bed, before, "any_order")


# --- S57
def lines_of(path):
    return path.read_bytes().split(b"\n")


def damage(chance, path):
    """One mistake in one file; says which."""
    lines = lines_of(path)
    at = chance.randrange(len(lines))
    kind = chance.choice(["delete", "duplicate", "shuffle", "truncate", "join", "empty", "blank"])
    if kind == "delete":
        del lines[at]
    elif kind == "duplicate":
        lines.insert(chance.randrange(len(lines)), lines[at])
    elif kind == "shuffle":
        chance.shuffle(lines)
    elif kind == "truncate":
        lines = lines[:at] + [lines[at][:chance.randrange(len(lines[at]) + 1)]]
    elif kind == "join" and at + 1 < len(lines):
        lines[at:at + 2] = [lines[at].rstrip(b"\r") + lines[at + 1]]
    elif kind == "empty":
        lines = []
    elif kind == "blank":
        lines.insert(at, b" \t")
    path.write_bytes(b"\n".join(lines))
    return f"{kind} at line {at + 1} of {path.parent.parent.parent.parent.name} {path.name}"


class Files:
    """The configuration of the three packages of the single deployment, while the cluster is stopped."""

    names = ("cluster.nodes", "cluster.cfg", "controller.cfg")

    def __init__(self, bed):
        self.bed = bed
        self.kept = bed.network.folder / "kept"
        self.folders = {k: bed.network.host(1).root / f"home/dolphindb_{k}/server/clusterDemo/config" for k in (1, 2, 3)}

    def stop(self):
        self.bed.type([(1, f"cd dolphindb_{k}/server/clusterDemo; sh stopAllNode.sh") for k in (1, 2, 3)])

    def keep(self):
        for k, folder in self.folders.items():
            shutil.copytree(folder, self.kept / str(k))

    def bring_back(self):
        for k, folder in self.folders.items():
            for file in (self.kept / str(k)).iterdir():
                shutil.copy2(file, folder)
        shutil.rmtree(self.kept)


def try_to_run(bed, files):
    """Starts what starts with the damaged files, and stops it again."""
    bed.type(commands.SINGLE_START)
    if bed.settle_controllers():
        bed.start_nodes_that_start()
    files.stop()


@pytest.mark.parametrize("seed", range(4))
def test_no_mistake_in_a_file_removes_a_member_or_loses_data(make_bed, seed):
    """S57. One to four mistakes in the files of a stopped cluster, three times over. It starts, or says what to correct; once corrected
    it goes on as before."""
    chance = random.Random(seed)
    bed = make_bed(1)
    deploy_single(bed)
    before = bed.write_data()
    members = bed.members()
    files = Files(bed)
    for _ in range(3):
        files.stop()
        files.keep()
        done = [damage(chance, files.folders[chance.choice([1, 2, 3])] / name)
                for name in chance.choices(files.names, weights=[3, 2, 2], k=chance.randint(1, 4))]
        bed.typed.append("--- damage: " + "; ".join(done))
        try_to_run(bed, files)
        files.bring_back()
        bed.start(SINGLE, commands.SINGLE_START)
        assert bed.members() == members
        bed.check_unchanged(before)


def test_settings_that_forget_where_the_metadata_log_is_lose_nothing(make_bed):
    """S57 at its worst: every controller.cfg has lost its dfsMetaDir, so the default counts, and that is empty."""
    bed = make_bed(1)
    deploy_single(bed)
    before = bed.write_data()
    members = bed.members()
    group = sorted((row["name"], row["memberId"]) for row in bed.ask("controller1", "getControllerGroup()"))
    files = Files(bed)
    files.stop()
    files.keep()
    for folder in files.folders.values():
        path = folder / "controller.cfg"
        path.write_bytes(b"\n".join(line for line in lines_of(path) if b"dfsMetaDir" not in line))
    try_to_run(bed, files)
    for k in (1, 2, 3):
        log = bed.log(1, k, "controller")
        assert "nothing of this node is in" in log and f"what it keeps is in /ssd/ssd1/dolphindb_{k}/dfsMeta" in log, log[-2000:]
    files.bring_back()
    bed.start(SINGLE, commands.SINGLE_START)
    assert bed.members() == members
    assert sorted((row["name"], row["memberId"]) for row in bed.ask("controller1", "getControllerGroup()")) == group
    bed.check_unchanged(before)
