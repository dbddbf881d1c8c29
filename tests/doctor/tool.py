"""The operator's tool of a bed."""
import json
import os
import pathlib
import subprocess

from bed import HOST, PASSWORD, USER

PELORUS = pathlib.Path(os.environ["PELORUS_PACKAGE"]) / "server" / "pelorus"


def pelorus(*words, **options):
    environment = {name: value for name, value in os.environ.items() if name not in ("LANG", "LC_ALL", "LC_MESSAGES")}
    environment |= options.pop("environment", {})
    return subprocess.run([PELORUS, *map(str, words)], capture_output=True, text=True, timeout=90, env=environment, **options)


def at(bed, alias="controller1"):
    """The options that reach a node as its administrator."""
    return ["--host", HOST, "--port", bed.ports[alias], "-u", USER, "-p", PASSWORD]


def packages(bed):
    return [bed.demo(k).parent for k in (1, 2, 3)]


def doctor(*words):
    """(checks by id, exit status)"""
    done = pelorus("doctor", "--json", *words)
    assert done.returncode in (0, 4, 9), (done.returncode, done.stdout, done.stderr)
    return {check["id"]: check for check in json.loads(done.stdout)["checks"]}, done.returncode
