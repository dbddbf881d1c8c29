#!/usr/bin/env python3
"""Replicated durable appends and the seed's script, on the seed's pseudo-HA deployment (three controllers, an agent, three data
nodes, dfsReplicationFactor=2) made of release packages.

    bench/ingest/run.sh [--blocks N] [--seed-blocks N] [--memory GB] [--keep] [--only append,client,seed] [--out FILE]

Gives one JSON object, to FILE or behind whatever the client prints; progress goes to stderr. Needs the official Python client
(tests/python_env.sh).
"""
import argparse
import json
import pathlib
import shutil
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "cluster"))

import disk  # noqa: E402
import processes  # noqa: E402
from bed import Bed  # noqa: E402

BLOCK_ROWS = 1_000_000
PARTITIONS = 100
WARM_UP = 3  # blocks before the first that counts

SEED = """
for (i in {first}..{last}) {{
  loadTable("{database}", "table1").append!(table(rand(1..100, {rows}) as id, rand(`a`b`c`d`e`f`g`h`i`j, {rows}) as name))
}}
"""


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def rates(seconds):
    ordered = sorted(seconds)
    return {
        "blocks": len(ordered),
        "rows_per_s_median": round(BLOCK_ROWS / statistics.median(ordered)),
        "rows_per_s_all": round(BLOCK_ROWS * len(ordered) / sum(ordered)),
        "block_ms_median": round(1000 * statistics.median(ordered), 1),
        "block_ms_worst": round(1000 * ordered[-1], 1),
    }


def disk_limit(bed, blocks):
    return rates(disk.synced_rate(str(bed.base), BLOCK_ROWS * 8, blocks, replicas=2))


def make_table(bed, database, table, columns, scheme=f"1..{PARTITIONS}", key="id"):
    bed.run(f'''
        if (existsDatabase("{database}")) dropDatabase("{database}")
        db = database("{database}", VALUE, {scheme})
        createPartitionedTable(db, table(1:0, {columns}), `{table}, `{key})''')


def count(bed, database, table):
    begin = time.monotonic()
    rows = int(bed.run(f'exec count(*) from loadTable("{database}", "{table}")'))
    return rows, round(time.monotonic() - begin, 3)


def append_in_script(bed, blocks, partitions):
    """A session on node1 appends a table it holds, again and again: rows of two INT columns, spread over the partitions."""
    database = "dfs://ingest_blocks"
    make_table(bed, database, "blocks", "`id`v, [INT, INT]")
    session = bed.connect("node1")
    session.run(f"t = table(rand(1..{partitions}, {BLOCK_ROWS}) as id, rand(1000000, {BLOCK_ROWS}) as v);")
    append = f'loadTable("{database}", "blocks").append!(t);'
    for _ in range(WARM_UP):
        session.run(append)
    watch = processes.Watch(bed)
    times = []
    for _ in range(blocks):
        begin = time.monotonic()
        session.run(append)
        times.append(time.monotonic() - begin)
    session.close()
    result = rates(times)
    result["processes"] = watch.facts()
    rows, result["count_s"] = count(bed, database, "blocks")
    result["count_right"] = rows == (blocks + WARM_UP) * BLOCK_ROWS
    bed.run(f'dropDatabase("{database}")')
    return result


def append_from_client(bed, blocks):
    """The official client uploads a DataFrame for every block."""
    import numpy
    import pandas

    database = "dfs://ingest_client"
    make_table(bed, database, "blocks", "`id`v, [INT, INT]")
    generator = numpy.random.default_rng(7)
    frame = pandas.DataFrame({
        "id": generator.integers(1, PARTITIONS + 1, BLOCK_ROWS, dtype=numpy.int32),
        "v": generator.integers(0, 1_000_000, BLOCK_ROWS, dtype=numpy.int32),
    })
    session = bed.connect("node1")
    times = []
    for i in range(blocks + WARM_UP):
        begin = time.monotonic()
        rows = session.run(f'tableInsert{{loadTable("{database}", "blocks")}}', frame)
        if i >= WARM_UP:
            times.append(time.monotonic() - begin)
        if rows != BLOCK_ROWS:
            raise RuntimeError(f"tableInsert answered {rows}")
    session.close()
    result = rates(times)
    result["count_right"] = count(bed, database, "blocks")[0] == (blocks + WARM_UP) * BLOCK_ROWS
    bed.run(f'dropDatabase("{database}")')
    return result


def seed_script(bed, blocks):
    """The operator's first script at full size; one statement appends `step` blocks so that progress can be told."""
    database = "dfs://single_test"
    make_table(bed, database, "table1", "`id`name, [INT, SYMBOL]")
    bed.run(f'''loadTable("{database}", "table1").append!(table(1..100 as id, rand(`a`b`c`d`e`f`g`h`i`j, 100) as name))
                flushOLAPCache()''')
    watch = processes.Watch(bed)
    step = max(1, min(50, blocks // 10))
    spans = []
    begin = time.monotonic()
    for first in range(1, blocks + 1, step):
        last = min(blocks, first + step - 1)
        started = time.monotonic()
        bed.run(SEED.format(database=database, first=first, last=last, rows=BLOCK_ROWS))
        spans.append(round(BLOCK_ROWS * (last - first + 1) / (time.monotonic() - started)))
        facts = watch.facts()
        say(f"seed: {last} blocks, {spans[-1] / 1e6:.2f} M rows/s, "
            + ", ".join(f"{alias} {fact['rss_mb']:.0f}" for alias, fact in facts.items()) + " MB")
    seconds = time.monotonic() - begin
    rows, count_seconds = count(bed, database, "table1")
    expected = blocks * BLOCK_ROWS + 100
    written = time.monotonic()
    bed.run("flushOLAPCache()")
    result = {
        "rows": rows, "expected": expected, "count_right": rows == expected, "count_s": count_seconds,
        "seconds": round(seconds, 1), "rows_per_s": round(blocks * BLOCK_ROWS / seconds), "rows_per_s_steps": spans,
        "flush_s": round(time.monotonic() - written, 1),
        "processes": watch.facts(),
        "disk_mb": {f"node{k}": processes.disk_mb(bed.base / "ssd" / f"dolphindb_{k}") for k in (1, 2, 3)},
    }
    partition = time.monotonic()
    result["partition_rows"] = int(bed.run(f'exec count(*) from loadTable("{database}", "table1") where id = 7'))
    result["partition_s"] = round(time.monotonic() - partition, 3)
    result["select_all"] = select_all(bed, database)
    return result


def select_all(bed, database):
    """The seed ends with `select *`: at full size it must be refused, not kill the node."""
    begin = time.monotonic()
    try:
        bed.run(f'x = select * from loadTable("{database}", "table1")')
        answer = "fits"
    except RuntimeError as error:
        answer = str(error).split("Server Response: ")[-1].split(" script:")[0]
    alive = bed.run("1 + 1") == 2
    return {"answer": answer, "seconds": round(time.monotonic() - begin, 2), "node_lives": alive,
            "processes": processes.Watch(bed).facts()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", help="folder that holds server/")
    parser.add_argument("--blocks", type=int, default=30)
    parser.add_argument("--seed-blocks", type=int, default=20)
    parser.add_argument("--memory", type=float, default=4, help="maxMemSize of every process, GB")
    parser.add_argument("--only", default="append,client,seed")
    parser.add_argument("--out", help="file for the result; standard output by default")
    parser.add_argument("--keep", action="store_true", help="leave the cluster's folder, which is in TMPDIR")
    parser.add_argument("--pause", action="store_true", help="wait for Enter before the first measurement (profilers)")
    options = parser.parse_args()
    wanted = options.only.split(",")
    bed = Bed(options.package)
    report = {"maxMemSize_gb": options.memory}
    try:
        bed.unpack()
        for k in (1, 2, 3):
            bed.set_config(k, "controller.cfg", maxMemSize=options.memory)
            bed.set_config(k, "cluster.cfg", maxMemSize=options.memory)  # the leader's copy counts
        bed.start()
        bed.start_nodes()
        time.sleep(10)
        report["idle"] = processes.Watch(bed).facts()
        say("idle: " + ", ".join(f"{alias} {fact['rss_mb']:.0f} MB" for alias, fact in report["idle"].items()))
        if options.pause:
            say(f"pids: {processes.Watch(bed).pids}")
            input()
        report["disk_before"] = disk_limit(bed, options.blocks)
        if "append" in wanted:
            report["append"] = append_in_script(bed, options.blocks, PARTITIONS)
            say(f"append in a script: {report['append']}")
            report["append_one_partition"] = append_in_script(bed, options.blocks, 1)
            say(f"append to one partition: {report['append_one_partition']}")
        if "client" in wanted:
            report["client"] = append_from_client(bed, options.blocks)
            say(f"append from a client: {report['client']}")
        report["disk_after"] = disk_limit(bed, options.blocks)
        if "seed" in wanted:
            report["seed"] = seed_script(bed, options.seed_blocks)
        bed.stop()
    except BaseException:
        print(bed.logs(), file=sys.stderr)
        raise
    finally:
        bed.kill_everything()
        if not options.keep:
            shutil.rmtree(bed.base, ignore_errors=True)
    text = json.dumps(report, indent=1)
    if options.out:
        pathlib.Path(options.out).write_text(text + "\n")
    else:
        print(text)


if __name__ == "__main__":
    main()
