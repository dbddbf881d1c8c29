import os, pytest, time
import commands as c
from bed import *
def test_it():
    bed = Bed(os.environ["PELORUS_PACKAGE"], 5)
    t = time.time()
    def lap(what):
        nonlocal t
        print(what, round(time.time() - t, 1), flush=True); t = time.time()
    try:
        bed.unpack(1, 1); bed.type(c.SINGLE_COPY)
        for k in (1,2,3): bed.attach(1, k, "single")
        lap("unpacked")
        bed.type(c.SINGLE_START)
        bed.places = SINGLE
        lap("started")
        bed.start_nodes(); bed.wait_green(); bed.wait_voters()
        lap("green")
        before = bed.write_data()
        lap("data")
        bed.type(c.one_to_three(True)); lap("moved")
        bed.places = THREE
        bed.type(c.THREE_START); lap("started")
        bed.start_nodes(); bed.wait_green(); bed.wait_voters(); lap("green")
        bed.check_unchanged(before); lap("unchanged")
        before = bed.check_usable("single_test3"); lap("usable")
        for k in (1,2,3): print("\n".join(bed.warnings(k,k)))
        bed.type(c.three_to_five(True)); lap("moved")
        bed.places = FIVE
        bed.type(c.FIVE_START); lap("started")
        bed.start_nodes(); bed.wait_green(); bed.wait_voters(); lap("green")
        bed.check_unchanged(before); lap("unchanged")
        before = bed.check_usable("single_test5"); lap("usable")
    finally:
        print("\n".join(bed.typed))
        open("/work/h2/build/seed.log","w").write(bed.logs())
        os.environ.get("KEEP") and input()
        bed.close()
