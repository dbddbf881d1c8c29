"""The hosts themselves: what the tests on them rely on."""
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from hosts import HERE, Network, is_gone, wait_until


@pytest.fixture(scope="module")
def network():
    with Network(3) as made:
        yield made


def reaches(host, other):
    return host.run(f'timeout 2 bash -c "</dev/tcp/{other.address}/22"', check=False).returncode == 0


def test_each_has_files_of_its_own_and_copies_them_as_typed(network):
    one, two, three = (network.host(k) for k in (1, 2, 3))
    one.run("mkdir -p /home/dolphindb_2/server /ssd/ssd1/dolphindb_2 && echo text >/home/dolphindb_2/server/file")
    assert two.run("ls /home /ssd").stdout.split() == ["/home:", "/ssd:"]
    one.run("scp -r /home/dolphindb_2 root@172.0.0.2:/home/dolphindb_2;")
    assert two.run("cat /home/dolphindb_2/server/file").stdout == "text\n"
    one.run("rsync -a /home/dolphindb_2 root@server3:/home/")
    assert two.run("ssh root@172.0.0.3 cat /home/dolphindb_2/server/file").stdout == "text\n"
    assert three.run("hostname").stdout == "server3\n"
    assert not pathlib.Path("/home/dolphindb_2").exists() and not pathlib.Path("/ssd/ssd1/dolphindb_2").exists()


def test_nothing_of_them_is_in_the_machines_own_network(network):
    assert "172.0.0." not in subprocess.run(["ip", "address"], capture_output=True, text=True, check=True).stdout
    assert "172.0.0." not in subprocess.run(["ip", "route"], capture_output=True, text=True, check=True).stdout
    routes = network.host(1).run("ip route").stdout.split("\n")
    assert [line.split()[0] for line in routes if line] == ["172.0.0.0/24"]


def test_processes_are_seen_on_their_own_host_only(network):
    network.host(1).run("exec -a only-here sleep 100 >/dev/null 2>&1 &")
    assert "only-here" in network.host(1).run("ps ax -o args").stdout
    assert "only-here" not in network.host(2).run("ps ax -o args").stdout


def test_links_are_cut_between_two_and_of_one(network):
    one, two, three = (network.host(k) for k in (1, 2, 3))
    one.cut(two)
    assert not reaches(one, two) and not reaches(two, one)
    assert reaches(one, three) and reaches(three, two)
    one.heal()
    two.heal()
    assert reaches(one, two) and reaches(two, one)
    one.link("down")
    assert not reaches(one, three) and not reaches(two, one)
    one.link("up")
    wait_until(lambda: reaches(one, three), 10, "the link is up again")


def test_a_slow_link_is_slow(network):
    one = network.host(1)
    one.run("head -c 2000000 /dev/urandom >/home/bytes")
    one.slow("4mbit")
    began = time.monotonic()
    one.run("scp /home/bytes root@172.0.0.3:/home/")
    one.slow(None)
    assert time.monotonic() - began > 3


def test_power_off_ends_every_process_and_keeps_the_disk(network):
    two = network.host(2)
    two.run("echo kept >/home/kept; sleep 1000 >/dev/null 2>&1 &")
    boot = two.run("cat /proc/sys/kernel/random/boot_id").stdout
    inside = two.namespaces.pid
    two.power_off()
    assert is_gone(inside) and not reaches(network.host(1), two)
    two.power_on()
    assert reaches(network.host(1), two)
    assert two.run("cat /home/kept").stdout == "kept\n"
    assert "sleep 1000" not in two.run("ps ax -o args").stdout
    assert two.run("cat /proc/sys/kernel/random/boot_id").stdout != boot


def test_a_paused_host_is_silent_until_it_goes_on(network):
    one, three = network.host(1), network.host(3)
    three.pause()
    assert one.run("timeout 3 ssh root@172.0.0.3 true", check=False).returncode != 0
    three.resume()
    one.run("ssh root@172.0.0.3 true")


def test_nothing_stays_when_the_runner_is_killed():
    runner = subprocess.Popen([sys.executable, "-c", "import hosts, time\nwith hosts.Network(1) as n:\n"
                               "  print(n.host(1).namespaces.pid, n.switch.namespaces.pid, n.folder, flush=True)\n  time.sleep(100)"],
                              cwd=HERE, stdout=subprocess.PIPE, text=True)
    host, switch, folder = runner.stdout.readline().split()
    os.kill(runner.pid, signal.SIGKILL)
    runner.wait()
    wait_until(lambda: is_gone(host) and is_gone(switch), 10, "the namespaces gone with the runner")
    assert pathlib.Path(folder).exists()
    with Network(1):
        assert not pathlib.Path(folder).exists()
