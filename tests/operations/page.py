"""A page of docs/operations as what it tells the reader to type."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "docs" / "operations"
PLAN_ID = "3f9c0a1be772"  # as the pages print it
PASSWORD_LINE = "export PELORUS_PASSWORD=…"


def commands(name):
    """The lines of the page's `sh` blocks, block by block, without comments."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (FOLDER / name).read_text(), re.S | re.M)
    return [[line for line in (re.sub(r"\s+#.*$", "", text).strip() for text in block.replace("\\\n", "").splitlines()) if line]
            for block in blocks]


def command(name, *words):
    """The page's one line with all the words."""
    found = [line for block in commands(name) for line in block if all(word in line for word in words)]
    assert len(found) == 1, f"{name}: {words} in {found}"
    return found[0]


class Reader:
    """Types a page's lines on a host."""
    typed = set()  # by all of them, as printed

    def __init__(self, host, package, password="", replaced=()):
        self.host, self.password, self.replaced = host, password, dict(replaced)
        self.programs = pathlib.Path(package) / "server"
        self.plan_id = None

    def type(self, line, statuses=(0,), on=None):
        """Runs the line with the bed's addresses and the last plan's id. Returns stdout and stderr."""
        self.typed.add(line)
        if line == PASSWORD_LINE:
            return ""
        for printed, real in self.replaced.items():
            line = line.replace(printed, real)
        if self.plan_id:
            line = line.replace(PLAN_ID, self.plan_id)
        done = (on or self.host).run(f"export PATH={self.programs}:$PATH PELORUS_PASSWORD='{self.password}'; {line}", check=False,
                                     timeout=900)
        assert done.returncode in statuses, f"{line}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}"
        if named := re.search(r"\bapply ([0-9a-f]{12})\b", done.stdout):
            self.plan_id = named[1]
        print(f"  {line}", flush=True)
        return done.stdout + done.stderr
