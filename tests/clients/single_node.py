"""One pelorusd in single mode in a folder of its own: what the client tests talk to.

As a program, runs a command with PELORUS_URL set:  single_node.py COMMAND [ARGUMENT...]
"""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("PELORUSD", ROOT / "build-debug" / "pelorusd"))
HOST = os.environ.get("PELORUS_TEST_HOST", "127.0.0.1")
USER, PASSWORD = "admin", "123456"
START_SECONDS = 60


def free_port():
    with socket.socket() as s:
        s.bind((HOST, 0))
        return s.getsockname()[1]


class SingleNode:
    """A context manager; settings are the server's own (maxConnections=3)."""

    def __init__(self, **settings):
        self.host = HOST
        self.settings = settings
        self.port = None
        self.process = None

    def __enter__(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="pelorus-single-"))
        self.start()
        return self

    def __exit__(self, *_):
        try:
            self.stop()
        finally:
            shutil.rmtree(self.home, ignore_errors=True)

    def start(self):
        self.port = self.port or free_port()
        words = [str(PROGRAM), "-mode", "single", "-home", str(self.home), "-console", "0",
                 "-localSite", f"{self.host}:{self.port}:single"]
        for name, value in self.settings.items():
            words += [f"-{name}", str(value)]
        self.output = open(self.home / "output.txt", "ab")
        self.process = subprocess.Popen(words, cwd=self.home, stdout=self.output, stderr=subprocess.STDOUT,
                                        stdin=subprocess.DEVNULL)
        self.wait_ready()

    def wait_ready(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"pelorusd ended with {self.process.returncode}\n{self.log()}")
            if "node single is ready" in self.log():
                return
            time.sleep(0.02)
        raise TimeoutError(f"pelorusd not ready within {START_SECONDS} s\n{self.log()}")

    def stop(self):
        """Ends it the way an operator does; it must end cleanly."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            code = self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.output.close()
        if code != 0:
            raise RuntimeError(f"pelorusd ended with {code}\n{self.log()}")

    def log(self):
        texts = [(self.home / name) for name in ("dolphindb.log", "output.txt")]
        return "\n".join(file.read_text(errors="replace") for file in texts if file.exists())

    def memory_bytes(self):
        """Resident memory of the process."""
        pages = int(pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE")


def main():
    with SingleNode(maxPubConnections=64) as node:
        environment = dict(os.environ, PELORUS_URL=f"ws://{node.host}:{node.port}")
        done = subprocess.run(sys.argv[1:], env=environment)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
