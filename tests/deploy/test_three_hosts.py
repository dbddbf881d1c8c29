"""Three hosts with sshd (tests/hosts), deployed from a fourth machine by ssh."""
import pathlib
import re
import sys
import time

import pytest

from bench import TOOL, password_of

HOSTS = pathlib.Path(__file__).resolve().parent.parent / "hosts"
sys.path.insert(0, str(HOSTS))
import hosts  # noqa: E402

ADDRESSES = ["172.0.0.1", "172.0.0.2", "172.0.0.3"]
LINE = f"{TOOL} deploy --hosts {','.join(ADDRESSES)} --directory /home/pelorus"


@pytest.fixture(scope="module")
def network():
    with hosts.Network(3) as made:
        yield made


def deploy(network, options="", wanted=0):
    done = network.desk.run(f"{LINE} {options}", check=False)
    assert done.returncode == wanted, f"exit {done.returncode}, wanted {wanted}\n{done.stdout}\n{done.stderr}"
    return done


def test_from_bare_hosts_through_trouble_to_a_cluster(network):
    # One host is away: nothing is done anywhere.
    network.host(3).power_off()
    away = deploy(network, wanted=4)
    assert "172.0.0.3" in away.stderr
    assert network.host(1).run("ls /home").stdout.strip() == ""
    network.host(3).power_on()
    # A firewall between two hosts is found before anything is started.
    network.host(2).cut(network.host(3))
    blocked = deploy(network, wanted=8)
    assert re.search(r"172\.0\.0\.[23] does not reach its peers", blocked.stderr), blocked.stderr
    assert network.host(1).pid("controller1") is None
    network.host(2).heal()
    network.host(3).heal()
    done = deploy(network)
    print(done.stderr)
    password = password_of(done.stdout)
    began = time.monotonic()
    again = deploy(network)
    took = time.monotonic() - began
    print(f"nothing to do after {took:.1f} s")
    assert "Nothing to do" in again.stderr and took < 10, (took, again.stderr)  # 3 s where nobody else works
    # Keys are the same everywhere and nobody else's; the password is nowhere any more.
    tell = "cd /home/pelorus/keys; stat -c %a cluster.key; sha256sum cluster.key ca.crt"
    sums = {network.host(k).run(tell).stdout for k in (1, 2, 3)}
    assert len(sums) == 1 and sums.pop().startswith("600\n")
    assert network.host(1).run(f"grep -rlF {password} /home/pelorus", check=False).stdout == ""
    # Each host's certificate is its own, signed by the cluster's authority.
    authority = network.host(1).run("cat /home/pelorus/keys/ca.crt").stdout
    (network.common / "ca.crt").write_text(authority)
    for k, address in enumerate(ADDRESSES, 1):
        for port in (8900, 8902):
            asked = network.desk.run(f"openssl s_client -connect {address}:{port} -CAfile {network.common}/ca.crt "
                                     f"-verify_ip {address} -verify_return_error </dev/null", check=False)
            assert "Verify return code: 0 (ok)" in asked.stdout, (k, port, asked.stdout, asked.stderr)
    # What the plan promised: the loss of a host leaves metadata, reads and writes.
    network.desk.ask("172.0.0.1:8902", "db = database('dfs://t', VALUE, 1..8); t = createPartitionedTable(db, table(1:0, `id`v, "
                     "[INT, INT]), `t, `id); t.append!(table(1..8 as id, 1..8 as v))", password=password)
    network.host(1).power_off()
    write = "loadTable('dfs://t', `t).append!(table(1..8 as id, 1..8 as v)); exec count(*) from loadTable('dfs://t', `t)"
    hosts.wait_until(lambda: network.desk.ask("172.0.0.2:8902", write, password=password) >= 16, 60, "reads and writes")
    # The host comes back without its nodes: deploy starts them.
    network.host(1).power_on()
    assert "Proving" in network.desk.run(f"PELORUS_PASSWORD={password} {LINE}").stderr
    assert "Nothing to do" in deploy(network).stderr


def test_refusals_of_ssh_are_told_from_absence(network):
    network.host(2).run("mv /root/.ssh/authorized_keys /root/.ssh/kept")
    try:
        refused = deploy(network, "check", 5)
        assert "ssh is refused" in refused.stderr
    finally:
        network.host(2).run("mv /root/.ssh/kept /root/.ssh/authorized_keys")
