"""What docs/operations prints is typed on hosts of namespaces, line by line, and does what the page says."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from page import Reader, commands

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "migrate"), str(TESTS / "hosts")]
from hosts import Network, Refused, check_machine, wait_until  # noqa: E402
from hosts_cluster import HostsCluster  # noqa: E402

PACKAGE = pathlib.Path(os.environ["PELORUS_PACKAGE"]).resolve()
PAGES = ("deploy", "doctor", "migrate", "upgrade")


@pytest.fixture(scope="module", autouse=True)
def machine():
    try:
        check_machine()
    except Refused as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_print_the_same_commands(page):
    def bare(name):
        return [[line.replace(" --lang zh", "").replace(" --json", "") for line in block] for block in commands(name)]

    assert bare(f"{page}.zh.md") == bare(f"{page}.md")


# --- deploy, doctor, upgrade: a cluster that deploy made
def make_next(folder):
    """The package of the next version."""
    shutil.copytree(PACKAGE / "server", folder / "server", symlinks=True)
    for name in ("pelorusd", "dolphindb"):
        (folder / "server" / name).unlink()
    shutil.copy2(os.environ["PELORUS_NEXT"], folder / "server/pelorusd")
    subprocess.run(["strip", "--strip-debug", folder / "server/pelorusd"], check=True)
    os.link(folder / "server/pelorusd", folder / "server/dolphindb")


@pytest.fixture(scope="module")
def deployed():
    with Network(3, share=[PACKAGE]) as network:
        make_next(network.common / "pelorus-0.2.0")
        yield Reader(network.desk, PACKAGE, replaced={
            "10.0.0.1": "172.0.0.", "--user dolphin": "--user root", "--ssh-user pelorus": "--ssh-user root",
            "/tmp/pelorus-0.2.0": str(network.common / "pelorus-0.2.0")})


def test_deploy(deployed):
    hosts, alone, certificates = commands("deploy.md")
    for line in hosts:
        shown = deployed.type(line)
    deployed.password = re.search(r"admin   password  (\S+)", shown)[1]
    for line in alone:
        assert "admin   password" in deployed.type(line)
    deployed.type("mkdir -p /root/own && cd /root/own && " + " && ".join(certificates))
    assert "OK" in deployed.type("openssl verify -CAfile /root/own/ca.crt -verify_ip 10.0.0.11 /root/own/server.crt")


def test_doctor_of_a_deployed_cluster(deployed):
    live, package, _ = commands("doctor.md")[0]
    shown = deployed.type(live, statuses=(0, 9))
    assert "problem" not in shown, shown
    deployed.replaced["/opt/dolphindb_1"] = "/opt/pelorus"
    deployed.type(package, statuses=(0, 9), on=deployed.host.network.host(1))


def test_upgrade(deployed):
    (password, plan, apply, status, rollback, finalize, restart), = commands("upgrade.md")
    for line in (password, plan, apply, status, rollback):
        deployed.type(line)
    for line in (plan, apply):
        deployed.type(line)
    deployed.type(finalize, statuses=(7,))
    assert "finalized" in deployed.type(f"{finalize} --yes") + deployed.type(status)
    for line in (restart, apply):
        deployed.type(line)


# --- migrate: the seed's cluster
@pytest.fixture(scope="module")
def seed():
    cluster = HostsCluster(PACKAGE, 3)
    try:
        cluster.deploy("single")
        cluster.make_table()
        yield Reader(cluster.desk, PACKAGE, cluster.password,
                     replaced={"10.0.0.": "172.0.0.", "10.0.1.": "172.0.1.", "--ssh-user dolphindb": "--ssh-user root"}), cluster
    finally:
        cluster.close()


def test_doctor_of_the_seeds_packages(seed):
    reader, cluster = seed
    reader.replaced["/opt/dolphindb"] = "/home/dolphindb"
    reader.type(commands("doctor.md")[0][2].replace("--port 9901", "--host 172.0.0.1 --port 9901"), statuses=(0, 9),
                on=cluster.network.host(1))


def test_migrate_to_three_hosts(seed):
    reader, cluster = seed
    first, *others = commands("migrate.md")
    reader.type(others[-1][0], on=cluster.network.host(1))
    *_, finish = first
    for line in first[:-1]:
        reader.type(line)
    reader.type(finish, statuses=(7,))
    reader.type(f"{finish} --yes")
    assert set(cluster.shape()) == {1, 2, 3}


def test_migrate_within_three_hosts(seed):
    reader, cluster = seed
    (_, _, apply, status, verify, finish), _, (move_host,), (move_dir, _), _ = commands("migrate.md")
    host = cluster.network.host(2)
    host.run("mkdir -p /nvme && ip addr add 172.0.1.2/16 dev eth0")
    for other in (cluster.desk, cluster.network.host(1), cluster.network.host(3)):
        other.run("ip route add 172.0.1.0/24 dev eth0")
    for line in (move_dir, apply, verify, f"{finish} --yes"):
        reader.type(line)
    assert host.run("find /nvme -type f | head -n 1").stdout and not host.run("find /ssd -type f | head -n 1").stdout
    for line in (move_host, apply, status, verify, f"{finish} --yes"):
        reader.type(line)
    wait_until(lambda: all(row["state"] == 1 for row in cluster.members()), 60, "everybody is there")
    assert "172.0.1.2" in {row["host"] for row in cluster.members()}
