#!/usr/bin/env python3
"""Durable blocks over TCP into two replicas with two-phase commit, as a share of one replica: two pseudo-HA clusters of the same
release package, one with dfsReplicationFactor=1, one with 2, measured in turns by bench/ingest/wire_ingest.

    bench/ingest/run_replicas.sh --data DIR [--client PROGRAM] [--batches 1000,10000] [--writers 1,4] [--rounds 5] [--rows N]

DIR: the binary columns of quotes that wire_ingest reads. A line of JSON a measurement, the medians and shares at the end.
"""
import argparse
import contextlib
import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cluster"))

import processes  # noqa: E402
from bed import Bed  # noqa: E402


def cluster(stack, replicas):
    bed = stack.enter_context(Bed(os.environ["PELORUS_PACKAGE"]))
    for k in (1, 2, 3):
        bed.set_config(k, "controller.cfg", dfsReplicationFactor=replicas)
    bed.start()
    bed.start_nodes()
    return bed


def measure(bed, options, batch, writers):
    watch = processes.Watch(bed)
    rows = min(options.rows, batch * 400)
    done = subprocess.run(
        [options.client, "--port", str(bed.ports["node1"]), "--data", options.data, "--rows", str(rows), "--batch", str(batch),
         "--writers", str(writers), "--engine", options.engine], capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    told = json.loads(done.stdout)
    cpu = sum(fact["cpu_s"] for fact in watch.facts().values())
    return {key: told[key] for key in ("rows_s", "p50_ms", "p99_ms")} | {"servers_cpu_us_a_row": round(cpu / rows * 1e6, 3)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--client", default=str(ROOT / "build/bench/wire_ingest"))
    parser.add_argument("--batches", default="1000,10000")
    parser.add_argument("--writers", default="1,4")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=2_000_000, help="of a measurement, and 400 blocks at most")
    parser.add_argument("--engine", default="OLAP")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        beds = {replicas: cluster(stack, replicas) for replicas in (1, 2)}
        for batch in map(int, options.batches.split(",")):
            for writers in map(int, options.writers.split(",")):
                seen = {1: [], 2: []}
                for _ in range(options.rounds):
                    for replicas, bed in beds.items():
                        seen[replicas].append(measure(bed, options, batch, writers))
                        print(json.dumps({"replicas": replicas, "batch": batch, "writers": writers} | seen[replicas][-1]), flush=True)
                at = {replicas: {key: statistics.median(one[key] for one in all_) for key in all_[0]} for replicas, all_ in seen.items()}
                print(json.dumps({
                    "what": "replicas", "batch": batch, "writers": writers, "one": at[1], "two": at[2], "goal_share": 0.45,
                    "share": round(statistics.median(b["rows_s"] / a["rows_s"] for a, b in zip(seen[1], seen[2])), 3),
                    "cpu_ratio": round(at[2]["servers_cpu_us_a_row"] / at[1]["servers_cpu_us_a_row"], 2),
                    "load": round(os.getloadavg()[0], 1)}), flush=True)


if __name__ == "__main__":
    main()
