"""Hosts on one machine: namespaces with addresses, files, processes and an sshd of their own, joined by a switch.

    with Network(5) as network:
        network.host(1).run("scp -r /home/dolphindb_1 root@172.0.0.4:/home/dolphindb_4")
        network.host(2).power_off()

Host k is 172.0.0.k; one more, the desk, is 172.0.0.100: there the operator's client runs. Nothing is named in the machine's own
network, which has no route to the hosts. Every process of a host is in its process namespace; its first process ends with
this one, however this one ends, and takes all others, the interfaces and the mounts with it. What a dead run can leave is its
folder of files, which the next Network removes.
"""
import json
import os
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
HOSTS_MOST = 5
DESK = 100
FOLDER = "pelorus-hosts-"
NEEDED = {"sshd": "openssh-server", "ssh": "openssh-client", "rsync": "rsync", "ip": "iproute2", "tc": "iproute2",
          "nft": "nftables", "unshare": "util-linux", "nsenter": "util-linux", "setpriv": "util-linux"}
NAMESPACES = ("--net", "--mount", "--pid", "--uts", "--ipc")
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8",
               "PYTHONDONTWRITEBYTECODE": "1"}
SSHD = """\
HostKey /root/.ssh/host_key
AuthorizedKeysFile /root/.ssh/authorized_keys
PasswordAuthentication no
PermitRootLogin prohibit-password
UsePAM no
UseDNS no
PidFile /run/sshd.pid
Subsystem sftp internal-sftp
"""
SSH = """\
IdentityFile /root/.ssh/id_ed25519
StrictHostKeyChecking no
UserKnownHostsFile /dev/null
LogLevel ERROR
ConnectTimeout 10
"""


class Refused(RuntimeError):
    """This machine makes no hosts; the text says why."""


def command(*arguments, **options):
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def check_machine():
    """Raises Refused where hosts cannot be made."""
    path = ENVIRONMENT["PATH"]
    missing = {package for tool, package in NEEDED.items() if shutil.which(tool, path=path) is None}
    if missing:
        raise Refused(f"hosts need {', '.join(sorted(missing))}: tools/install_packages.sh --hosts")
    if os.geteuid() != 0:
        raise Refused("hosts need root: they are namespaces")
    try:
        command("unshare", *NAMESPACES, "--fork", "--mount-proc", "sh", "-c",
                "ip link add plprobe type bridge && ip link add plprobe0 type veth peer name plprobe1 && "
                "nft add table inet probe && tc qdisc add dev plprobe0 root tbf rate 1mbit burst 32kbit latency 400ms")
    except RuntimeError as error:
        raise Refused(f"this machine refuses namespaces, bridges or packet filters: {error}") from error


def wait_until(condition, seconds, what):
    """Polls until `condition()` is true; its last exception or value explains a timeout."""
    last = None
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            last = condition()
            if last:
                return last
        except Exception as error:  # the cluster may be starting: the last reason is reported
            last = error
        time.sleep(0.2)
    raise TimeoutError(f"{what} within {seconds} s: {last!r}")


class Namespaces:
    """A tree of processes in namespaces of its own; its first process is killed when this process ends."""

    def __init__(self, kinds, arguments):
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "unshare", *kinds, "--fork", "--kill-child=SIGKILL",
                                         *map(str, arguments)], env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.pid = wait_until(self._first_process, 20, "a process in new namespaces")

    def _first_process(self):
        if self.process.poll() is not None:
            raise RuntimeError(self.process.stderr.read().decode())
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0]) if children else None

    def end(self):
        self.process.kill()
        self.process.wait()
        # The kernel ends the first process of a process namespace only when all others are gone.
        wait_until(lambda: is_gone(self.pid), 20, "the processes of a host gone")


class Switch:
    """The bridge between the hosts, in a network namespace without addresses."""

    def __init__(self):
        self.namespaces = Namespaces(["--net"], ["sleep", "infinity"])
        self.ip("link", "add", "switch", "type", "bridge")
        self.ip("link", "set", "switch", "up")

    def ip(self, *arguments):
        return command("nsenter", "-t", self.namespaces.pid, "-n", "ip", *arguments)

    def connect(self, number, pid):
        port = f"port{number}"
        # The same card after every start: neighbours remember its address.
        self.ip("link", "add", port, "type", "veth", "peer", "name", "eth0", "address", f"02:00:00:00:00:{number:02x}", "netns", pid)
        self.ip("link", "set", port, "master", "switch", "up")

    def disconnect(self, port):
        """Connections with unsent data keep a network namespace, and the cable in it, for minutes; often both are gone already."""
        try:
            self.ip("link", "delete", port)
        except RuntimeError as error:
            if "Cannot find device" not in str(error):
                raise


class Host:
    """One host; what it keeps on disk survives power_off()."""

    def __init__(self, network, number, name):
        self.network = network
        self.number = number
        self.name = name
        self.address = f"172.0.0.{number}"
        self.root = network.folder / name
        self.namespaces = None
        for place in ("run", "root/.ssh"):
            (self.root / place).mkdir(parents=True)
        for file in network.keys.iterdir():
            shutil.copy2(file, self.root / "root/.ssh")
        self.power_on()

    # --- power
    def power_on(self):
        (self.root / "run/up").unlink(missing_ok=True)
        (self.root / "run/hosts").write_text("127.0.0.1 localhost\n" + self.network.hosts_file())
        (self.root / "run/shadow").write_text("root:*:19000:0:99999:7:::\nsshd:!:19000::::::\n")
        (self.root / "run/shadow").chmod(0o600)
        self.namespaces = Namespaces(NAMESPACES, ["bash", HERE / "init.sh", self.root, self.name, *self.network.shared])
        wait_until(lambda: self.namespaces._first_process() and (self.root / "run/up").exists(), 30, f"{self.name} up")
        self.network.switch.connect(self.number, self.namespaces.pid)
        self.run(f"ip addr add {self.address}/24 dev eth0 && ip link set eth0 up && ip link set lo up")
        self.run("/usr/sbin/sshd -f /root/.ssh/sshd_config -E /var/log/sshd.log")

    def power_off(self):
        """As if the plug were pulled: nothing more is sent, every process is gone."""
        if self.namespaces is None:
            return
        self.link("down")
        self.namespaces.end()
        self.namespaces = None
        self.network.switch.disconnect(self.port())

    def pause(self):
        """Every process of the host stops where it is."""
        self.run("kill -STOP -1", check=False, background=True).wait()

    def resume(self):
        self.run("kill -CONT -1", check=False, background=True).wait()

    # --- what an operator types
    def enter(self):
        if self.namespaces is None:
            raise RuntimeError(f"{self.name} is switched off")
        return ["nsenter", "-t", str(self.namespaces.pid), "-m", "-u", "-i", "-n", "-p", "-r", "-w",
                "setpriv", "--pdeathsig", "KILL"]

    def run(self, script, check=True, timeout=300, background=False):
        """Runs a shell script on the host, in /root; returns the finished process, with stdout and stderr as text."""
        line = [*self.enter(), "bash", "-c", script]
        if background:
            return subprocess.Popen(line, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL)
        done = subprocess.run(line, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
        if check and done.returncode != 0:
            raise RuntimeError(f"{self.name}: {script}\nexit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def pid(self, alias):
        """The node's process, by its number on this host; nothing when it does not run here."""
        found = self.run("for demo in /home/*/server; do [ -d $demo/clusterDemo ] || continue; . $demo/scripts/node_control.sh; "
                         f"living_pid $demo/clusterDemo/data/{alias}; done", check=False).stdout.split()
        return int(found[0]) if found else None

    def kill(self, alias, signal="KILL"):
        """Signals the node, which must run here; after KILL it is gone."""
        pid = self.pid(alias)
        if pid is None:
            raise RuntimeError(f"{alias} does not run on {self.name}")
        self.run(f"kill -{signal} {pid}")
        if signal == "KILL":
            wait_until(lambda: self.pid(alias) is None, 20, f"{alias} gone")

    # --- the network
    def port(self):
        return f"port{self.number}"

    def link(self, state):
        """up or down: a cable, not a message; nobody is told."""
        self.network.switch.ip("link", "set", self.port(), state)

    def cut(self, *others):
        """Nothing from or to the other hosts passes, silently."""
        for here, there in [(self, other) for other in others] + [(other, self) for other in others]:
            here.run("nft add table inet cut && nft 'add chain inet cut in { type filter hook input priority 0 ; }' && "
                     f"nft add rule inet cut in ip saddr {there.address} drop")

    def heal(self):
        """Takes back all that cut() put here, on this host only."""
        self.run("nft delete table inet cut", check=False)

    def slow(self, rate):
        """What the host sends passes at `rate` (of tc: 8mbit); nothing: as fast as it may."""
        if rate is None:
            self.run("tc qdisc del dev eth0 root", check=False)
        else:
            self.run(f"tc qdisc replace dev eth0 root tbf rate {rate} burst 32kbit latency 400ms")


class Desk(Host):
    """The operator's machine: asks nodes through the official client, one question at a time."""

    def __init__(self, network):
        self.client = None
        self.answers = None
        super().__init__(network, DESK, "desk")

    def ask(self, site, script, user="admin", password="123456", timeout=60):
        """Runs a script on the node at `host:port`; raises RuntimeError with what it said."""
        if self.client is None or self.client.poll() is not None:
            self._start_client()
        host, port = site.rsplit(":", 1)
        request = {"host": host, "port": int(port), "user": user, "password": password, "script": script}
        self.client.stdin.write(json.dumps(request) + "\n")
        self.client.stdin.flush()
        try:
            answer = self.answers.get(timeout=timeout)
        except queue.Empty:
            self.client.kill()
            self.client.wait()
            raise TimeoutError(f"no answer from {site} within {timeout} s: {script}") from None
        if "error" in answer:
            raise RuntimeError(f"{site}: {answer['error']}")
        return answer["value"]

    def _start_client(self):
        self.answers = queue.Queue()
        self.client = subprocess.Popen([*self.enter(), sys.executable, str(HERE / "ask.py")], env=ENVIRONMENT, text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        threading.Thread(target=self._read, args=(self.client.stdout, self.answers), daemon=True).start()

    @staticmethod
    def _read(lines, answers):
        for line in lines:
            try:
                answers.put(json.loads(line))
            except ValueError:
                continue  # the client package prints on its own, too
        answers.put({"error": "the client process has ended"})


class Network:
    """`count` hosts, the desk and the switch. To be used with `with`."""

    def __init__(self, count, share=()):
        check_machine()
        if not 1 <= count <= HOSTS_MOST:
            raise ValueError(f"1 to {HOSTS_MOST} hosts, not {count}")
        remove_leftovers()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=FOLDER, dir=os.environ.get("PELORUS_HOSTS_DIR")))
        (self.folder / "owner").write_text(f"{os.getpid()} {start_of(os.getpid())}")
        self.keys = self.folder / "keys"
        self.hosts = {}
        self.desk = None
        self.switch = None
        self.count = count
        self.common = self.folder / "common"  # the same folder on every host and on this machine
        self.common.mkdir()
        # What the hosts' programs need from this machine: the checkout, the interpreter, the caller's own.
        wanted = {ROOT, self.common, pathlib.Path(sys.base_prefix), *map(pathlib.Path, share)}
        self.shared = [path for path in sorted(p.resolve() for p in wanted)
                       if not re.match("/(usr|etc|bin|lib)(/|$)", str(path))]
        try:
            self._make_keys()
            self.switch = Switch()
            self.desk = Desk(self)
            for number in range(1, count + 1):
                self.hosts[number] = Host(self, number, f"server{number}")
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def host(self, number):
        return self.hosts[number]

    def hosts_file(self):
        return "".join(f"172.0.0.{k} server{k}\n" for k in range(1, self.count + 1))

    def _make_keys(self):
        self.keys.mkdir()
        for name in ("id_ed25519", "host_key"):
            command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "run", "-f", self.keys / name)
        shutil.copy2(self.keys / "id_ed25519.pub", self.keys / "authorized_keys")
        (self.keys / "sshd_config").write_text(SSHD)
        (self.keys / "config").write_text(SSH)

    def close(self):
        hosts = [*self.hosts.values(), *([self.desk] if self.desk else [])]
        for host in hosts:
            if host.namespaces is not None:
                host.namespaces.process.kill()
        for host in hosts:
            if host.namespaces is not None:
                host.namespaces.end()
                host.namespaces = None
        if self.switch is not None:
            self.switch.namespaces.end()
            self.switch = None
        shutil.rmtree(self.folder, ignore_errors=True)


def is_gone(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def start_of(pid):
    """When a process began, which tells it from a later one of the same number; nothing when it is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except OSError:
        return None


def remove_leftovers():
    """Folders of runs whose process is gone; their namespaces went with it."""
    for folder in pathlib.Path(os.environ.get("PELORUS_HOSTS_DIR") or tempfile.gettempdir()).glob(FOLDER + "*"):
        try:
            pid, start = (folder / "owner").read_text().split()
        except (OSError, ValueError):
            continue
        if start_of(pid) != start:
            shutil.rmtree(folder, ignore_errors=True)
