"""The official client as a process of its own, inside a host: requests and answers are lines of JSON.

Request: {"host", "port", "user", "password", "script"}; answer: {"value"} or {"error"}. A table is a list of records.
"""
import json
import sys

import dolphindb
import numpy as np
import pandas as pd


def plain(value):
    if isinstance(value, pd.DataFrame):
        return json.loads(value.to_json(orient="records", date_format="iso"))
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value.tolist()]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return value


def answer(request):
    session = dolphindb.Session(show_output=False)
    try:
        if not session.connect(request["host"], request["port"], request["user"], request["password"]):
            raise ConnectionError(f"cannot connect to {request['host']}:{request['port']}")
        return {"value": plain(session.run(request["script"]))}
    except Exception as error:  # told to the caller, whatever it is
        return {"error": f"{type(error).__name__}: {error}"}
    finally:
        session.close()


def main():
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line)), default=str), flush=True)


if __name__ == "__main__":
    main()
