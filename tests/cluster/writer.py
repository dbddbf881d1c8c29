"""A client of its own process: appends numbered batches through the official package with several sites until it is killed.

    writer.py DATABASE TABLE USER PASSWORD RESULTS HOST:PORT...

Appends to RESULTS a line for each batch: "ack N time" once the server said so, "no N reason" where it did not
(such a batch may be there or not, but whole). Numbers are never used twice. The package by itself sends a request again
to the next site when the connection breaks before the answer, so the script looks first whether the batch is there, in one
partition: check() counts all of them. PELORUS_WRITER_PAUSE: seconds between two batches (0).
"""
import os
import pathlib
import subprocess
import sys
import time

import dolphindb

from bed import PASSWORD, USER, wait_until

ROWS = 1000  # of a batch: ten of each id 1..100


class Writer:
    """The writing client as a process of its own, and what it has been promised so far."""

    def __init__(self, bed, database, table):
        self.results = pathlib.Path(bed.base) / f"{table}.writer"
        self.results.touch()
        sites = [bed.site(node) for node in bed.nodes]
        self.process = subprocess.Popen([sys.executable, __file__, database, table, USER, PASSWORD, self.results, *sites],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def lines(self, word):
        return [line.split(" ", 2)[1:] for line in self.results.read_text().splitlines() if line.startswith(word + " ")]

    def acknowledged(self):
        return [int(batch) for batch, _ in self.lines("ack")]

    def unanswered(self):
        """Refused, or under way when the writer was ended."""
        refused = [int(batch) for batch, _ in self.lines("no")]
        return refused + [max(refused + self.acknowledged(), default=0) + 1]

    def wait_for_more(self, seconds, when):
        count = len(self.acknowledged())
        wait_until(lambda: len(self.acknowledged()) > count + 3, seconds,
                   f"more batches acknowledged {when}; last refusal: {self.lines('no')[-1:]}")

    def longest_gap(self, since):
        """Seconds between two acknowledgements, or since `since` (of time.monotonic) and the first after it."""
        times = [since] + [float(at) for _, at in self.lines("ack") if float(at) > since]
        return max(after - before for before, after in zip(times, times[1:]))

    def check(self, bed, database, table):
        """Acknowledged batches are there once, refused ones whole or not at all, and nothing else."""
        rows = bed.run(f"select count(*) as rows from loadTable('{database}', '{table}') group by batch")
        found = dict(zip(rows["batch"], rows["rows"]))
        wrong = {batch: found.get(batch, 0) for batch in self.acknowledged() if found.get(batch) != ROWS}
        assert not wrong, f"acknowledged batches of {ROWS} rows that are missing or doubled: {wrong}"
        assert set(found) <= set(self.acknowledged()) | set(self.unanswered()), "rows nobody wrote"
        assert all(rows == ROWS for rows in found.values()), "half a transaction is visible"

    def summary(self):
        refused = [f"\n  batch {batch}: {reason[50:200]}" for batch, reason in self.lines("no")]
        return f"{len(self.acknowledged())} batches acknowledged, {len(refused)} refused{''.join(refused)}"


def main(database, table, user, password, results, *sites):
    host, port = sites[0].split(":")
    session = dolphindb.Session(show_output=False)
    session.connect(host, int(port), user, password, highAvailability=True, highAvailabilitySites=list(sites), reconnect=True)
    batch, pause = 0, float(os.environ.get("PELORUS_WRITER_PAUSE", "0"))
    with open(results, "a", buffering=1) as lines:
        while True:
            batch += 1
            try:
                rows = session.run(f"""
                    pt = loadTable('{database}', '{table}')
                    rows = {ROWS}
                    if((exec count(*) from pt where id = 1, batch = {batch}) == 0) {{
                        t = table(take(1..100, {ROWS}) as id, take({batch}, {ROWS}) as batch)
                        rows = tableInsert(pt, t)
                    }}
                    rows
                """)
            except Exception as error:
                lines.write(f"no {batch} {' '.join(str(error).split())}\n")
                time.sleep(0.1)
                continue
            if rows != ROWS:
                lines.write(f"no {batch} {rows} rows were acknowledged instead of {ROWS}\n")
                continue
            lines.write(f"ack {batch} {time.monotonic():.3f}\n")
            time.sleep(pause)


if __name__ == "__main__":
    main(*sys.argv[1:])
