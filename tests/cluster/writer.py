"""A client of its own process: appends numbered batches through the official package with several sites until it is killed.

    writer.py DATABASE TABLE USER PASSWORD RESULTS HOST:PORT...

Appends to RESULTS a line for each batch: "ack N seconds" once the server said so, "no N reason" where it did not
(such a batch may be there or not, but whole). Numbers are never used twice. The package by itself sends a request again
to the next site when the connection breaks before the answer, so the script looks first whether the batch is there.
"""
import sys
import time

import dolphindb

ROWS = 1000  # of a batch: ten of each id 1..100


def main(database, table, user, password, results, *sites):
    host, port = sites[0].split(":")
    session = dolphindb.Session(show_output=False)
    session.connect(host, int(port), user, password, highAvailability=True, highAvailabilitySites=list(sites), reconnect=True)
    batch = 0
    with open(results, "a", buffering=1) as lines:
        while True:
            batch += 1
            begun = time.monotonic()
            try:
                rows = session.run(f"""
                    pt = loadTable('{database}', '{table}')
                    rows = exec count(*) from pt where batch = {batch}
                    if(rows == 0) {{
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
            lines.write(f"ack {batch} {time.monotonic() - begun:.3f}\n")


main(*sys.argv[1:])
