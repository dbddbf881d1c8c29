"""What the deploy tests share: the tool as an operator calls it, and what it leaves."""
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import time

PACKAGE = pathlib.Path(os.environ["PELORUS_PACKAGE"])
TOOL = PACKAGE / "server" / "pelorus"


def free_port(host, count=12):
    """The first of `count` neighbouring ports nobody listens on at `host`."""
    for base in range(26000, 29900, 20):
        sockets = []
        try:
            for port in range(base, base + count):
                sockets.append(socket.socket())
                sockets[-1].bind((host, port))
            return base
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
    raise RuntimeError("no free ports")


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    last = None
    while time.monotonic() < end:
        try:
            last = condition()
            if last:
                return last
        except Exception as error:  # the cluster may be starting: the last reason is reported
            last = error
        time.sleep(0.05)
    raise TimeoutError(f"{what} within {seconds} s: {last!r}")


class Deploy:
    """One deployment: its options, and how it is run."""

    def __init__(self, directory, *options, tool=TOOL, prefix=(), environment=None):
        self.directory = pathlib.Path(directory)
        self.line = [*map(str, prefix), str(tool), "deploy"]
        self.options = ["--directory", str(directory), *map(str, options)]
        self.environment = dict(os.environ, **(environment or {}))
        self.environment.pop("PELORUS_PASSWORD", None)

    def start(self, *words):
        return subprocess.Popen([*self.line, *words, *self.options], env=self.environment, text=True, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *words, wanted=0, password=None, timeout=240):
        environment = dict(self.environment, **({"PELORUS_PASSWORD": password} if password else {}))
        done = subprocess.run([*self.line, *words, *self.options], env=environment, text=True, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=timeout)
        assert done.returncode == wanted, f"exit {done.returncode}, wanted {wanted}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *words, wanted=0):
        return json.loads(self.run(*words, "--json", wanted=wanted).stdout)

    def kill_when(self, text):
        """Runs it and kills it with SIGKILL as soon as it says `text`."""
        process = self.start()
        said = ""
        for line in process.stderr:
            said += line
            if text in line:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                return
        process.communicate()
        raise AssertionError(f"it never said {text!r}:\n{said}")


def processes_below(directory):
    found = []
    for process in pathlib.Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            if os.readlink(process / "exe").startswith(str(directory) + "/"):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def stop_everything(directory):
    for pid in processes_below(directory):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not processes_below(directory), 20, "all nodes gone")


def password_of(text):
    return re.search(r"password  (\S+)", text)[1]


def https_status(host, port, authority):
    """The first line a node answers over TLS, its certificate checked against `authority` and its name."""
    context = ssl.create_default_context(cafile=str(authority))
    with socket.create_connection((host, port), timeout=10) as plain, context.wrap_socket(plain, server_hostname=host) as tls:
        tls.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return tls.recv(200).split(b"\r\n")[0].decode()
