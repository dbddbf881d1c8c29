"""config, logs, support-bundle, status --watch and completion, against real packages and a live cluster."""
import json
import os
import pathlib
import signal
import subprocess
import tarfile

import pytest

from bed import HOST, Bed
from tool import PELORUS, at, packages, pelorus

PACKAGE = os.environ["PELORUS_PACKAGE"]


@pytest.fixture(scope="module")
def bed(request):
    with Bed(PACKAGE, request) as cluster:
        cluster.start()
        yield cluster


def test_config_check(bed):
    clean = pelorus("config", "check", *packages(bed))
    assert clean.returncode == 0, clean.stdout
    assert "obsolete" in clean.stdout and "0 errors, 0 warnings" in clean.stdout, clean.stdout
    file = bed.demo(2) / "config" / "controller.cfg"
    before = file.read_bytes()
    try:
        file.write_bytes(before + b"\nworkerNun=4\n")
        doubtful = pelorus("config", "check", bed.demo(2))
        assert doubtful.returncode == 9 and "did you mean 'workerNum'" in doubtful.stdout, doubtful.stdout
        assert f"{file}:" in doubtful.stdout and ": warning: " in doubtful.stdout
        file.write_bytes(before + b"\nworkerNum=many\n")
        wrong = pelorus("config", "check", "--json", bed.demo(2))
        assert wrong.returncode == 3
        assert any(finding["severity"] == "error" and finding["line"] > 0 for finding in json.loads(wrong.stdout)["findings"])
    finally:
        file.write_bytes(before)
    assert pelorus("config", "check", bed.base / "nothing").returncode != 0


def test_the_package_as_it_is_shipped_has_no_findings():
    for place in (pathlib.Path(PACKAGE), pathlib.Path(PACKAGE) / "server" / "dolphindb.cfg"):
        checked = pelorus("config", "check", place)
        assert checked.returncode == 0 and checked.stdout == "0 errors, 0 warnings, 0 notes\n", checked.stdout


def test_copies_that_disagree(bed):
    file = bed.demo(3) / "config" / "cluster.nodes"
    before = file.read_bytes()
    try:
        file.write_bytes(before.replace(f":{bed.ports['node2']}:".encode(), b":4321:"))
        compared = pelorus("config", "check", *packages(bed))
        assert compared.returncode == 9 and "contradict each other about 'node2'" in compared.stdout, compared.stdout
    finally:
        file.write_bytes(before)


def test_config_show_says_where_values_come_from(bed):
    file = bed.demo(1) / "config" / "cluster.cfg"
    before = file.read_bytes()
    try:
        file.write_bytes(before + b"\nnode%.maxConnections=77\n")
        shown = pelorus("config", "show", "--role", "node2", "--json", bed.demo(1))
        settings = {row["name"]: row for row in json.loads(shown.stdout)["settings"]}
        assert settings["volumes"]["value"].endswith("dolphindb_2/volumes") and settings["volumes"]["origin"]["kind"] == "alias"
        assert settings["maxConnections"]["value"] == "77" and settings["maxConnections"]["origin"]["kind"] == "pattern"
        assert settings["maxMemSize"]["origin"]["kind"] == "file" and settings["redoLogPurgeLimit"]["origin"]["kind"] == "default"
        text = pelorus("config", "show", "--role", "node2", "--origin", bed.demo(1)).stdout
        assert "(pattern node%)" in text and f"{file}:" in text, text
    finally:
        file.write_bytes(before)
    assert "controller1" in pelorus("config", "show", bed.demo(1)).stdout
    nobody = pelorus("config", "show", "--role", "node9", bed.demo(1))
    assert nobody.returncode != 0 and "did you mean 'node" in nobody.stderr


def test_config_diff_with_the_live_cluster(bed):
    same = pelorus("config", "diff", bed.demo(1), *at(bed))
    assert same.returncode == 0, same.stdout + same.stderr
    file = bed.demo(1) / "config" / "cluster.cfg"
    before = file.read_bytes()
    try:
        file.write_bytes(before + b"\nnode1.maxConnections=99\n")
        differs = json.loads(pelorus("config", "diff", "--json", bed.demo(1), *at(bed)).stdout)["differences"]
        assert [(row["key"], row["here"], row["there"]) for row in differs] == [("node1.maxConnections", "99", None)]
        assert pelorus("config", "diff", bed.demo(1), bed.demo(2)).returncode == 9
    finally:
        file.write_bytes(before)


def test_logs(bed):
    everything = pelorus("logs", "--package", bed.demo(1), "--lines", "0")
    assert everything.returncode == 0 and "agent1" in everything.stdout and "controller1" in everything.stdout
    times = [line[15:41] for line in everything.stdout.splitlines() if line[15:17] == "20"]
    assert times == sorted(times) and times
    log = bed.demo(1) / "log" / "controller.log"
    with log.open("a") as out:
        out.write("2001-01-01 00:00:00.000000 <ERROR> :long ago\n")
    assert "long ago" in pelorus("logs", "controller1", "--errors", "--package", bed.demo(1)).stdout
    assert "long ago" not in pelorus("logs", "controller1", "--errors", "--since", "1h", "--package", bed.demo(1)).stdout
    assert pelorus("logs", "controler1", "--package", bed.demo(1)).returncode != 0
    assert pelorus("logs", "--since", "soon", "--package", bed.demo(1)).returncode == 2


def read_until(running, text):
    said = ""
    while text not in said:
        line = running.stdout.readline()
        assert line, said
        said += line
    return said


def test_logs_follow_through_a_rotation(bed):
    log = bed.demo(2) / "log" / "agent.log"
    log.write_text("2026-01-01 00:00:00.000000 <INFO> :first\n")
    following = subprocess.Popen([PELORUS, "logs", "agent2", "-f", "--package", bed.demo(2)], stdout=subprocess.PIPE, text=True)
    try:
        read_until(following, "first")
        with log.open("a") as out:
            out.write("2026-01-01 00:00:01.000000 <INFO> :second\n")
        read_until(following, "second")
        log.rename(log.with_name("20260101000agent.log"))
        log.write_text("2026-01-01 00:00:02.000000 <INFO> :third\n")
        read_until(following, "third")
        following.send_signal(signal.SIGINT)
        assert following.wait(10) == 0
    finally:
        following.kill()


def test_status_watch(bed):
    watching = subprocess.Popen([PELORUS, "status", "--json", "--watch=1", *map(str, at(bed))], stdout=subprocess.PIPE, text=True)
    try:
        for _ in range(2):
            assert json.loads(watching.stdout.readline())["leader"]
        watching.send_signal(signal.SIGINT)
        assert watching.wait(10) == 0
    finally:
        watching.kill()


def test_support_bundle(bed):
    bed.set_config(2, "controller.cfg", metricsToken="do-not-tell", somePassword="nor-this")
    out = bed.base / "bundle.tar.gz"
    made = pelorus("support-bundle", "--package", bed.demo(1), bed.demo(2), "--out", out, *at(bed))
    assert made.returncode == 0 and str(out) in made.stdout, made.stderr
    assert out.stat().st_mode & 0o777 == 0o600
    with tarfile.open(out) as bundle:
        files = {name.split("/", 1)[1]: bundle.extractfile(name).read().decode()
                 for name in bundle.getnames() if bundle.getmember(name).isfile()}
    for name in ("versions.txt", "doctor.json", "doctor.txt", "package1/config/cluster.nodes", "package1/log/controller.log",
                 "cluster/getClusterPerf.json", "cluster/getClusterChunksStatus.json"):
        assert files[name], sorted(files)
    everything = "\n".join(files.values())
    assert "do-not-tell" not in everything and "nor-this" not in everything and "metricsToken=(removed)" in everything
    before = out.read_bytes()
    again = pelorus("support-bundle", "--package", bed.demo(1), "--out", out)
    assert again.returncode != 0 and out.read_bytes() == before and "not replaced" in again.stderr


def test_completion_and_manual_page(bed):
    share = pathlib.Path(PACKAGE) / "server" / "share"
    for shell, place in (("bash", "bash-completion/completions/pelorus"), ("zsh", "zsh/site-functions/_pelorus"),
                         ("fish", "fish/vendor_completions.d/pelorus.fish"), ("man", "man/man1/pelorus.1")):
        assert (share / place).read_text() == pelorus("completion", shell).stdout
    script = pelorus("completion", "bash").stdout
    asked = subprocess.run(["bash", "-c", script + 'COMP_WORDS=(pelorus doctor --js); COMP_CWORD=2; _pelorus; echo "${COMPREPLY[@]}"; '
                            'COMP_WORDS=(pelorus config ex); _pelorus; echo "${COMPREPLY[@]}"; '
                            'COMP_WORDS=(pelorus sup); COMP_CWORD=1; _pelorus; echo "${COMPREPLY[@]}"'], capture_output=True, text=True)
    assert asked.stdout.split("\n")[:3] == ["--json", "explain", "support-bundle"], asked


def test_a_bed_that_nobody_answers_ends_with_four():
    assert pelorus("status", "--watch=1", "--host", HOST, "--port", "1").returncode == 4
