"""Runs the bed of tests/cluster for the browser tests: one line of JSON says where its nodes are, then each line of the
input is a command, answered by one line of JSON. The end of the input ends the cluster."""
import json
import os
import pathlib
import secrets
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cluster"))

from bed import HOST, PASSWORD, USER, Bed  # noqa: E402


# The official client prints to standard output, which is ours alone: whatever else is printed goes to standard error.
ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def say(**answer):
    print(json.dumps(answer), file=ANSWERS, flush=True)


def obey(bed, command):
    """`kill ALIAS`, `restart ALIAS` (a controller), `state ALIAS`, `leader`, `run SCRIPT` (on node1)."""
    verb, _, rest = command.partition(" ")
    if verb == "kill":
        return bed.kill(rest)
    if verb == "restart":
        bed.restart_controller(rest)
        return True
    if verb == "state":
        return int(bed.perf()[rest]["state"])
    if verb == "leader":
        return bed.wait_leader()
    if verb == "run":
        value = bed.run(rest, site="controller1")
        return value if isinstance(value, (int, float, str, bool)) else None
    raise ValueError(f"unknown command {command}")


def share_key(bed):
    """With a common key the nodes take each other's tickets."""
    key = bed.base / "cluster.key"
    key.write_text(secrets.token_hex(32))
    key.chmod(0o600)
    for k in (1, 2, 3):
        bed.set_config(k, "controller.cfg", clusterKeyFile=key)
    bed.set_config(1, "agent.cfg", clusterKeyFile=key)


def main():
    with Bed(os.environ["PELORUS_PACKAGE"]) as bed:
        share_key(bed)
        bed.start()
        bed.start_nodes()
        say(host=HOST, user=USER, password=PASSWORD, ports=bed.ports, leader=bed.wait_leader())
        for line in sys.stdin:
            try:
                say(value=obey(bed, line.strip()))
            except Exception as error:  # the test that asked for it fails with this text
                say(error=repr(error))


if __name__ == "__main__":
    main()
