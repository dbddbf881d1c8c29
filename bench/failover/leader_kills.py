"""Kills the leading controller again and again under a writing official client; prints the longest pause of its writes.

    bench/failover/run.sh [KILLS]        (20)

Fails when a batch that was acknowledged is missing.
"""
import json
import os
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "cluster"))
from bed import Bed  # noqa: E402
from writer import Writer  # noqa: E402

DATABASE, TABLE = "dfs://failover", "writes"


def gaps(bed, kills):
    pauses = []
    with Writer(bed, DATABASE, TABLE) as writer:
        writer.wait_for_more(30, "at first")
        for _ in range(kills):
            leader = bed.wait_leader()
            killed = time.monotonic()
            bed.kill(leader)
            time.sleep(3)
            writer.wait_for_more(60, f"after killing {leader}")
            pauses.append(writer.longest_gap(killed))
            print(f"{leader}: {pauses[-1]:.2f} s", file=sys.stderr)
            bed.restart_controller(leader)
            time.sleep(2)  # it catches up
    writer.check(bed, DATABASE, TABLE)
    return pauses


def main(kills=20):
    with Bed(os.environ["PELORUS_PACKAGE"]) as bed:
        bed.start()
        bed.start_nodes()
        bed.run(f"""
            db = database('{DATABASE}', VALUE, 1..100)
            db.createPartitionedTable(table(1:0, `id`batch, [INT, INT]), `{TABLE}, `id)
        """)
        pauses = gaps(bed, kills)
        print(json.dumps({"kills": kills, "median_s": round(statistics.median(pauses), 3), "worst_s": round(max(pauses), 3)}))


main(*map(int, sys.argv[1:]))
