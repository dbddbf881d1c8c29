"""A cluster on namespace hosts with sshd that `pelorus migrate` changes from the operator's desk, under an official client's load."""
import json
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "hosts"), str(HERE.parent / "cluster")]
import writer as writing  # noqa: E402
from hosts import ENVIRONMENT, Network, wait_until  # noqa: E402

FIXTURES = HERE.parent / "fixtures" / "seed-configs"
SINGLE = "172.0.0.1:8848"
DATABASE, TABLE = "dfs://moving", "batches"
# Packages of each host in the seed's deployments.
DEPLOYMENTS = {"single": {1: (1, 2, 3)}, "dual": {1: (1, 3), 2: (2,)}}


class Client(writing.Writer):
    """A writing or reading client on the desk."""

    def __init__(self, cluster, program, sites):
        self.results = cluster.network.common / f"{pathlib.Path(program).stem}-{time.monotonic_ns()}"
        self.results.touch()
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [*cluster.desk.enter(), sys.executable, str(program), DATABASE, TABLE, "admin", cluster.password, str(self.results), *sites],
            env=ENVIRONMENT | {"PELORUS_WRITER_PAUSE": str(cluster.writer_pause)}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class HostsCluster:
    writer_pause = 0.0  # seconds between two batches

    def __init__(self, package, count):
        self.package = pathlib.Path(package).resolve()
        self.network = Network(count, share=[self.package])
        self.desk = self.network.desk
        self.password = None
        self.clients = []

    def close(self):
        for client in self.clients:
            client.process.kill()
        self.network.close()

    # --- the seed's deployments
    def deploy(self, deployment="single"):
        for number, packages in DEPLOYMENTS[deployment].items():
            host = self.network.host(number)
            host.run("mkdir -p /ssd/ssd1")
            for k in packages:
                host.run(f"mkdir -p /home/dolphindb_{k} && cp -r {self.package}/server /home/dolphindb_{k}/")
                config = host.root / f"home/dolphindb_{k}/server/clusterDemo/config"
                for file in (FIXTURES / deployment / f"dolphindb_{k}").iterdir():
                    (config / (re.split(r"\d_", file.name)[0] + file.suffix)).write_bytes(file.read_bytes())
        for number, packages in DEPLOYMENTS[deployment].items():
            for k in packages:
                self.network.host(number).run(f"cd /home/dolphindb_{k}/server/clusterDemo && sh startController.sh")
            self.network.host(number).run(f"cd /home/dolphindb_{packages[0]}/server/clusterDemo && sh startAgent.sh")
        found = wait_until(lambda: re.search(r"User admin has the password (\S+)", self.logs()), 30, "the password")
        self.password = found[1]
        wait_until(lambda: self.desk.ask("172.0.0.1:9901", "startDataNode(`node1`node2`node3)", password=self.password) is None, 30,
                   "the agents take orders")
        wait_until(lambda: all(row["state"] == 1 for row in self.members()), 60, "everything online")

    def logs(self):
        return "\n".join(path.read_text(errors="replace") for host in self.network.hosts.values()
                         for path in host.root.glob("home/*/server/clusterDemo/log/*.log"))

    def make_table(self):
        self.ask(f"""
            db = database('{DATABASE}', RANGE, 1 11 21 31 41 51 61 71 81 91 101)
            db.createPartitionedTable(table(1:0, `id`batch, [INT, INT]), `{TABLE}, `id)
            still = database('dfs://still', VALUE, 1..5)
            t = still.createPartitionedTable(table(1:0, `id`name, [INT, SYMBOL]), `table1, `id)
            t.append!(table(take(1..5, 1000) as id, take(`a`b`c, 1000) as name))
            createUser('reader', 'reader_1')
            def stillCount() {{ return exec count(*) from loadTable('dfs://still', `table1) }}
            addFunctionView(stillCount)
        """)

    # --- asking
    def members(self):
        """getClusterMembers() by whoever answers; the last answer tells whom to ask next."""
        known = getattr(self, "controllers", []) or [("172.0.0.1", 9901)]
        last = None
        for host, port in known:
            try:
                shown = self.tool("run", "-e", "getClusterMembers()", "--json", "--host", host, "--port", port, timeout=60)
                table = json.loads(shown.stdout)["value"]
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                last = error
                continue
            rows = [dict(zip(table["columns"], row)) for row in table["rows"]]
            self.controllers = [(row["host"], row["port"]) for row in rows if row["role"] == "controller" and row["state"] == 1]
            return rows
        raise RuntimeError(f"no controller of {known} answers: {last}")

    def data_sites(self):
        return [f"{row['host']}:{row['port']}" for row in self.members() if row["role"] == "datanode" and row["state"] == 1]

    def ask(self, script, **options):
        return self.desk.ask(self.data_sites()[0], script, password=self.password, **options)

    def ask_controllers(self, script, **options):
        leader = next(row for row in self.members() if row["isLeader"])
        return self.desk.ask(f"{leader['host']}:{leader['port']}", script, password=self.password, **options)

    def tails(self, lines=15):
        """The ends of all logs."""
        return "\n".join(f"--- {host.name} {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
                         for host in self.network.hosts.values() for path in sorted(host.root.glob("home/*/server/clusterDemo/log/*.log")))

    def shape(self):
        """{last number of the host: sorted aliases}"""
        hosts = {}
        for row in self.members():
            hosts.setdefault(int(row["host"].rsplit(".", 1)[1]), []).append(row["alias"])
        return {host: sorted(aliases) for host, aliases in hosts.items()}

    # --- the tool, on the desk
    def command(self, *words):
        quoted = " ".join(f"'{word}'" for word in words)
        return f"export PELORUS_PASSWORD='{self.password}'; exec {self.package}/server/pelorus {quoted} -u admin"

    def tool(self, *words, check=True, timeout=900):
        return self.desk.run(self.command(*words), check=check, timeout=timeout)

    def migrate(self, *words, **options):
        return self.tool("migrate", *words, "--state", "/root/state", "--lang", "en", **options)

    def plan(self, *words):
        host, port = self.controllers[0]
        return json.loads(self.migrate("plan", *words, "--host", host, "--port", str(port), "--json").stdout)

    # --- the load
    def start_load(self, plan):
        """A writer and a reader that know the data nodes of now and of then, those that stay first."""
        leaving, moved = set(plan["leaving"]), plan["target"].get("moved", {})
        nodes = [row for row in self.members() if row["role"] == "datanode" and row["state"] == 1]
        nodes.sort(key=lambda row: row["alias"] in leaving)
        sites = [f"{row['host']}:{row['port']}" for row in nodes]
        sites += [f"{moved['to']}:{row['port']}" for row in nodes if row["host"] == moved.get("from")]
        sites += [f"{made['host']}:{made['port']}" for made in plan["additions"] if made["role"] == "datanode"]
        load = [Client(self, HERE.parent / "cluster/writer.py", sites), Client(self, HERE / "reader.py", sites)]
        self.clients += load
        for client, what in zip(load, ("writes", "reads")):
            client.wait_for_more(60, f"of {what} before the change")
        return load

    def change(self, name, *words, apply=None, rate=1000):
        """Plans, carries out under load, checks and prints. Returns the plan and the figures."""
        plan = self.plan(*words)
        writer, reader = self.start_load(plan)
        began = time.monotonic()
        if apply is None:
            self.migrate("apply", plan["id"])
        else:
            apply(plan)
        took = time.monotonic() - began
        for client in (writer, reader):
            client.wait_for_more(60, "after the change")
        figures = self.end_load(writer, reader, began)
        # Replicas that are just being evened out lack something for a moment.
        wait_until(lambda: "equal" in self.migrate("verify", plan["id"]).stdout, 120, "equal hashes")
        # The next writer counts its batches from 1 again.
        self.ask(f"delete from loadTable('{DATABASE}', '{TABLE}')", timeout=120)
        print(f"\n{name}: {took:.1f} s; acknowledged rows {figures['rows']} ({figures['rate']:.0f}/s), lost {figures['lost']}, "
              f"doubled {figures['doubled']}; longest write gap {figures['write_gap']:.2f} s, read gap {figures['read_gap']:.2f} s; "
              f"refused writes {figures['refused']}; hashes equal", flush=True)
        assert figures["lost"] == 0 and figures["doubled"] == 0 and figures["rate"] >= rate, figures
        return plan, figures

    def batches(self):
        """{batch: rows}"""
        rows = self.ask(f"select count(*) as rows from loadTable('{DATABASE}', '{TABLE}') group by batch", timeout=120)
        return {row["batch"]: row["rows"] for row in rows}

    def end_load(self, writer, reader, began):
        for client in (writer, reader):
            client.process.kill()
            client.process.wait()
        found = self.batches()
        acknowledged = writer.acknowledged()
        lines = [float(at) for _, at in writer.lines("ack")]
        figures = {
            "rows": len(acknowledged) * writing.ROWS,
            "rate": len(acknowledged) * writing.ROWS / max(0.001, lines[-1] - lines[0]),
            "lost": sum(max(0, writing.ROWS - found.get(batch, 0)) for batch in acknowledged),
            "doubled": sum(max(0, count - writing.ROWS) for count in found.values()),
            "write_gap": writer.longest_gap(began), "read_gap": reader.longest_gap(began),
            "refused": len(writer.lines("no")), "refused_reads": len(reader.lines("no")),
        }
        wrong = {batch: count for batch, count in found.items() if count != writing.ROWS}
        assert not wrong, f"batches of {writing.ROWS} rows that are halved or doubled: {wrong}; refused: {writer.lines('no')[-3:]}"
        assert self.ask("exec count(*) from loadTable('dfs://still', `table1)") == 1000
        return figures


def start_single(cluster):
    """A single node on the first host instead of the seed's cluster."""
    host = cluster.network.host(1)
    host.run(f"mkdir -p /home/pelorus /ssd && cp -r {cluster.package}/server /home/pelorus/")
    config = host.root / "home/pelorus/server/dolphindb.cfg"
    config.write_text(config.read_text().replace("localhost:8848", SINGLE) + "volumes=/ssd/volumes\n")
    host.run("sh /home/pelorus/server/startSingle.sh")
    log = host.root / "home/pelorus/server/dolphindb.log"
    cluster.password = wait_until(lambda: re.search(r"User admin has the password (\S+)", log.read_text()), 30, "the password")[1]
    cluster.controllers = [tuple(SINGLE.split(":"))]
