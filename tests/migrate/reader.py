"""A client of its own process: reads through the official package with several sites until it is killed.

    reader.py DATABASE TABLE USER PASSWORD RESULTS HOST:PORT...

Appends to RESULTS a line for each answer: "ack ROWS time"; "no 0 reason" where there was none.
"""
import sys
import time

import dolphindb


def main(database, table, user, password, results, *sites):
    host, port = sites[0].split(":")
    session = dolphindb.Session(show_output=False)
    session.connect(host, int(port), user, password, highAvailability=True, highAvailabilitySites=list(sites), reconnect=True)
    with open(results, "a", buffering=1) as lines:
        while True:
            try:
                rows = session.run(f"exec count(*) from loadTable('{database}', '{table}') where id <= 10")
            except Exception as error:
                lines.write(f"no 0 {' '.join(str(error).split())}\n")
                time.sleep(0.05)
                continue
            lines.write(f"ack {rows} {time.monotonic():.3f}\n")
            time.sleep(0.02)


if __name__ == "__main__":
    main(*sys.argv[1:])
