"""What the seed's operator types, as pairs (server, text), step by step; texts begin in /home of that server.

`literal`: as printed, mistakes included; only what cannot copy anything at all is corrected (scp and cp without -r, a directory that is
not there). `corrected`: the same steps without mistakes, as docs/operations/by-hand.md prints them. The edits of the files are in
tests/fixtures/seed-configs/commands; a text that ends with EDIT and a name types that one.
"""
import pathlib

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "seed-configs"


def edit(package, *names):
    """Types the files of commands/ in the config directory of a package."""
    text = [f"cd /home/dolphindb_{package}/server/clusterDemo/config"]
    return "\n".join(text + [(FIXTURES / "commands" / f"{name}.sh").read_text() for name in names])


def stop_and_keep(k):  # S25, S36, S49: BAK(k)
    return f"cd /home/dolphindb_{k}/server/clusterDemo;\nsh stopAllNode.sh;\ncp -r ./config ./config.bak"


def start(k, *roles):
    return "\n".join([f"cd dolphindb_{k}/server/clusterdemo;", *(f"sh start{role}.sh" for role in roles)])


# --- S9 to S13, S17 to S21: the archive is unpacked by the bed
SINGLE_COPY = [(1, "cp -r /home/dolphindb_1 /home/dolphindb_2;\ncp -r /home/dolphindb_1 /home/dolphindb_3;")]
SINGLE_START = [(1, start(1, "Controller", "Agent")), (1, start(2, "Controller")), (1, start(3, "Controller"))]
DOUBLE_COPY = [(1, "cp -r /home/dolphindb_1 /home/dolphindb_3;")]
DOUBLE_START = [(1, start(1, "Controller", "Agent")), (1, start(3, "Controller")), (2, start(2, "Controller", "Agent"))]

THREE_START = [(k, start(k, "Controller", "Agent")) for k in (1, 2, 3)]  # S31, S42
FIVE_START = [(k, start(k, "Controller")) for k in (1, 2, 3, 4, 5)] + [(k, start(k, "Agent")) for k in (1, 2, 3)]  # S54, S55
DOUBLE_STOP = [(1, stop_and_keep(1)), (1, stop_and_keep(3)), (2, stop_and_keep(2))]
SINGLE_STOP = [(1, stop_and_keep(1)), (1, stop_and_keep(2)), (1, stop_and_keep(3))]
THREE_STOP = [(k, stop_and_keep(k)) for k in (1, 2, 3)]


def one_to_three(literal):
    """S25 to S30."""
    edits = ("address_servers", "one_to_three") if literal else ("clean", "address_servers_corrected", "one_to_three")
    return [
        *SINGLE_STOP,
        (1, "scp -r /home/dolphindb_2 root@172.0.0.2:/home/dolphindb_2;\nscp -r /home/dolphindb_3 root@172.0.0.3:/home/dolphindb_3;"),
        *([] if literal else [(1, node_home(1, 2)), (1, node_home(1, 3))]),
        *((k, edit(k, *edits)) for k in (1, 2, 3)),
        (1, "scp -r /ssd/ssd1/dolphindb_2 root@172.0.0.2:/ssd/ssd1/;\nscp -r /ssd/ssd1/dolphindb_3 root@172.0.0.3:/ssd/ssd1/;"),
    ]


def two_to_three(literal):
    """S36 to S41."""
    third = "two_to_three_server2" if literal else "two_to_three_server1"
    edits = ("address_servers",) if literal else ("clean", "address_servers_corrected")
    return [
        *DOUBLE_STOP,
        (1, "scp -r /home/dolphindb_3 root@172.0.0.3:/home/dolphindb_3;"),
        *([] if literal else [(1, node_home(1, 3))]),
        (1, edit(1, *edits, "two_to_three_server1")),
        (2, edit(2, *edits, third)),
        (3, edit(3, *edits, third)),
        (1, "scp -r /ssd/ssd1/dolphindb_3 root@172.0.0.3:/ssd/ssd1/dolphindb_3"),
    ]


def three_to_five(literal):
    """S49 to S53."""
    ends = () if literal else ("clean",)
    return [
        *THREE_STOP,
        (1, "scp -r /home/dolphindb_1 root@172.0.0.4:/home/dolphindb_4\nscp -r /home/dolphindb_1 root@172.0.0.5:/home/dolphindb_5"),
        *((k, edit(k, *ends, "three_to_five")) for k in (1, 2, 3)),
        (4, edit(4, *ends, "three_to_five_server4" if literal else "three_to_five_server4_corrected")),
        (5, edit(5, *ends, "three_to_five_server5")),
    ]


def node_home(package, k):
    """S43: where agent 1 had started node k."""
    return (f"scp -r /home/dolphindb_{package}/server/clusterDemo/data/node{k} "
            f"root@172.0.0.{k}:/home/dolphindb_{k}/server/clusterDemo/data/")
