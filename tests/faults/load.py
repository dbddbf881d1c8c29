"""What a cluster under faults is asked to do, by processes of their own, and what must be true of it afterwards.

Each writer does one transaction after the other, each across several partitions: adds a numbered batch, removes a batch it added,
counts one up in a row of its own in four partitions by update or by upsert!, adds a batch by several appends at once, or makes,
changes and drops a table. It notes what it asked for before and what it was told after; a transaction that nobody answered for may
be there or not, but whole.
"""
import collections
import multiprocessing
import os
import random
import time

from processes import wait_until

DATABASE = "dfs://faults"
ROWS, PARTITIONS = 12, 6  # of a batch: three rows in each of four partitions
BATCHES, COUNTERS, UPSERTS = "batches", "counters", "upserts"
TABLES = (BATCHES, COUNTERS, UPSERTS)
JOINED = "dfs://faults_joined"  # atomic='CHUNK': appends that meet on a node are committed together; each partition is whole
JOINED_TABLES = ("batches",)


def prepare(cluster, writers):
    cluster.ask(f"""
        db = database('{DATABASE}', VALUE, 1..{PARTITIONS})
        db.createPartitionedTable(table(1:0, `part`writer`batch`text, [INT, INT, LONG, SYMBOL]), `{BATCHES}, `part)
        counters = db.createPartitionedTable(table(1:0, `part`writer`n, [INT, INT, LONG]), `{COUNTERS}, `part)
        tableInsert(counters, table(take(1..4, {4 * writers}) as part, stretch(0..{writers - 1}, {4 * writers}) as writer,
                                    take(0l, {4 * writers}) as n))
        upserts = db.createPartitionedTable(table(1:0, `part`writer`n, [INT, INT, LONG]), `{UPSERTS}, `part)
        tableInsert(upserts, select * from counters)
        joined = database('{JOINED}', VALUE, 1..{PARTITIONS}, , 'OLAP', 'CHUNK')
        joined.createPartitionedTable(table(1:0, `part`writer`batch, [INT, INT, LONG]), `{JOINED_TABLES[0]}, `part)
    """)


class Writer:
    """In its own process; `notes` is appended to, a line for each request and each answer."""

    def __init__(self, cluster, number, notes, seed, pause, inserted):
        self.cluster, self.number, self.notes, self.pause, self.inserted = cluster, number, notes, pause, inserted
        self.random = random.Random(seed)
        self.kept = []  # batches acknowledged and not removed
        self.batch = self.tables = 0
        self.session, self.uses = None, 0

    def run(self, script):
        if self.session is None:
            self.session = self.cluster.connect(self.random.choice(self.cluster.nodes))
            self.uses = 0
        self.uses += 1
        try:
            return self.session.run(script)
        finally:
            if self.uses > 15:  # another node coordinates the next ones
                self.leave()

    def leave(self):
        if self.session is not None:
            self.session.close()
        self.session = None

    def attempt(self, kind, what, script, told):
        """Notes, asks, notes. True once the answer was as it must be."""
        self.notes.write(f"ask {kind} {what}\n")
        try:
            answer = self.run(script)
        except Exception as error:  # whatever it was, the transaction may have taken effect
            self.leave()
            self.notes.write(f"no {kind} {what} {' '.join(str(error).split())[:300]}\n")
            time.sleep(0.1)
            return False
        wrong = told is not None and answer != told
        self.notes.write(f"{'wrong' if wrong else 'ack'} {kind} {what} {answer if wrong else ''}\n")
        return not wrong

    def insert(self):
        self.batch += 1
        first = self.random.randrange(PARTITIONS)
        parts = " ".join(str((first + i) % PARTITIONS + 1) for i in range(4))
        script = f"""
            rows = table(take({parts}, {ROWS}) as part, take({self.number}, {ROWS}) as writer, take({self.batch}l, {ROWS}) as batch,
                         take(`a`b`c`w{self.batch % 50}, {ROWS}) as text)
            tableInsert(loadTable('{DATABASE}', '{BATCHES}'), rows)"""
        if self.attempt("insert", self.batch, script, ROWS):
            self.kept.append(self.batch)
            with self.inserted.get_lock():
                self.inserted.value += 1

    def insert_jointly(self):
        """Four appends at once, two for each of two partitions."""
        self.batch += 1
        parts = self.random.sample(range(1, PARTITIONS + 1), 2)
        script = f"""
            add = def(part) {{ return tableInsert(loadTable('{JOINED}', '{JOINED_TABLES[0]}'),
                table(take(part, 3) as part, take({self.number}, 3) as writer, take({self.batch}l, 3) as batch)) }}
            sum(peach(add, {parts[0]} {parts[1]} {parts[0]} {parts[1]}))"""
        self.attempt("join", self.batch, script, ROWS)

    def remove(self):
        if not self.kept:
            return
        batch = self.kept.pop(self.random.randrange(len(self.kept)))
        self.attempt("delete", batch, f"""delete from loadTable('{DATABASE}', '{BATCHES}')
            where writer = {self.number}, batch = {batch}""", None)

    def count(self):
        self.attempt("count", 1, f"""update loadTable('{DATABASE}', '{COUNTERS}') set n = n + 1 where writer = {self.number}""", None)

    def count_by_upsert(self):
        self.attempt("upsert", 1, f"""
            counters = loadTable('{DATABASE}', '{UPSERTS}')
            now = select part, writer, n + 1 as n from counters where writer = {self.number}
            upsert!(counters, now, false, `part`writer)
            NULL""", None)

    def change_tables(self):
        """A table of its own comes, gets a column and goes. Never the same name again: a second one that nobody answered for would
        look like the first one come back."""
        self.tables += 1
        name = f"t{self.number}_{self.tables}"
        made = self.attempt("create", name, f"""
            t = database('{DATABASE}').createPartitionedTable(table(1:0, `part`v, [INT, INT]), `{name}, `part)
            tableInsert(t, table(1 2 3 as part, 7 8 9 as v))""", 3)
        if not made:
            return
        self.flush()
        self.attempt("widen", name, f"addColumn(loadTable('{DATABASE}', '{name}'), `w, LONG)\nNULL", None)
        self.attempt("read", name, f"exec sum(v) from loadTable('{DATABASE}', '{name}')", 24)
        self.attempt("drop", name, f"dropTable(database('{DATABASE}'), `{name})\nNULL", None)

    def flush(self):
        self.attempt("flush", 0, "flushOLAPCache()\nNULL", None)

    def work(self, stopping, only_inserts):
        deeds = [self.insert] * 12 + [self.insert_jointly] * 3 + [self.flush] * 2
        deeds += [self.remove, self.count, self.count_by_upsert, self.change_tables]
        if only_inserts:
            deeds = [self.insert] * 4 + [self.insert_jointly]
        while not stopping.is_set():
            self.random.choice(deeds)()
            time.sleep(self.pause * self.random.uniform(0.5, 1.5))
        self.leave()


def read(cluster, notes, stopping, seed):
    """Looks again and again, from any node, for a transaction that is only partly there."""
    choice = random.Random(seed)
    while not stopping.is_set():
        time.sleep(0.2)
        try:
            session = cluster.connect(choice.choice(cluster.nodes))
            try:
                wrong = torn(session)
            finally:
                session.close()
            notes.write(f"torn {wrong}\n" if wrong else "look\n")
        except Exception as error:  # nobody promised that every read is answered while nodes die
            notes.write(f"unread {' '.join(str(error).split())[:300]}\n")


def torn(session):
    """What of the present content no whole number of transactions can have made; empty when all is well."""
    rows = session.run(f"select count(*) as rows from loadTable('{DATABASE}', '{BATCHES}') group by writer, batch")
    wrong = [tuple(int(v) for v in row) for row in zip(rows["writer"], rows["batch"], rows["rows"]) if row[2] != ROWS]
    rows = session.run(f"select count(*) as rows from loadTable('{JOINED}', '{JOINED_TABLES[0]}') group by part, writer, batch")
    wrong += [tuple(int(v) for v in row) for row in zip(rows["part"], rows["writer"], rows["batch"], rows["rows"]) if row[3] not in (3, 6)]
    for table in (COUNTERS, UPSERTS):
        counters = session.run(f"""select min(n) as least, max(n) as most, count(*) as rows
            from loadTable('{DATABASE}', '{table}') group by writer""")
        wrong += [tuple(int(v) for v in row) for row in zip(counters["writer"], counters["least"], counters["most"], counters["rows"])
                  if row[1] != row[2] or row[3] != 4]
    return wrong


def be_quiet():
    """The client's library says every refused connection on standard output."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def writer_process(cluster, number, path, seed, pause, inserted, stopping, only_inserts):
    be_quiet()
    with open(path, "a", buffering=1) as notes:
        Writer(cluster, number, notes, seed, pause, inserted).work(stopping, only_inserts)


def reader_process(cluster, path, seed, stopping):
    be_quiet()
    with open(path, "a", buffering=1) as notes:
        read(cluster, notes, stopping, seed)


def as_numbers(table):
    return dict(zip(map(int, table["writer"]), map(int, table["n"])))


class Load:
    """with Load(cluster, seed) as load: writers and a reader at work until the block ends or stop() is called.

    only_inserts: nothing that rewrites stored files.
    """

    def __init__(self, cluster, seed, writers=3, pause=0.1, only_inserts=False):
        prepare(cluster, writers)
        self.cluster, self.stopping = cluster, multiprocessing.get_context("fork").Event()
        self.inserted = multiprocessing.get_context("fork").Value("q", 0)  # batches acknowledged
        self.paths = [cluster.base / f"writer{w}" for w in range(writers)]
        self.reader = cluster.base / "reader"
        fork = multiprocessing.get_context("fork").Process
        terms = (pause, self.inserted, self.stopping, only_inserts)
        self.processes = [fork(target=writer_process, args=(cluster, w, path, seed + w, *terms), daemon=True)
                          for w, path in enumerate(self.paths)]
        self.processes.append(fork(target=reader_process, args=(cluster, self.reader, seed, self.stopping), daemon=True))

    def __enter__(self):
        for process in self.processes:
            process.start()
        wait_until(lambda: self.count("ack") > 10, 60, f"the writers are at work: {self.refusals()[-3:]}")
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for process in self.processes:
            process.join(0.5)
            process.kill()
            process.join()

    def stop(self):
        """Lets everybody finish what was asked for."""
        self.stopping.set()
        for process in self.processes:
            process.join(120)
            assert process.exitcode == 0, f"a process of the load ended with {process.exitcode}"

    def lines(self, path):
        return path.read_text().splitlines() if path.exists() else []

    def count(self, word):
        return sum(line.startswith(word + " ") for path in self.paths for line in self.lines(path))

    def refusals(self):
        return [line for path in self.paths for line in self.lines(path) if line.startswith("no ")]

    def wait_for_more(self, seconds, when, more=3):
        before = self.inserted.value
        wait_until(lambda: self.inserted.value >= before + more, seconds, f"more is acknowledged {when}; {self.refusals()[-1:]}")

    def verdict(self):
        """After stop(), on a cluster whose nodes are all up: figures of what was promised and what is there."""
        session = self.cluster.connect(self.cluster.nodes[0])
        try:
            found = session.run(f"select count(*) as rows from loadTable('{DATABASE}', '{BATCHES}') group by writer, batch")
            counted = [as_numbers(session.run(f"select max(n) as n from loadTable('{DATABASE}', '{table}') group by writer"))
                       for table in (COUNTERS, UPSERTS)]
            joined = session.run(f"select count(*) as rows from loadTable('{JOINED}', '{JOINED_TABLES[0]}') group by writer, batch")
            tables = set(session.run(f"getTables(database('{DATABASE}'))"))
            wrong = torn(session)
        finally:
            session.close()
        there = {(kind, int(w), int(b)): int(r) for kind, table in (("insert", found), ("join", joined))
                 for w, b, r in zip(table["writer"], table["batch"], table["rows"])}
        verdict = collections.Counter()
        for writer, path in enumerate(self.paths):
            self.judge(writer, self.lines(path), there, tables, verdict)
            self.judge_counts(self.lines(path), [counts.get(writer, 0) for counts in counted], verdict)
        verdict["rows nobody wrote"] += sum(there.values())
        looks = self.lines(self.reader)
        verdict["looks"] = sum(line == "look" for line in looks)
        verdict["torn transactions"] = len(wrong) + sum(line.startswith("torn") for line in looks)
        return verdict

    @staticmethod
    def judge(writer, lines, there, tables, verdict):
        """Takes what is explained out of `there`."""
        state = {}  # of each request: the last word about it
        for line in lines:
            word, kind, what = line.split(" ", 3)[:3]
            state[kind, what] = word
            verdict["wrong answers"] += word == "wrong"
            verdict["refused"] += word == "no"
            verdict["acknowledged transactions"] += word == "ack" and kind not in ("flush", "read")
        for (kind, what), word in state.items():
            if kind in ("insert", "join"):
                rows = there.pop((kind, writer, int(what)), 0)
                removal = state.get(("delete", what))
                verdict["acknowledged rows"] += ROWS if word == "ack" else 0
                verdict["lost rows"] += max(0, ROWS - rows) if word == "ack" and removal is None else 0
                verdict["rows that came back"] += rows if removal == "ack" else 0
                verdict["doubled rows"] += max(0, rows - ROWS)
            if kind == "drop" and word == "ack":
                verdict["tables that came back"] += what in tables
            if kind == "create" and word == "ack" and ("drop", what) not in state:
                verdict["lost tables"] += what not in tables

    @staticmethod
    def judge_counts(lines, counted, verdict):
        """Counting up is done as often as it was acknowledged at least, as it was asked for at most."""
        for kind, found in zip(("count", "upsert"), counted):
            words = collections.Counter(line.split(" ", 1)[0] for line in lines if line.split(" ", 2)[1] == kind)
            verdict["lost counts"] += max(0, words["ack"] - found)
            verdict["doubled counts"] += max(0, found - words["ask"])


MUST_BE_ZERO = ("lost rows", "doubled rows", "rows that came back", "rows nobody wrote", "torn transactions", "wrong answers",
                "tables that came back", "lost tables", "lost counts", "doubled counts")


def check(cluster, load):
    """Stops the load, waits until every chunk has two equal replicas and judges. Returns the figures."""
    load.stop()
    cluster.wait_replicas(DATABASE, TABLES, holds_still=True, seconds=180)
    cluster.wait_replicas(JOINED, JOINED_TABLES, holds_still=True, seconds=180)
    verdict = load.verdict()
    verdict["divergent replicas"] = 0  # wait_replicas has seen their hashes
    print(", ".join(f"{verdict[name]} {name}" for name in sorted(verdict)))
    bad = {name: verdict[name] for name in MUST_BE_ZERO if verdict[name]}
    assert not bad, f"promises that were broken: {bad}"
    return verdict
