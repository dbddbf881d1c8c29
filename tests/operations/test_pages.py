"""What docs/operations prints is typed on hosts of namespaces, line by line, and does what the page says."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from page import Reader, command, commands

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "migrate"), str(TESTS / "hosts")]
from hosts import Network, Refused, check_machine, wait_until  # noqa: E402
from hosts_cluster import HostsCluster, start_single  # noqa: E402

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
    assert "0 problem, " in shown, shown
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
PLAN, APPLY, STATUS, VERIFY, FINISH = (command("migrate.md", words) for words in (
    "plan --to-hosts", "migrate apply", "migrate status", "migrate verify", "migrate finish"))


@pytest.fixture
def make_seed():
    made = []

    def make(start=HostsCluster.deploy):
        cluster = HostsCluster(PACKAGE, 3)
        made.append(cluster)
        start(cluster)
        return cluster, Reader(cluster.desk, PACKAGE, cluster.password, replaced={
            "10.0.0.": "172.0.0.", "10.0.1.": "172.0.1.", "--ssh-user dolphindb": "--ssh-user root", "/opt/dolphindb": "/home/dolphindb"})

    yield make
    for cluster in made:
        cluster.close()


def is_whole(cluster, *hosts):
    return {row["host"] for row in cluster.members()} == set(hosts) and all(row["state"] == 1 for row in cluster.members())


def test_migrate_to_three_hosts_and_within_them(make_seed):
    cluster, reader = make_seed()
    cluster.make_table()
    first = cluster.network.host(1)
    reader.replaced["--port 9901 -u admin --json"] = "--host 172.0.0.1 --port 9901 -u admin --json"
    reader.type(command("doctor.md", "--json"), statuses=(0, 9), on=first)
    reader.type(command("migrate.md", "plan --from-config"), on=first)
    for line in (PLAN, APPLY, STATUS, VERIFY):
        reader.type(line)
    reader.type(FINISH, statuses=(7,))  # it shows what would be deleted
    reader.type(f"{FINISH} --yes")
    assert is_whole(cluster, "172.0.0.1", "172.0.0.2", "172.0.0.3")
    host = cluster.network.host(2)
    host.run("mkdir -p /nvme /hdd && ip addr add 172.0.1.2/16 dev eth0")
    for other in (cluster.desk, first, cluster.network.host(3)):
        other.run("ip route add 172.0.1.0/24 dev eth0")
    for line in (command("migrate.md", "/ssd=/hdd"), command("migrate.md", "/ssd=/nvme"), APPLY, VERIFY, f"{FINISH} --yes"):
        reader.type(line)
    assert host.run("find /nvme -type f | head -n 1").stdout and not host.run("find /ssd -type f | head -n 1").stdout
    for line in (command("migrate.md", "--move-host"), APPLY, VERIFY, f"{FINISH} --yes"):
        reader.type(line)
    wait_until(lambda: is_whole(cluster, "172.0.0.1", "172.0.1.2", "172.0.0.3"), 60, "everybody is there")


def test_migrate_offline(make_seed):
    cluster, reader = make_seed()
    cluster.make_table()
    for line in (command("migrate.md", "--offline", "--port"), APPLY, VERIFY):
        reader.type(line)
    wait_until(lambda: is_whole(cluster, "172.0.0.1", "172.0.0.2", "172.0.0.3"), 60, "everybody is there")
    reader.type(APPLY.replace("apply", "rollback"))
    wait_until(lambda: is_whole(cluster, "172.0.0.1"), 60, "everybody is back")
    for k in (1, 2, 3):
        cluster.network.host(1).run(f"cd /home/dolphindb_{k}/server/clusterDemo && sh stopAllNode.sh")
    for line in (command("migrate.md", "--offline", "--from-config"), APPLY, STATUS, VERIFY, f"{FINISH} --yes"):
        reader.type(line)
    wait_until(lambda: is_whole(cluster, "172.0.0.1", "172.0.0.2", "172.0.0.3"), 60, "everybody is there")


def test_migrate_a_single_node(make_seed):
    cluster, reader = make_seed(start_single)
    for line in (command("migrate.md", "--to-cluster"), APPLY, VERIFY, f"{FINISH} --yes"):
        reader.type(line)
    wait_until(lambda: is_whole(cluster, "172.0.0.1"), 60, "everybody is there")


def test_every_command_of_the_pages_was_typed():
    """By the tests above, which must all have run."""
    printed = {line for page in PAGES for block in commands(f"{page}.md") for line in block if line.startswith("pelorus ")}
    assert len(printed) > 20
    assert not printed - Reader.typed, printed - Reader.typed
