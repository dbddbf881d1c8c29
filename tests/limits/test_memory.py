"""maxMemSize: what would pass it is refused with the numbers, and the node lives on."""
import os

import numpy
import pandas
import pytest

from bed import Bed, wait_until

PACKAGE = os.environ["PELORUS_PACKAGE"]
DATABASE = "dfs://memory"
LIMIT_GB = 0.5
BLOCK = 2_000_000
BLOCKS = 25  # 400 MB of two INT columns in all


@pytest.fixture(scope="module")
def bed(request):
    with Bed(PACKAGE, request) as cluster:
        for k in (1, 2, 3):
            cluster.set_config(k, "cluster.cfg", maxMemSize=LIMIT_GB)
        cluster.start()
        cluster.start_nodes()
        cluster.run(f'''
            db = database("{DATABASE}", VALUE, 1..20)
            createPartitionedTable(db, table(1:0, `id`v, [INT, INT]), `rows, `id)
            for (i in 1..{BLOCKS}) {{
              loadTable("{DATABASE}", "rows").append!(table(rand(1..20, {BLOCK}) as id, rand(1000000000, {BLOCK}) as v))
            }}''')
        yield cluster


def expect_refused(deed):
    with pytest.raises(RuntimeError) as refused:
        deed()
    text = str(refused.value)
    print(text.split(" script:")[0])
    assert "Out of memory: " in text and "of maxMemSize 512 MB" in text


def resident_mb(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))


STATEMENTS = {
    "one vector": "x = rand(1.0, 100000000)",
    "many vectors": "l = array(ANY, 0); for (i in 1..200) { l.append!(rand(1.0, 1000000)) }",
    "an expression": "x = 1..20000000; y = x + 0.5; z = x * y + y * 2.0 - x; w = z * x + y",
    "a growing table": "t = table(1:0, `a`b, [LONG, LONG]); for (i in 1..200) { t.append!(table(1..200000 as a, 1..200000 as b)) }",
    "texts": "t = string(1..40000000)",
    "a query": f'x = select * from loadTable("{DATABASE}", "rows"); y = select id, v * 2.0 as w from x',
    "an append": "t = table(take(1..20, 15000000) as id, take(1, 15000000) as v);"
                 f'loadTable("{DATABASE}", "rows").append!(t)',
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_beyond_the_limit_is_refused_and_the_node_goes_on(bed, name):
    pid = bed.pid("node1")
    expect_refused(lambda: bed.run(STATEMENTS[name]))
    assert bed.pid("node1") == pid
    assert bed.run(f'exec count(*) from loadTable("{DATABASE}", "rows")') == BLOCK * BLOCKS
    # Once the refused session is gone its memory is free for others.
    wait_until(lambda: bed.run("sum(rand(1.0, 10000000)) > 0"), 10, "the memory is free again")


def test_an_upload_beyond_the_limit_is_refused(bed):
    session = bed.connect("node1")
    frame = pandas.DataFrame({"a": numpy.arange(80_000_000, dtype=numpy.int64)})
    expect_refused(lambda: session.upload({"frame": frame}))
    session.close()
    assert bed.run("1 + 1") == 2


def test_no_process_held_more_than_its_limit(bed):
    for alias in bed.ports:
        peak = resident_mb(bed.pid(alias))
        print(alias, round(peak), "MB")
        assert peak < LIMIT_GB * 1024 * 1.1
