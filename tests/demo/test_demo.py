"""The demo as a person runs it: started, looked at, two nodes killed from beside it, ended with Ctrl-C."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest

TOOL = pathlib.Path(os.environ["PELORUS_PACKAGE"]) / "server" / "pelorus"
LOGIN = ["-u", "admin", "-p", "123456"]
START_SECONDS = 240  # npm may have to fetch the flights
COUNT = 'exec count(*) from loadTable("dfs://flights", "flights")'

# What flights-3m.parquet holds, computed from the file without this database.
REAL_ROWS = 3_000_000
REAL_DELAY = 6.667867666666667
REAL_MONTHS = {
    "2001.01M": (508239, 6.338970445007172),
    "2001.02M": (458170, 8.96130475587664),
    "2001.03M": (511502, 7.439038361531333),
    "2001.04M": (501030, 5.264397341476558),
    "2001.05M": (518831, 3.264016606563602),
    "2001.06M": (502222, 9.039122141204487),
    "2001.07M": (6, 44.5),
}
REAL_BUSIEST = [("ORD", 166341), ("DFW", 157162), ("ATL", 124711), ("LAX", 115245), ("PHX", 93036)]
REAL_LATEST_HOURS = [(3, 241), (2, 931), (0, 10349), (23, 26470), (1, 6098)]
REAL_DAY = (349, 255, 433980)


def is_close(found, wanted):
    return abs(found - wanted) < 1e-9 * max(1.0, abs(wanted))


def free_base():
    """Ports base+1 to base+9 that nobody listens on."""
    for base in range(24100, 24900, 20):
        try:
            for port in range(base + 1, base + 10):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return base
        except OSError:
            continue
    raise RuntimeError("no free ports")


def processes_of(directory):
    """Processes that run a program, or work, below `directory`."""
    found = []
    for process in pathlib.Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        for link in ("exe", "cwd"):
            try:
                target = os.readlink(process / link)
            except OSError:
                continue
            if target.startswith(str(directory) + "/"):
                found.append((int(process.name), target))
    return found


class Demo(unittest.TestCase):
    """One demo for all steps: starting it takes longest. The steps run in the order of their names."""

    @classmethod
    def setUpClass(cls):
        cls.work = tempfile.TemporaryDirectory(prefix="pelorus-demo-suite-")
        root = pathlib.Path(cls.work.name)
        cls.places = {"TMPDIR": root / "tmp", "XDG_RUNTIME_DIR": root / "run"}
        for place in cls.places.values():
            place.mkdir()
        cls.environment = dict(os.environ, **{name: str(place) for name, place in cls.places.items()})
        cls.base = free_base()
        cls.out, cls.err = root / "out", root / "err"
        with open(cls.out, "w") as out, open(cls.err, "w") as err:
            cls.process = subprocess.Popen(
                [TOOL, "demo", "--port", str(cls.base)], env=cls.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )
        end = time.monotonic() + START_SECONDS
        while "Ctrl-C stops everything" not in cls.err.read_text():
            if cls.process.poll() is not None or time.monotonic() > end:
                cls.end()
                raise RuntimeError("the demo did not start:\n" + cls.out.read_text() + cls.err.read_text())
            time.sleep(0.1)
        cls.is_real = "invented" not in cls.err.read_text()

    @classmethod
    def end(cls):
        """Leaves no process behind, whatever has failed."""
        if cls.process.poll() is None:
            cls.process.send_signal(signal.SIGINT)
            try:
                cls.process.wait(120)
            except subprocess.TimeoutExpired:
                cls.process.kill()
                cls.process.wait()
        for pid, _ in processes_of(cls.places["TMPDIR"]):
            os.kill(pid, signal.SIGKILL)

    @classmethod
    def tearDownClass(cls):
        cls.end()
        cls.work.cleanup()

    def tool(self, *words, status=0):
        done = subprocess.run([TOOL, *words], env=self.environment, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, status, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout

    def port_of(self, alias):
        return self.base + int(alias[-1]) + (6 if alias.startswith("node") else 0)

    def ask(self, script, port=None):
        words = ["run", "-e", script, "--json", "--port", str(port or self.port_of("node1")), *LOGIN]
        return json.loads(self.tool(*words))["value"]

    def view(self, alias="controller1"):
        return json.loads(self.tool("status", "--json", "--port", str(self.port_of(alias)), *LOGIN))

    # --- the steps

    def test_1_it_says_what_to_do_next(self):
        told = self.out.read_text()
        self.assertIn(f"Console   http://127.0.0.1:{self.base + 1}/   user admin   password 123456", told)
        self.assertIn("demo kill controller1", told)
        self.assertEqual(len(re.findall(r"^.*\?  \d+ ms$", told, re.M)), 5, told)
        self.assertNotIn("failed", told)

    def test_2_every_node_is_online_and_one_controller_leads(self):
        view = self.view()
        self.assertEqual(len(view["nodes"]), 7)
        self.assertTrue(all(node["online"] for node in view["nodes"]), view)
        self.assertEqual(sum(node["leader"] for node in view["nodes"]), 1)

    def test_3_the_queries_have_the_known_answers(self):
        head = 'flights = loadTable("dfs://flights", "flights")\n'
        self.assertEqual(self.ask(COUNT), REAL_ROWS)
        if not self.is_real:
            return
        self.assertTrue(is_close(self.ask(head + "exec avg(delay) from flights"), REAL_DELAY))
        months = self.ask(head + "select count(*), avg(delay) from flights group by month(date) as month")["rows"]
        self.assertEqual({month: count for month, count, _ in months}, {name: facts[0] for name, facts in REAL_MONTHS.items()})
        for month, _, delay in months:
            self.assertTrue(is_close(delay, REAL_MONTHS[month][1]), (month, delay))
        busiest = self.ask(head + "select top 5 * from (select count(*) as n from flights group by origin) order by n desc")["rows"]
        self.assertEqual([tuple(row) for row in busiest], REAL_BUSIEST)
        hours = self.ask(
            head + "select top 5 * from (select count(*) as n, avg(delay) as delay from flights group by hour(date) as hour)"
            " order by delay desc"
        )["rows"]
        self.assertEqual([(hour, count) for hour, count, _ in hours], REAL_LATEST_HOURS)
        day = self.ask(
            head + "select count(*), max(delay), sum(distance) from flights where "
            "date between 2001.03.01T00:00:00.000 : 2001.03.01T23:59:59.999, origin = `SFO"
        )["rows"]
        self.assertEqual(tuple(day[0]), REAL_DAY)

    def test_4_a_second_demo_is_refused(self):
        done = subprocess.run([TOOL, "demo"], env=self.environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 7)
        self.assertIn("a demo is running", done.stderr)

    def test_5_the_leader_is_killed_and_another_leads(self):
        leader = self.view()["leader"]
        told = self.tool("demo", "kill", leader)
        self.assertIn("leads now", told)
        self.assertIn(str(REAL_ROWS), told.replace(",", ""))
        survivor = next(name for name in ("controller1", "controller2", "controller3") if name != leader)
        view = self.view(survivor)
        self.assertNotIn(view["leader"], (None, leader))
        self.tool("demo", "kill", leader, status=7)  # it is not running any more

    def test_6_a_data_node_is_killed_serves_on_and_comes_back(self):
        told = self.tool("demo", "kill", "node2")
        self.assertIn(str(REAL_ROWS), told.replace(",", ""))
        self.assertIn("node2 is back", told)
        self.assertEqual(self.ask(COUNT, self.port_of("node2")), REAL_ROWS)

    def test_7_rows_are_written_with_one_controller_less(self):
        flight = "table([2001.03.01T12:00:00.000] as date, [1] as delay, [2] as distance, `SFO as origin, `OAK as destination)"
        self.ask(f'tableInsert(loadTable("dfs://flights", "flights"), {flight})')
        self.assertEqual(self.ask(COUNT, self.port_of("node3")), REAL_ROWS + 1)

    def test_8_an_unknown_node_is_refused_with_a_hint(self):
        done = subprocess.run([TOOL, "demo", "kill", "nod2"], env=self.environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn("did you mean 'node2'", done.stderr)

    def test_9_ctrl_c_leaves_nothing(self):
        self.process.send_signal(signal.SIGINT)
        self.assertEqual(self.process.wait(120), 0, self.err.read_text())
        self.assertEqual(processes_of(self.places["TMPDIR"]), [])
        for place in self.places.values():
            self.assertEqual(list(place.iterdir()), [])
        for port in range(self.base + 1, self.base + 10):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
        self.tool("demo", "kill", "node1", status=7)


if __name__ == "__main__":
    unittest.main()
