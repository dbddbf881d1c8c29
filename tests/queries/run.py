#!/usr/bin/env python3
"""Every query of queries.txt gives the same over a table in memory, stored tables of both engines and a dimension table.

  tests/queries/run.py [QUERIES_FILE]

$ stands for the table. Rows are compared in order where the query orders them, else as a set; numbers to 1e-9.
"""
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "clients"))

import single_node  # noqa: E402

RUNNER = ROOT / "build-debug" / "tests" / "script_runner"
STORED = ("olap", "tsdb", "dimension")
SETUP = """
n = 600
k = 0..(n - 1)
rows = table(2020.01.01T09:30:00.000 + 137000l * k % 345600000 as ts, symbol("S" + string(k * 7 % 5)) as sym,
    double(k * 31 % 97) / 4 as px, k * 13 % 50 as qty, take(true false false, n) as side, take(["a", "bb", "", "c"], n) as note)
update rows set px = NULL where qty = 17
update rows set qty = NULL where px = 3.25
update rows set date = date(ts)
mem = select * from rows order by date, sym, ts
def partitions(path, engine) {
    return database(path, COMPO, [database("", VALUE, 2020.01.01..2020.01.04), database("", HASH, [SYMBOL, 2])], engine = engine)
}
olap = partitions("dfs://olap", "OLAP").createPartitionedTable(mem, `olap, `date`sym)
olap.append!(mem)
dimension = database("dfs://olap").createTable(mem, `dimension)
dimension.append!(mem)
tsdb = partitions("dfs://tsdb", "TSDB").createPartitionedTable(mem, `tsdb, `date`sym, sortColumns = `sym`ts)
tsdb.append!(mem)
look = table(`S0`S1`S2`S9 as sym, 1 2 3 9 as w, `x`y`x`z as grp)
third = table(`x`y as grp, 10 20 as f)
quote = select ts - 500 as ts, sym, px * 2 as bid from mem where qty % 3 == 0 order by sym, ts
def spr(x) { return max(x) - min(x) }
defg med2(x, y) { return avg(x) + avg(y) }
def above(x) { return x > avg(x) }
def twice(x) { return 2 * x }
weights = dict(`S0`S1`S2, 1 2 3)
"""


class Session:
    def __init__(self, node):
        self.process = subprocess.Popen([RUNNER, "--server", f"{node.host}:{node.port}", "--printed"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def run(self, script):
        self.process.stdin.write(json.dumps(script).encode() + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def result(answer, is_ordered):
    """Comparable: ("error", text), ("table", names, rows) or ("value", text)."""
    if "error" in answer:
        return "error", answer["error"]
    if answer["form"] != "table":
        return "value", answer.get("text")
    rows = list(zip(*(column[1:] for column in answer["columns"])))
    return "table", [column[0] for column in answer["columns"]], rows if is_ordered else sorted(rows)


def is_same(a, b):
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(is_same, a, b))
    if a == b:
        return True
    try:
        return abs(float(a) - float(b)) <= 1e-9 * max(1, abs(float(a)))
    except (TypeError, ValueError):
        return False


def main(file):
    queries = [line for line in file.read_text().split("\n") if line.strip() and not line.startswith("#")]
    failed = 0
    with single_node.SingleNode() as node:
        session = Session(node)
        for script in (f'login("{single_node.USER}", "{single_node.PASSWORD}")', SETUP):
            answer = session.run(script)
            if "error" in answer:
                sys.exit(answer["error"])
        for query in queries:
            results = {table: result(session.run(query.replace("$", table)), "order by" in query) for table in ("mem", *STORED)}
            wrong = [table for table in STORED if not is_same(results["mem"], results[table])]
            if results["mem"][0] == "error" or wrong:
                failed += 1
                print(f"{query}\n  mem: {str(results['mem'])[:400]}")
                for table in wrong:
                    print(f"  {table}: {str(results[table])[:400]}")
        session.process.kill()
    print(f"{len(queries) - failed} of {len(queries)} queries give the same over every kind of table")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).with_name("queries.txt")))
