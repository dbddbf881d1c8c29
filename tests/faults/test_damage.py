"""Bits are flipped and files cut in what one node has stored, under load: every damage is found, none is served, and the replica is
copied from a good one without anybody doing anything. PELORUS_DAMAGES: how many (12)."""
import contextlib
import os
import random
import time

from load import DATABASE, JOINED, JOINED_TABLES, TABLES, Load, check
from processes import Cluster, wait_until

PACKAGE = os.environ["PELORUS_PACKAGE"]
DAMAGES = int(os.environ.get("PELORUS_DAMAGES", "12"))
SEED = int(os.environ.get("PELORUS_FAULT_SEED", time.time_ns() // 1_000_000_000))


class ScrubbedCluster(Cluster):
    node_settings = (*Cluster.node_settings, "-chunkScrubInterval", "0.0005")  # hours: a round in 2 seconds


def stored_files(node, pattern):
    """Chunks come and go with the tables of the writers."""
    found = []
    for chunk in os.listdir(node.directory / "volumes" / "chunks"):
        with contextlib.suppress(FileNotFoundError):
            found += (node.directory / "volumes" / "chunks" / chunk).glob(pattern)
    return sorted(found)


def damage(choice, path):
    """One flipped bit, or the end cut off."""
    content = bytearray(path.read_bytes())
    if choice.random() < 0.3:
        content = content[:choice.randrange(len(content))]
        how = f"cut to {len(content)} bytes"
    else:
        bit = choice.randrange(len(content) * 8)
        content[bit // 8] ^= 1 << bit % 8
        how = f"bit {bit} flipped"
    with open(path, "r+b") as file:  # in place, as a disk would
        file.write(content)
        file.truncate(len(content))
    return how


def test_damaged_column_files_and_manifests_are_found_and_mended():
    choice = random.Random(SEED)
    found = {"*.col": 0, "manifest": 0}
    replaced = 0
    with ScrubbedCluster(PACKAGE) as cluster, Load(cluster, SEED, only_inserts=True) as load:
        for turn in range(DAMAGES):
            cluster.wait_replicas(DATABASE, TABLES)
            cluster.ask("pnodeRun(flushOLAPCache)")
            node = choice.choice(cluster.nodes)
            pattern = ("*.col", "*.col", "manifest")[turn % 3]
            path = choice.choice(stored_files(node, pattern))
            told_before = node.log().count("is damaged and is to be copied")
            try:
                how = damage(choice, path)
            except FileNotFoundError:  # a merge removed it just now
                replaced += 1
                continue
            chunk = path.parent

            def noticed():
                if node.log().count("is damaged and is to be copied") > told_before:
                    return "told"
                # Another file may have taken its place before anybody had to read it.
                return not path.exists() and "replaced" or pattern == "manifest" and was_rewritten(path, content) and "replaced"

            content = path.read_bytes() if path.exists() else b""
            outcome = wait_until(noticed, 60, f"the damage of {path} ({how}) is noticed")
            if outcome == "told":
                found[pattern] += 1
            else:
                replaced += 1
            wait_until(lambda: not problems(cluster), 60, f"{chunk} is whole again after {path.name}: {how}")
        print(f"found and mended: {found['*.col']} column files, {found['manifest']} manifests; {replaced} replaced before they were read;"
              f" seed {SEED}")
        check(cluster, load)
    assert found["*.col"] and sum(found.values()) >= DAMAGES // 2, "too little of the damage was there long enough to count"


def was_rewritten(path, content):
    return path.exists() and path.read_bytes() != content


def problems(cluster):
    """What verifyReplicas finds in any table."""
    bad = []
    for database, table in [(DATABASE, table) for table in TABLES] + [(JOINED, table) for table in JOINED_TABLES]:
        for _, row in cluster.ask(f"verifyReplicas('{database}', '{table}')").iterrows():
            if row["problem"]:
                bad.append(f"{row['node']} {row['chunkId']}: {row['problem']}")
    return bad


def test_a_read_that_meets_damage_is_answered_and_the_damage_mended():
    choice = random.Random(SEED)
    with Cluster(PACKAGE) as cluster:  # no round comes by: only reads find anything
        with Load(cluster, SEED) as load:
            time.sleep(3)
            load.stop()
            time.sleep(5)  # dropped tables go
            cluster.wait_replicas(DATABASE, TABLES, holds_still=True)
            cluster.ask("pnodeRun(flushOLAPCache)")
            wanted = read_all(cluster, cluster.nodes[0])
            for node in cluster.nodes:
                cluster.wait_replicas(DATABASE, TABLES, holds_still=True)
                cluster.wait_replicas(JOINED, JOINED_TABLES, holds_still=True)
                paths = stored_files(node, "*.col")
                for path in paths:
                    content = bytearray(path.read_bytes())
                    for at in range(64, len(content), 64):  # wherever it is read
                        content[at] ^= 1 << choice.randrange(8)
                    path.write_bytes(content)
                before = node.log().count("is damaged and is to be copied")
                assert read_all(cluster, node) == wanted, "damage was served"
                assert node.log().count("is damaged and is to be copied") > before
                wait_until(lambda: not problems(cluster), 60, f"the files of {node.alias} are whole again")
                assert read_all(cluster, node) == wanted
            check(cluster, load)


def read_all(cluster, node):
    """The content of the tables as one node reads it, its own replicas first."""
    return [str(cluster.ask(f"select sum(writer), sum(batch), count(text), count(*) from loadTable('{DATABASE}', 'batches') group by part",
                            [node]).to_dict()),
            str(cluster.ask(f"select sum(n), count(*) from loadTable('{DATABASE}', 'counters') group by part", [node]).to_dict()),
            str(cluster.ask(f"select sum(writer), sum(batch), count(*) from loadTable('{JOINED}', 'batches') group by part",
                            [node]).to_dict())]


def frames_of(content):
    """Where the frames of a redo log's file lie (docs/formats/write_ahead_log.md §3), without the zeros between them."""
    found, at = [], 4096
    while content[at:at + 4] == b"PLRF":
        end = at + 48 + int.from_bytes(content[at + 8:at + 16], "little")
        found.append(range(at, end))
        at = (end + 63) // 64 * 64
    return found


def sequence_of(content, frame):
    return int.from_bytes(content[frame.start + 24:frame.start + 32], "little")


def damage_log(choice, node):
    """A flipped bit in a record of the redo log: in any, the last one too, if a mark says that it was synced."""
    logs = [path for path in (node.directory / "redoLog").glob("*.wal")]
    path = max(logs, key=lambda one: len(one.read_bytes().rstrip(b"\0")))
    content = bytearray(path.read_bytes())
    frames = frames_of(content)
    assert len(frames) > 4, f"{path} has {len(frames)} records"
    marked = sequence_of(content, frames[-1]) == 0
    hurt = choice.choice([frames[-2], choice.choice(frames[:-1])] if marked else frames[:len(frames) // 2])
    bit = choice.choice(hurt) * 8 + choice.randrange(8)
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
    return f"{path}, bit {bit}"


def test_a_damaged_redo_log_is_set_aside_and_its_rows_are_copied():
    choice = random.Random(SEED)
    with Cluster(PACKAGE) as cluster, Load(cluster, SEED, only_inserts=True) as load:
        for node in cluster.nodes:
            cluster.wait_replicas(DATABASE, TABLES)
            cluster.wait_replicas(JOINED, JOINED_TABLES)
            load.wait_for_more(60, "before the damage", more=40)
            node.kill()
            how = damage_log(choice, node)
            node.start()
            assert node.wait_ready(), f"{node.alias} does not start: {how}\n{node.tail()}"
            assert "the redo log is set aside" in node.log(), f"nobody noticed {how}"
            load.wait_for_more(60, f"after {how}")
            cluster.wait_replicas(DATABASE, TABLES)
        check(cluster, load)
