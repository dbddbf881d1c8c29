#!/usr/bin/env python3
"""How fast the replicas of a data node that lost its disk come back, beside `cp` and sync of the same files: a pseudo-HA cluster
(three data nodes, two replicas) of a release package.

    bench/recovery/run.sh [--megabytes N] [--partitions N] [--rounds N]

Each round kills the node that holds most, wipes its volumes, logs and chunk metadata, starts it again and waits until every chunk is
complete. The copying is timed from the moment the node is registered again. Prints a line of JSON a round and the medians; fails when
rows differ.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "cluster"), str(ROOT / "bench" / "ingest")]

import processes  # noqa: E402
from bed import Bed, wait_until  # noqa: E402

DATABASE = "dfs://recovery"

def fill(bed, megabytes, partitions):
    """Quotes-like rows: ascending moments, prices that walk, small whole numbers; about 20 bytes each on disk. The node that holds
    most of them, and how many there are: few partitions leave some node without any."""
    bed.run(f"""
        db = database('{DATABASE}', VALUE, 1..{partitions})
        db.createPartitionedTable(table(1:0, `part`ts`price`size`noise, [INT, NANOTIMESTAMP, DOUBLE, INT, DOUBLE]), `t, `part)""")
    held, rows = 0, max(1000, 4_000_000 // partitions)
    while held < megabytes:
        bed.run(f"""
            n = {rows * partitions}
            part = take(1..{partitions}, n)
            loadTable('{DATABASE}', `t).append!(table(part, 2024.01.02T09:30:00.000000000 + (0..(n - 1)) * 1000000 + rand(1000000, n) as ts,
                round(100 + cumsum(rand(0.02, n) - 0.01), 2) as price, rand(1000, n) as size, rand(1.0, n) as noise))""")
        for node in bed.nodes:
            bed.run("flushOLAPCache()", site=node)
        node = max(bed.nodes, key=lambda one: megabytes_of(bed, one))
        held = megabytes_of(bed, node)
    return node, int(bed.run(f"exec count(*) from loadTable('{DATABASE}', `t)"))


def place(bed, node):
    return bed.base / "ssd" / f"dolphindb_{node[-1]}"


def volumes(bed, node):
    return place(bed, node) / "volumes"


def megabytes_of(bed, node):
    return processes.disk_mb(volumes(bed, node))


def copied_by_cp(bed, node):
    """Seconds to copy the node's files beside themselves and to sync them; again, where the node merges files meanwhile."""
    target = bed.base / "copied"
    for _ in range(30):
        begin = time.monotonic()
        copied = subprocess.run(["cp", "-r", str(volumes(bed, node)), str(target)], stderr=subprocess.DEVNULL)
        subprocess.run(["sync", "-f", str(target)], check=True)
        seconds = time.monotonic() - begin
        shutil.rmtree(target)
        if copied.returncode == 0:
            return seconds
        time.sleep(1)
    raise RuntimeError("the node's files don't come to rest")


def stale(bed):
    """Replicas on the lost node that are still to come."""
    return len(bed.run("getRecoveryTaskStatus()", site=bed.wait_leader()))


def held(bed, lost):
    """Chunks on the lost node, also those that are still coming; 0 while it does not answer."""
    try:
        return int(bed.run("exec count(*) from getChunksMeta(, -1)", site=lost))
    except Exception:  # noqa: BLE001 it is about to start
        return 0


def wait_whole(bed, lost, chunks):
    """Seconds from the node's registration until all chunks are complete."""
    begin = None
    while True:
        if begin is None and bed.perf()[lost]["state"] == 1:
            begin = time.monotonic()
        # Nothing is stale either before the node has told that it holds nothing.
        if begin is not None and stale(bed) == 0 and held(bed, lost) >= chunks:
            return time.monotonic() - begin
        if begin is not None and time.monotonic() - begin > 600:
            raise TimeoutError(f"{stale(bed)} of {chunks} replicas are still missing")
        time.sleep(0.05)


def one_round(bed, lost):
    watch = processes.Watch(bed)
    megabytes = megabytes_of(bed, lost)
    by_cp = [copied_by_cp(bed, lost)]
    chunks = int(bed.run("exec count(*) from getChunksMeta(, -1)", site=lost))
    bed.kill(lost)
    for folder in place(bed, lost).iterdir():
        shutil.rmtree(folder)
    time.sleep(5)  # the controllers notice
    bed.run(f"startDataNode(`{lost})", site="controller1")
    seconds = wait_whole(bed, lost, chunks)
    receiver = round(processes.cpu_seconds(bed.pid(lost)), 2)  # the start of the process included
    by_cp.append(copied_by_cp(bed, lost))
    at_least = min(by_cp)
    cpu = {alias: fact["cpu_s"] for alias, fact in watch.facts().items() if alias in bed.nodes and alias != lost}
    return {"chunks": chunks, "mb": round(megabytes, 1), "seconds": round(seconds, 2), "mb_s": round(megabytes / seconds, 1),
            "cp_s": round(at_least, 2), "share_of_cp": round(at_least / seconds, 3), "sources_cpu_s": cpu,
            "receiver_cpu_s": receiver,
            "load": round(os.getloadavg()[0], 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=300, help="of column files on the lost node at least")
    parser.add_argument("--partitions", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with Bed(os.environ["PELORUS_PACKAGE"]) as bed:
        bed.start()
        bed.start_nodes()
        lost, rows = fill(bed, options.megabytes, options.partitions)
        rounds = []
        for _ in range(options.rounds):
            rounds.append(one_round(bed, lost))
            print(json.dumps(rounds[-1]), flush=True)
        for node in bed.nodes:
            count = f"exec count(*) from loadTable('{DATABASE}', `t)"
            wait_until(lambda: int(bed.run(count, site=node)) == rows, 30, f"{rows} rows at {node}")
        medians = {what: statistics.median(r[what] for r in rounds) for what in ("mb_s", "share_of_cp")}
        print(json.dumps({"what": "recovery", "partitions": options.partitions, "goal_share_of_cp": 0.7, **medians}))


if __name__ == "__main__":
    main()
