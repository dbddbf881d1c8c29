"""The same over real ssh: hosts are namespaces with an sshd of their own, the tool runs on the operator's desk."""
import json
import os
import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "hosts"))
from hosts import Network, Refused, wait_until  # noqa: E402

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "seed-configs" / "single"


class Hosts:
    """The seed's first deployment on server 1; the others are bare."""

    def __init__(self, package, count):
        self.package = pathlib.Path(package).resolve()
        self.network = Network(count, share=[self.package])
        self.desk = self.network.desk
        self.password = None

    def deploy(self):
        one = self.network.host(1)
        one.run("mkdir -p /ssd/ssd1")
        for k in (1, 2, 3):
            one.run(f"mkdir -p /home/dolphindb_{k} && cp -r {self.package}/server /home/dolphindb_{k}/")
            config = one.root / f"home/dolphindb_{k}/server/clusterDemo/config"
            for file in (FIXTURES / f"dolphindb_{k}").iterdir():
                (config / (re.split(r"\d_", file.name)[0] + file.suffix)).write_bytes(file.read_bytes())
            one.run(f"cd /home/dolphindb_{k}/server/clusterDemo && sh startController.sh")
        one.run("cd /home/dolphindb_1/server/clusterDemo && sh startAgent.sh")
        log = "cat /home/dolphindb_*/server/clusterDemo/log/controller.log"
        found = wait_until(lambda: re.search(r"User admin has the password (\S+)", one.run(log, check=False).stdout), 30, "the password")
        self.password = found[1]
        wait_until(lambda: self.ask("172.0.0.1:9901", "startDataNode(`node1`node2`node3)") is None, 30, "the agent takes orders")
        wait_until(lambda: all(row["state"] == 1 for row in self.members()), 60, "everything online")

    def ask(self, site, script):
        return self.desk.ask(site, script, password=self.password)

    def members(self, site="172.0.0.1:9901"):
        rows = self.tool("run", "-e", "getClusterMembers()", "--json", "--host", site.split(":")[0], "--port", site.split(":")[1])
        table = json.loads(rows.stdout)["value"]
        return [dict(zip(table["columns"], row)) for row in table["rows"]]

    def tool(self, *words, check=True, timeout=600):
        quoted = " ".join(f"'{word}'" for word in words)
        return self.desk.run(f"export PELORUS_PASSWORD='{self.password}'; {self.package}/server/pelorus {quoted} -u admin",
                             check=check, timeout=timeout)

    def migrate(self, *words, **options):
        return self.tool("migrate", *words, "--state", "/root/state", "--lang", "en", **options)

    def move_to(self, *numbers):
        hosts = ",".join(f"172.0.0.{k}" for k in numbers)
        plan = json.loads(self.migrate("plan", "--to-hosts", hosts, "--host", "172.0.0.1", "--port", "9901", "--json").stdout)["id"]
        print(self.migrate("apply", plan).stderr[-400:])
        return plan


@pytest.fixture
def hosts():
    try:
        made = Hosts(os.environ["PELORUS_PACKAGE"], 5)
    except Refused as reason:
        pytest.skip(str(reason))
    try:
        made.deploy()
        yield made
    finally:
        made.network.close()


def test_one_to_three_to_five_and_back(hosts):
    hosts.ask("172.0.0.1:9907", """
        db = database('dfs://single_test', VALUE, 1..100)
        t = db.createPartitionedTable(table(1:0, `id`name, [INT, SYMBOL]), `table1, `id)
        t.append!(table(take(1..100, 10000) as id, take(`a`b`c, 10000) as name))
    """)
    for numbers in ((1, 2, 3), (1, 2, 3, 4, 5), (1, 2, 3)):
        plan = hosts.move_to(*numbers)
        members = hosts.members()
        assert len(members) == 3 * len(numbers) and {row["host"] for row in members} == {f"172.0.0.{k}" for k in numbers}
        assert all(row["state"] == 1 for row in members)
        assert "equal" in hosts.migrate("verify", plan).stdout
        hosts.migrate("finish", plan, "--yes")
        assert hosts.ask("172.0.0.1:9907", "exec count(*) from loadTable('dfs://single_test', 'table1')") == 10000


def test_a_dead_host_is_replaced(hosts):
    hosts.ask("172.0.0.1:9907", """
        db = database('dfs://single_test', VALUE, 1..10)
        t = db.createPartitionedTable(table(1:0, `id`name, [INT, SYMBOL]), `table1, `id)
        t.append!(table(take(1..10, 1000) as id, take(`a`b`c, 1000) as name))
    """)
    hosts.move_to(1, 2, 3)
    hosts.network.host(2).power_off()
    wait_until(lambda: sum(row["state"] == 0 for row in hosts.members()) == 3, 30, "the lost host's members count as dead")
    shown = hosts.migrate("plan", "--replace", "172.0.0.2=172.0.0.4", "--host", "172.0.0.1", "--port", "9901", "--json")
    hosts.migrate("apply", json.loads(shown.stdout)["id"])
    members = hosts.members()
    assert {row["host"] for row in members} == {"172.0.0.1", "172.0.0.3", "172.0.0.4"} and all(row["state"] == 1 for row in members)
    assert hosts.ask("172.0.0.1:9907", "exec count(*) from loadTable('dfs://single_test', 'table1')") == 1000
