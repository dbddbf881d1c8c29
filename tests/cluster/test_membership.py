"""Members come and go while a client writes: controllers 3 to 4 to 5 and back to 3, a data node added, another drained and removed."""
import os
import re
import shutil

import pytest

from bed import HOST, Bed, alive, wait_until
from writer import Writer

PACKAGE = os.environ["PELORUS_PACKAGE"]
DATABASE, TABLE = "dfs://moving", "writes"


class GrowingBed(Bed):
    """The three packages, and more of them for controllers that come later."""

    def __init__(self, package, request=None):
        super().__init__(package, request)
        self.ports.update(controller4=self.base_port + 5, controller5=self.base_port + 6, node4=self.base_port + 10)
        self.spare_port = self.base_port + 11

    def packages(self):
        return [k for k in range(1, 6) if self.demo(k).exists()]

    def stop(self):
        for k in self.packages():
            self.script(k, "stopAllNode.sh", check=False)

    def logs(self, lines=40):
        text = []
        for k in self.packages():
            for log in sorted((self.demo(k) / "log").glob("*.log")):
                tail = log.read_text(errors="replace").splitlines()[-lines:]
                text.append(f"--- {log.relative_to(self.base)}\n" + "\n".join(tail))
        return "\n".join(text)

    def order_at(self, site, script):
        """True when the order was carried out."""
        self.run(script, site=site)
        return True

    def edit(self, k, file, change):
        path = self.demo(k) / "config" / file
        path.write_text(change(path.read_text()))

    def add_controller(self, k, **options):
        """As an operator does: the cluster is told, a new package gets the four files, its controller is started."""
        alias = f"controller{k}"
        flag = ", false" if options.get("promote") is False else ""
        self.run(f"addController('{HOST}', {self.ports[alias]}, `{alias}{flag})")
        shutil.copytree(self.package / "server", self.demo(k).parent, symlinks=True)
        for name in ("controller.cfg", "agent.cfg", "cluster.cfg"):
            shutil.copy(self.demo(1) / "config" / name, self.demo(k) / "config" / name)
        self.write_nodes(k)
        self.edit(k, "controller.cfg", lambda text: re.sub(r"localSite=\S+", f"localSite={self.site(alias)}:{alias}", text)
                  .replace("dolphindb_1/dfsMeta", f"dolphindb_{k}/dfsMeta"))
        self.script(k, "startController.sh")

    def write_nodes(self, k):
        lines = ["localSite,mode"] + list(self.run("getClusterNodesCfg()"))
        (self.demo(k) / "config" / "cluster.nodes").write_text("\n".join(lines) + "\n")

    def members(self, site="node1"):
        return {row["alias"]: row for _, row in self.run("getClusterMembers()", site=site).iterrows()}

    def votes(self):
        return {alias: row["vote"] for alias, row in self.members().items() if row["role"] == "controller"}

    def wait_votes(self, seconds=60, **votes):
        wait_until(lambda: {alias: vote for alias, vote in self.votes().items()} == votes, seconds, f"votes are {votes}")

    def refused(self, script, site="node1"):
        with pytest.raises(Exception) as refusal:
            self.run(script, site=site)
        return str(refusal.value)


@pytest.fixture(scope="module")
def bed(request):
    with GrowingBed(PACKAGE, request) as cluster:
        cluster.start()
        cluster.start_nodes()
        cluster.run(f"""
            db = database('{DATABASE}', VALUE, 1..100)
            db.createPartitionedTable(table(1:0, `id`batch, [INT, INT]), `{TABLE}, `id)
        """)
        yield cluster


@pytest.fixture(scope="module")
def writer(bed):
    with Writer(bed, DATABASE, TABLE) as client:
        client.wait_for_more(30, "at first")
        yield client


def is_out(bed, alias):
    """Its process has ended and said why."""
    pid = bed.pid(alias)
    state = (bed.home(alias) / "node.state").read_text()
    log = (bed.demo(int(alias[-1])) / "log" / "controller.log").read_text()
    return (pid is None or not alive(pid)) and state.startswith("failed") and "was removed from the cluster" in state + log


def test_controllers_are_added_one_after_the_other(bed, writer):
    bed.add_controller(4)
    bed.wait_votes(controller1="voter", controller2="voter", controller3="voter", controller4="voter")
    writer.wait_for_more(30, "with four controllers")
    bed.add_controller(5, promote=False)
    wait_until(lambda: bed.votes().get("controller5") == "learner", 30, "controller5 learns")
    assert "is no voter" in bed.refused("transferLeader(`controller5)")
    bed.run("promoteController(`controller5)")
    assert bed.votes()["controller5"] == "voter", "the function returns when it votes"
    writer.wait_for_more(30, "with five controllers")
    assert "already" in bed.refused(f"addController('{HOST}', {bed.spare_port}, `controller5)")
    assert "one address" in bed.refused(f"addController('{HOST}', {bed.ports['controller1']}, `controller6)")


def test_the_leadership_is_transferred(bed, writer):
    bed.run("transferLeader(`controller4)")
    assert bed.leader() == "controller4"
    assert bed.run("transferLeader()") != "controller4"
    bed.run("transferLeader(`controller4)")
    writer.wait_for_more(30, "under another leader")
    assert "no controller" in bed.refused("transferLeader(`node1)")


def test_old_controllers_are_removed_and_their_processes_end(bed, writer):
    assert "controllers are controller1" in bed.refused("removeController(`node1)")
    bed.run("removeController(`controller2)")
    assert "controller2" not in bed.votes()
    wait_until(lambda: is_out(bed, "controller2"), 30, "controller2 has ended")
    bed.run("transferLeader(`controller1)")
    bed.run("removeController(`controller1)")  # the leader: hands over first
    assert "controller1" not in bed.votes()
    wait_until(lambda: is_out(bed, "controller1"), 30, "controller1 has ended")
    bed.controllers = ("controller3", "controller4", "controller5")
    writer.wait_for_more(30, "with three other controllers")
    # One that is started again is told so once more and disturbs nobody.
    leader = bed.leader()
    bed.script(2, "startController.sh", check=False)
    wait_until(lambda: is_out(bed, "controller2"), 30, "controller2 has ended again")
    assert bed.leader() == leader
    writer.wait_for_more(30, "after a removed controller came back")


def test_changes_that_would_cost_the_majority_are_refused(bed, writer):
    victim = next(alias for alias in bed.controllers if alias != bed.leader())
    other = next(alias for alias in bed.controllers if alias not in (bed.leader(), victim))
    bed.kill(victim)
    wait_until(lambda: bed.members()[victim]["state"] == 0, 20, f"{victim} counts as silent")
    for change in ("removeController", "demoteController"):
        refusal = bed.refused(f"{change}(`{other})")
        assert "1 live of 2 voters" in refusal and victim in refusal, refusal
    assert bed.logs(1000).count("would leave 1 live of 2 voters") == 2, "a refusal is the last word: nobody asks again"
    bed.restart_controller(victim)
    wait_until(lambda: bed.members()[victim]["state"] == 1, 30, f"{victim} is back")
    bed.run(f"demoteController(`{victim})")
    assert bed.votes()[victim] == "learner"
    bed.run(f"promoteController(`{victim})")


def test_a_controller_moves_to_another_address(bed, writer):
    assert "is running" in bed.refused(f"moveMember(`controller5, '{HOST}', {bed.spare_port})")
    bed.script(5, "stopAllNode.sh")
    assert "one address" in bed.refused(f"moveMember(`controller5, '{HOST}', {bed.ports['node1']})")
    bed.run(f"moveMember(`controller5, '{HOST}', {bed.spare_port})")
    before = bed.ports["controller5"]
    bed.ports["controller5"] = bed.spare_port
    bed.edit(5, "controller.cfg", lambda text: text.replace(f"{HOST}:{before}:", f"{HOST}:{bed.spare_port}:"))
    bed.write_nodes(5)
    bed.script(5, "startController.sh")
    wait_until(lambda: bed.members()["controller5"]["state"] == 1, 30, "controller5 runs at its new address")
    bed.run("transferLeader(`controller5)")
    assert bed.leader() == "controller5"
    writer.wait_for_more(30, "under a controller that moved")


def test_a_data_node_comes_and_another_is_drained_and_removed(bed, writer):
    bed.run("setRecoveryThrottle(50)")
    assert bed.run("getRecoveryThrottle()") == 50
    bed.run(f"addNode('{HOST}', {bed.ports['node4']}, `node4)")
    wait_until(lambda: bed.order_at("node1", "startDataNode(`node4)"), 30, "the agent takes orders")
    wait_until(lambda: bed.members()["node4"]["state"] == 1, 60, "node4 runs")
    assert "Move the replicas" in bed.refused("removeNode(`node3, true)")
    bed.run("drainNode(`node3, true)")
    assert bed.members()["node3"]["chunks"] == 0
    assert bed.run("exec state from getDrainStatus()")[0] == "drained"
    writer.wait_for_more(30, "after node3 was drained")
    assert bed.members()["node3"]["chunks"] == 0, "nothing new went there"
    assert "is running" in bed.refused("removeNode(`node3)")
    bed.run("stopDataNode(`node3)")
    bed.run("removeNode(`node3)")
    assert "node3" not in bed.members()
    assert "only one on the host" in bed.refused("removeNode(`agent1, true)")
    bed.run("stopDataNode(`node4)")
    refusal = bed.refused("drainNode(`node2)")
    assert "No node can take" in refusal and "dfsReplicationFactor" in refusal, refusal
    bed.run("startDataNode(`node4)")
    wait_until(lambda: bed.members()["node4"]["state"] == 1, 60, "node4 runs again")


def test_nothing_was_lost_and_the_check_says_so(bed, writer):
    writer.wait_for_more(30, "at last")
    writer.process.kill()
    writer.process.wait()
    print(writer.summary())
    bed.wait_equal_replicas(DATABASE, TABLE, seconds=180)
    writer.check(bed, DATABASE, TABLE)
    plan = bed.run("rebalanceChunksAmongDataNodes(true, 0)")
    assert list(plan.columns) == ["srcNode", "chunkId", "destNode", "destVolume"]
    wait_until(lambda: len(bed.run("rebalanceChunksAmongDataNodes(false, 0)")) == 0
               and len(bed.run("getRecoveryTaskStatus()")) == 0, 180, "an even spread")
    counts = [row["chunks"] for row in bed.members().values() if row["role"] == "datanode"]
    assert sum(counts) == 200 and max(counts) - min(counts) <= 1, counts
    bed.wait_equal_replicas(DATABASE, TABLE, seconds=180)
    writer.check(bed, DATABASE, TABLE)
    checks = {row["check"]: (row["ok"], row["detail"]) for _, row in bed.run("checkCluster()").iterrows()}
    wrong = {check: detail for check, (ok, detail) in checks.items() if not ok}
    assert set(wrong) <= {"voters on hosts"}, wrong  # pseudo-HA: all on one host
    assert "equal replicas" in checks and "quorum" in checks
