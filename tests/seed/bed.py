"""The seed's deployments on hosts: packages unpacked, commands typed, data written, and what must still be so afterwards."""
import pathlib
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "hosts"))

from commands import FIXTURES  # noqa: E402
from hosts import Network, wait_until  # noqa: E402

NODES = {"node1": 9907, "node2": 9908, "node3": 9909}
CONTROLLER_PORTS = {"controller1": 9901, "controller2": 9902, "controller3": 9903, "controller4": 9912, "controller5": 9913}
AGENT_PORTS = {"agent1": 9904, "agent2": 9905, "agent3": 9906}

# Which server has which member.
SINGLE = {**{f"controller{k}": 1 for k in (1, 2, 3)}, "agent1": 1, **{f"node{k}": 1 for k in (1, 2, 3)}}
DOUBLE = {"controller1": 1, "controller2": 2, "controller3": 1, "agent1": 1, "agent2": 2, "node1": 1, "node2": 2, "node3": 1}
THREE = {f"{role}{k}": k for role in ("controller", "agent", "node") for k in (1, 2, 3)}
FIVE = {**THREE, "controller4": 4, "controller5": 5}


class Bed:
    """A cluster of `servers` hosts; `places` says where its members are now."""

    def __init__(self, package, servers):
        self.package = pathlib.Path(package).resolve()
        self.network = Network(servers, share=[self.package])
        self.places = {}
        self.password = None
        self.typed = []  # what was typed, and what it answered
        for host in self.network.hosts.values():
            host.run("mkdir -p /ssd/ssd1")  # the disk is mounted there

    def close(self):
        self.network.close()

    # --- typing
    def type(self, steps):
        for server, text in steps:
            done = self.network.host(server).run("cd /home\n" + text, check=False, timeout=300)
            self.typed.append(f"--- server {server}, exit {done.returncode}\n{text.strip()[:400]}\n>>> {done.stdout}{done.stderr}")
        return self.typed[-len(steps):]

    def start(self, places, steps, seconds=60):
        """Types the start commands, starts the data nodes and waits until the members are where `places` says."""
        self.type(steps)
        self.places = dict(places)
        self.start_nodes()
        leader = self.wait_green(seconds)
        self.wait_voters(seconds)
        return leader

    def unpack(self, server, k):
        """S9, S10."""
        self.network.host(server).run(f"mkdir -p /home/dolphindb_{k} && cp -r {self.package}/server /home/dolphindb_{k}/ && "
                                      f"echo 'any licence will do' > /home/dolphindb_{k}/server/dolphindb.lic")

    def attach(self, server, k, deployment):
        """S12: the four files of a package, as they are."""
        config = self.network.host(server).root / f"home/dolphindb_{k}/server/clusterDemo/config"
        for file in (FIXTURES / deployment / f"dolphindb_{k}").iterdir():
            (config / (re.split(r"\d_", file.name)[0] + file.suffix)).write_bytes(file.read_bytes())

    # --- asking
    def site(self, alias):
        ports = {**NODES, **CONTROLLER_PORTS, **AGENT_PORTS}
        return f"172.0.0.{self.places[alias]}:{ports[alias]}"

    def aliases(self, prefix):
        return sorted(alias for alias in self.places if alias.startswith(prefix))

    def ask(self, alias, script, user="admin", password=None, **options):
        return self.network.desk.ask(self.site(alias), script, user, password or self.admin_password(), **options)

    def admin_password(self):
        """The first start writes it once, to the log of the controller that founded the cluster."""
        if self.password is None:
            found = [match[1] for match in re.finditer(r"User admin has the password (\w+)", self.logs("controller"))]
            if len(set(found)) != 1:
                raise RuntimeError(f"passwords in the controllers' logs: {found}")
            self.password = found[0]
        return self.password

    def logs(self, name=""):
        text = []
        for server, host in self.network.hosts.items():
            for log in sorted(host.root.glob(f"home/dolphindb_*/server/clusterDemo/log/{name}*.log")):
                text.append(f"--- server {server} {log.relative_to(host.root)}\n" + log.read_text(errors="replace"))
        return "\n".join(text)

    # --- a cluster that works
    def wait_green(self, seconds=60):
        """Every controller shows one leader and all members alive, and those of `places` are where they are."""
        def green():
            leaders = set()
            for controller in self.aliases("controller"):
                rows = {row["name"]: row for row in self.ask(controller, "getClusterPerf(true)", timeout=20)}
                wrong = {alias: (rows.get(alias) or {}).get("state") for alias in self.places
                         if alias not in rows or rows[alias]["state"] != 1 or self.site(alias) not in rows[alias]["site"]}
                if wrong:
                    raise RuntimeError(f"{controller} shows {wrong}: " + "; ".join(f"{r['site']} {r['state']}" for r in rows.values()))
                leaders.add(tuple(alias for alias, row in rows.items() if row["mode"] == 2 and row["isLeader"]))
            if len(leaders) != 1 or len(next(iter(leaders))) != 1:
                raise RuntimeError(f"leaders: {leaders}")
            return next(iter(leaders))[0]

        return wait_until(green, seconds, f"a green cluster of {', '.join(self.places)}")

    def wait_voters(self, seconds=60):
        def voters():
            for controller in self.aliases("controller"):
                group = self.ask(controller, "getControllerGroup()", timeout=20)
                found = sorted(row["name"] for row in group if row["role"] == "voter")
                if found != self.aliases("controller") or len(group) != len(found):
                    raise RuntimeError(f"{controller}: {[(row['name'], row['role']) for row in group]}")
            return True

        wait_until(voters, seconds, f"voters {self.aliases('controller')}")

    def start_nodes(self, controller="controller1"):
        """What the web page does when nodes are chosen and the start button is pressed."""
        wait_until(lambda: self.password or self.admin_password(), 60, "the founding controller tells the password")
        wait_until(lambda: self.ask(controller, "1") == 1, 60, f"{controller} takes logins")
        for agent in self.aliases("agent"):
            wait_until(lambda: any(row["name"] == agent and row["state"] == 1 for row in self.ask(controller, "getClusterPerf(true)")),
                       60, f"{agent} registered")
        self.ask(controller, "startDataNode([" + ",".join(f"`{node}" for node in NODES) + "])", timeout=120)

    # --- data
    def write_data(self, database="dfs://single_test"):
        """20 partitions, 100,100 rows, another database, a function view, a user with a right."""
        self.ask("node1", f"""
            db = database('{database}', VALUE, 1..20)
            t = table(take(1..20, 100) as id, take(`A`B`C`D, 100) as name)
            pt = db.createPartitionedTable(t, `table1, `id)
            pt.append!(t)
            flushOLAPCache()
            for(i in 0..9) {{
                pt.append!(table(rand(1..20, 10000) as id, rand(`A`B`C`D, 10000) as name))
            }}
        """, timeout=120)
        self.ask("node2", """
            db = database('dfs://test_db', VALUE, 1..5)
            t = table(take(1..5, 200) as id, take(`x`y, 200) as name)
            db.createPartitionedTable(t, `test_table, `id).append!(t)
        """)
        self.ask("node3", f"""
            def seedCount() {{ return exec count(*) from loadTable('{database}', `table1) }}
            addFunctionView(seedCount)
            createUser(`ann, 'secret12')
            grant(`ann, 'TABLE_READ', '{database}/table1')
            grant(`ann, 'VIEW_EXEC', 'seedCount')
        """)
        self.tables = [(database, "table1"), ("dfs://test_db", "test_table")]
        return self.wait_fingerprint()

    def fingerprint(self):
        """What must be the same before and after; raises while a chunk lacks a replica or replicas differ."""
        result = {"views": self.ask("node1", "exec name + body from getFunctionViews()"), "users": self.ask("controller1", "getUserList()")}
        for database, table in self.tables:
            counts = {self.ask(node, f"exec count(*) from loadTable('{database}', `{table})") for node in NODES}
            chunks = {}
            for row in self.ask("node1", f"getReplicaHashes('{database}', '{table}')"):
                if not row["inSync"] or not row["hash"]:
                    raise RuntimeError(f"replica: {row}")
                chunks.setdefault(row["chunkId"], []).append((row["rows"], row["hash"]))
            unequal = {chunk: replicas for chunk, replicas in chunks.items() if len(replicas) != 2 or len(set(replicas)) != 1}
            if unequal or not chunks or len(counts) != 1:
                raise RuntimeError(f"{database}/{table}: counts {counts}, chunks {unequal}")
            result[database, table] = (counts.pop(), {chunk: replicas[0] for chunk, replicas in sorted(chunks.items())})
        return result

    def wait_fingerprint(self, seconds=60):
        last = {}

        def read():
            last["is"] = self.fingerprint()
            return True

        wait_until(read, seconds, "two equal replicas of every chunk")
        return last["is"]

    def check_unchanged(self, before):
        after = self.wait_fingerprint()
        assert after == before
        database, table = self.tables[0]
        seen = self.ask("node2", "seedCount()", "ann", "secret12")
        assert seen == before[database, table][0]

    def check_usable(self, name):
        """New data can be written by every node and read by every other."""
        self.ask("node2", f"""
            db = database('dfs://{name}', VALUE, 1..10)
            t = table(1..10 as id, rand(`A`B, 10) as name)
            db.createPartitionedTable(t, `table4, `id).append!(t)
        """)
        for node in NODES:
            self.ask(node, f"loadTable('dfs://{name}', `table4).append!(table(1..10 as id, take(`C, 10) as name))")
        for node in NODES:
            assert self.ask(node, f"exec count(*) from loadTable('dfs://{name}', `table4)") == 40
        self.tables.append((f"dfs://{name}", "table4"))
        return self.wait_fingerprint()

    def check_on_different_hosts(self):
        """S35: the replicas of every chunk are on two servers."""
        for database, table in self.tables:
            hosts = {}
            for row in self.ask("node1", f"getReplicaHashes('{database}', '{table}')"):
                hosts.setdefault(row["chunkId"], set()).add(self.places[row["node"]])
            assert all(len(servers) == 2 for servers in hosts.values()), hosts

    def cluster_id(self):
        """Of the identity files of the controllers, which all have the same."""
        found = set()
        for alias in self.aliases("controller"):
            k = alias[-1]
            home = self.network.host(self.places[alias]).root / f"home/dolphindb_{k}/server/clusterDemo/data/{alias}"
            found.add(re.search(r"cluster=(\S+)", (home / "identity").read_text())[1])
        assert len(found) == 1, found
        return found.pop()

    def members(self):
        """Every member and where it is, as the leader has it."""
        return sorted(row["site"] + ":" + row["name"] for row in self.ask("controller1", "getClusterPerf(true)"))

    # --- servers
    def save_disks(self):
        """Switches every server off and keeps a copy of what it has on disk; see restore_disks()."""
        for host in self.network.hosts.values():
            host.power_off()
            for place in ("home", "ssd"):
                subprocess.run(["cp", "-a", host.root / place, self.network.folder / f"saved-{host.name}-{place}"], check=True)

    def restore_disks(self):
        """Every server again as save_disks() found it, started and without a node."""
        for host in self.network.hosts.values():
            host.power_off()
            for place in ("home", "ssd"):
                shutil.rmtree(host.root / place)
                subprocess.run(["cp", "-a", self.network.folder / f"saved-{host.name}-{place}", host.root / place], check=True)
            host.power_on()

    def never_leads(self, seconds):
        """For so long no controller of `places` sees a leader."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for controller in self.places:
                try:
                    group = self.ask(controller, "getControllerGroup()", timeout=20)
                except RuntimeError:
                    continue  # without a leader nobody can sign in
                assert not any(row["isLeader"] for row in group), f"{controller} of {list(self.places)}: {group}"
            time.sleep(0.5)

    def settle_controllers(self, seconds=12):
        """Until a leader is seen, or for so long: damaged files may keep a majority away."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for controller in self.aliases("controller"):
                try:
                    if any(row["isLeader"] for row in self.ask(controller, "getControllerGroup()", timeout=20)):
                        return True
                except RuntimeError:
                    continue
            time.sleep(0.3)
        return False

    def start_nodes_that_start(self):
        """Some may not, with damaged files; what they answer is no part of the promise."""
        for controller in self.aliases("controller"):
            try:
                self.ask(controller, "startDataNode([" + ",".join(f"`{node}" for node in NODES) + "])", timeout=120)
                return
            except RuntimeError as error:
                self.typed.append(f"--- startDataNode on {controller}: {str(error)[:1500]}")

    # --- what the logs say
    def log(self, server, k, name):
        return (self.network.host(server).root / f"home/dolphindb_{k}/server/clusterDemo/log/{name}.log").read_text(errors="replace")

    def check_warned(self, server, k, name, *patterns):
        for pattern in patterns:
            assert re.search(r"<WARNING> :.*" + pattern, self.log(server, k, name)), f"server {server} {name}.log lacks {pattern}"

    def check_warned_somewhere(self, pattern, seconds=20):
        wait_until(lambda: re.search(r"<WARNING> :.*" + pattern, self.logs("controller")), seconds, f"a controller warns: {pattern}")

    def check_no_repair(self):
        """Nothing had to be repaired in a file of a cluster typed without mistakes."""
        found = re.findall(r"<WARNING> :.*\.(?:cfg|nodes):.*", self.logs())
        assert not found, found

    def wait_members_in_file(self, server, k, seconds=20):
        """The file on disk lists every member again."""
        path = self.network.host(server).root / f"home/dolphindb_{k}/server/clusterDemo/config/cluster.nodes"
        wait_until(lambda: all(self.site(alias) + ":" + alias in path.read_text() for alias in self.places), seconds,
                   f"{path} lists {list(self.places)}")

    def tell(self, lines=30):
        """What was typed and how the logs end, for a reader of a failure."""
        print("\n".join(self.typed))
        for part in self.logs().split("--- server ")[1:]:
            print("--- server " + "\n".join([part.split("\n", 1)[0], *part.splitlines()[1:][-lines:]]))
