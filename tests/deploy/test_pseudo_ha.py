"""Three controllers, an agent and three data nodes on one loopback address, without ssh."""
import json
import os
import shutil
import socket
import ssl
import stat
import subprocess
import time

import dolphindb
import pytest

from bench import Deploy, TOOL, free_port, https_status, password_of, processes_below, stop_everything, wait_until

HOST = os.environ.get("PELORUS_BED_HOST", "127.0.0.1")


@pytest.fixture
def bed(tmp_path):
    directory = tmp_path / "cluster"
    yield Deploy(directory, "--hosts", HOST, "--port", free_port(HOST), "--pseudo-ha", "--local")
    stop_everything(directory)
    shutil.rmtree(directory, ignore_errors=True)


def port_of(bed):
    return int(bed.options[bed.options.index("--port") + 1])


def ask(bed, script, password, port=None):
    session = dolphindb.Session(show_output=False)
    assert session.connect(HOST, port or port_of(bed), "admin", password), "no login"
    try:
        return session.run(script)
    finally:
        session.close()


def check_cluster(bed, password):
    """All seven nodes are online; a table survives a round."""
    table = ask(bed, "select name, state from getClusterPerf(true)", password)
    assert sorted(table["name"]) == ["agent1", "controller1", "controller2", "controller3", "node1", "node2", "node3"]
    assert all(table["state"] == 1)
    assert ask(bed, "exec count(*) from getClusterPerf() where mode == 0", password) == 3
    assert not ask(bed, 'existsDatabase("dfs://pelorus_deploy_check")', password, port_of(bed) + 4)


def greet_as_a_node(port):
    """What a node in plain text is answered."""
    with socket.create_connection((HOST, port), timeout=10) as plain:
        plain.sendall(b"PRPC\x10\x00\x00\x00" + bytes(16))
        return plain.recv(4096)


def test_from_nothing_to_a_cluster_and_nothing_to_do_after(bed):
    first = bed.run()
    print(first.stderr)
    password = password_of(first.stdout)
    assert len(password) == 20
    check_cluster(bed, password)
    keys = bed.directory / "keys"
    for name in ("cluster.key", "serverPrivate.key", "ca.key"):
        assert stat.S_IMODE((keys / name).stat().st_mode) == 0o600, name
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    # The password is nowhere any more, and never was in a configuration or a list of processes.
    assert not (keys / "initial-admin-password").exists()
    found = subprocess.run(["grep", "-rlF", password, str(bed.directory)], capture_output=True, text=True)
    assert found.stdout == ""
    for pid in processes_below(bed.directory):
        with open(f"/proc/{pid}/cmdline", "rb") as line:
            assert password.encode() not in line.read()
    # Plain and TLS on one port, for controllers and data nodes.
    for offset in (0, 4):
        assert https_status(HOST, port_of(bed) + offset, keys / "ca.crt").startswith("HTTP/1.1 ")
        assert b"takes only TLS from other nodes" in greet_as_a_node(port_of(bed) + offset)
    pids = processes_below(bed.directory)
    began = time.monotonic()
    second = bed.run()
    took = time.monotonic() - began
    print(f"nothing to do after {took:.1f} s")
    assert "Nothing to do" in second.stderr and took < 10, (took, second.stderr)  # 3 s where nobody else works
    assert password not in second.stdout
    assert processes_below(bed.directory) == pids
    assert bed.json()["status"] == "unchanged"


STEPS = ["Checking", "Plan", "Installing", "Configuring", "Starting", "leader:", "nodes are online", "Proving"]


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_it_goes_on_when_run_again(bed, step):
    bed.kill_when(step)
    done = bed.run()
    check_cluster(bed, password_of(done.stdout))
    assert "Nothing to do" in bed.run().stderr


def test_killed_at_any_moment_it_goes_on_when_run_again(bed):
    for milliseconds in (300, 900, 1700, 2600):
        process = bed.start()
        time.sleep(milliseconds / 1000)  # the moment is the test
        process.kill()
        process.communicate()
    again = bed.run()
    # The last attempt may have told the password before it was killed; then it is not told again.
    if "password  " in again.stdout:
        check_cluster(bed, password_of(again.stdout))
    assert "Nothing to do" in bed.run().stderr


def test_killed_leaders_are_started_again_without_a_password(bed):
    password = password_of(bed.run().stdout)
    for _ in range(3):
        leader = ask(bed, "exec first(name) from getClusterPerf(true) where isLeader", password)
        home = bed.directory / f"dolphindb_{leader[-1]}/server/clusterDemo/data/{leader}"
        pid = int((home / "node.pid").read_text().split()[0].removeprefix("pid="))
        os.kill(pid, 9)
        wait_until(lambda: pid not in processes_below(bed.directory), 10, f"{leader} gone")
        assert "left out" in bed.run().stderr
        check_cluster(bed, password)
    # Settings are the operator's; members are not deploy's to change.
    (bed.directory / "dolphindb_1/server/clusterDemo/config/cluster.cfg").open("a").write("logLevel=DEBUG\n")
    assert "Nothing to do" in bed.run().stderr
    refused = bed.run("--data-nodes", "2", wanted=7)
    assert "pelorus migrate" in refused.stderr


def test_run_again_it_renews_certificates_that_end_soon(bed):
    password = password_of(bed.run().stdout)
    keys = bed.directory / "keys"
    pids = processes_below(bed.directory)

    def shown(port):
        context = ssl.create_default_context(cafile=keys / "ca.crt")
        with socket.create_connection((HOST, port), timeout=10) as plain:
            with context.wrap_socket(plain, server_hostname=HOST) as sealed:
                return sealed.getpeercert()["serialNumber"]

    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)

    first = shown(port_of(bed))
    (keys / "extensions").write_text(f"subjectAltName=IP:{HOST}\nextendedKeyUsage=serverAuth,clientAuth\n")
    openssl("req", "-new", "-key", keys / "serverPrivate.key", "-subj", "/CN=short", "-out", keys / "request")
    openssl("x509", "-req", "-in", keys / "request", "-CA", keys / "ca.crt", "-CAkey", keys / "ca.key", "-CAcreateserial", "-days", "29",
            "-extfile", keys / "extensions", "-out", keys / "server.crt")
    wait_until(lambda: shown(port_of(bed)) != first, 20, "the short-lived one is shown")
    short = shown(port_of(bed))
    authority = (keys / "ca.crt").read_bytes()
    # Without the authority's key nothing is exchanged, and no other authority made.
    (keys / "ca.key").rename(keys / "kept")
    assert "keys/ca.key" in bed.run(wanted=8).stderr
    (keys / "kept").rename(keys / "ca.key")
    bed.run()
    wait_until(lambda: shown(port_of(bed)) not in (first, short), 20, "the renewed one is shown")
    renewed = shown(port_of(bed))
    assert (keys / "ca.crt").read_bytes() == authority
    assert "Nothing to do" in bed.run().stderr
    bed.run("--renew-certificates")
    for offset in (0, 3, 4):
        wait_until(lambda: shown(port_of(bed) + offset) not in (first, short, renewed), 20, "all were renewed")
    assert processes_below(bed.directory) == pids, "no process was restarted"
    check_cluster(bed, password)


def test_plan_checks_and_refusals_change_nothing(bed, tmp_path):
    planned = bed.run("--dry-run")
    for word in ("controller3", "when lost", "metadata", "checks are good"):
        assert word in planned.stdout
    chinese = bed.run("--dry-run", "--lang", "zh")
    assert "剩余投票者" in chinese.stdout and "计划" in chinese.stderr
    plan = bed.json("--dry-run")
    assert plan["status"] == "planned" and len(plan["nodes"]) == 7 and plan["loss"][0]["metadata"] is False
    checked = bed.json("check")
    assert len({row["check"] for row in checked["checks"]}) >= 30
    assert not bed.directory.exists()
    # Taken by others: the directory, a port.
    bed.directory.mkdir()
    (bed.directory / "precious").write_text("x")
    refused = bed.run("check", wanted=9)
    assert "directory-content" in refused.stdout
    bed.run(wanted=9)
    assert os.listdir(bed.directory) == ["precious"]
    # Layouts that promise more than they hold.
    line = [str(TOOL), "deploy", "--local", "--directory", str(tmp_path / "x"), "--port", str(port_of(bed)), "--json", "--hosts"]
    for hosts, options in (("127.0.14.1,127.0.14.2", []), (HOST, ["--controllers", "3"]), (HOST, ["--data-nodes", "2"])):
        done = subprocess.run([*line, hosts, *options], capture_output=True, text=True)
        assert done.returncode == 7, done.stderr
        assert json.loads(done.stdout)["status"] == "refused"
    assert not (tmp_path / "x").exists()
    for words, status in ((["--hosts", "a,a"], 2), (["--hosts", "a", "--lang", "fr"], 2), ([], 2), (["--topology", "/nonexistent"], 3)):
        assert subprocess.run([str(TOOL), "deploy", *words], capture_output=True).returncode == status


def test_a_topology_file_and_a_chosen_password(tmp_path):
    directory = tmp_path / "cluster"
    port = free_port(HOST)
    topology = tmp_path / "trial.topology"
    topology.write_text(f"name = trial\nhosts = {HOST}\ndirectory = {directory}\ndata = {tmp_path}/data\nport = {port}\n"
                        "pseudo ha = yes\ntls = no\n")
    bed = Deploy(directory, "--topology", topology, "--port", port, "--local")
    try:
        bed.run(password="Chosen-by-me-9")
        check_cluster(bed, "Chosen-by-me-9")
        assert (tmp_path / "data/node1/volumes").is_dir()
        assert not (directory / "keys/server.crt").exists()
        assert (directory / ".pelorus-deploy").read_text() == "trial\n"
        assert "cluster-name" in bed.run("--name", "other", "check", wanted=9).stdout
    finally:
        stop_everything(directory)
