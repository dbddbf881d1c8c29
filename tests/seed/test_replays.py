"""The seed's deployments and migrations, typed on real hosts, end in a cluster that works: S9 to S56.

`literal`: with the mistakes of the print; `corrected`: as docs/operations/by-hand.md has them.
"""
import pytest

import commands
from bed import DOUBLE, FIVE, SINGLE, THREE

VARIANTS = pytest.mark.parametrize("literal", [True, False], ids=["literal", "corrected"])


def deploy_single(bed):
    """S9 to S16."""
    bed.unpack(1, 1)
    bed.type(commands.SINGLE_COPY)
    for k in (1, 2, 3):
        bed.attach(1, k, "single")
    return bed.start(SINGLE, commands.SINGLE_START)


def deploy_double(bed):
    """S17 to S23."""
    bed.unpack(1, 1)
    bed.unpack(2, 2)
    bed.type(commands.DOUBLE_COPY)
    for server, k in ((1, 1), (2, 2), (1, 3)):
        bed.attach(server, k, "dual")
    return bed.start(DOUBLE, commands.DOUBLE_START)


def check_moved(bed, before, name):
    bed.check_unchanged(before)
    bed.check_on_different_hosts()
    return bed.check_usable(name)


def grow_to_five(bed, literal, before):
    """S49 to S56."""
    cluster = bed.cluster_id()
    bed.type(commands.three_to_five(literal))
    bed.start(FIVE, commands.FIVE_START)
    assert bed.cluster_id() == cluster
    return check_moved(bed, before, "after_three_to_five")


@VARIANTS
def test_single_to_three_to_five(make_bed, literal):
    bed = make_bed(5)
    deploy_single(bed)
    before = bed.write_data("dfs://single_test")
    cluster = bed.cluster_id()

    bed.type(commands.one_to_three(literal))
    bed.start(THREE, commands.THREE_START)
    assert bed.cluster_id() == cluster
    before = check_moved(bed, before, "single_test3")
    if literal:
        for k in (1, 2, 3):
            bed.check_warned(k, k, "controller", r"config/cluster\.nodes:6: .*torn.*'node1'",
                             r"config/cluster\.nodes:9: .*run together.*'172\.0\.0\.2:9905:agent2,agent'")
        bed.check_warned(2, 2, "node2", r"the home \S+/data/node2 is new, but the data of node2 are not")
    else:
        bed.check_no_repair()

    grow_to_five(bed, literal, before)
    if literal:
        for k in (1, 2, 3):
            bed.check_warned(k, k, "agent", r"config/agent\.cfg:4: .*CR inside the line")
        # Server 4's file has controller5 at its own address: whoever leads says whose line that is.
        bed.check_warned_somewhere(r"controller4 cluster\.nodes:\d+: .*the cluster has 'controller5' as 172\.0\.0\.5:9913"
                                   r".*the file says 172\.0\.0\.4:9913")
    else:
        bed.check_no_repair()
    survive_two_of_five(bed)


def survive_two_of_five(bed):
    """S56: any two controllers may go, three may not."""
    for server in (4, 1):
        bed.network.host(server).kill(f"controller{server}")
        del bed.places[f"controller{server}"]
    bed.wait_green()
    bed.ask("node2", "loadTable('dfs://test_db', `test_table).append!(table(1..5 as id, take(`x, 5) as name))")
    assert bed.ask("node3", "exec count(*) from loadTable('dfs://test_db', `test_table)") == 205


@VARIANTS
def test_double_to_three_to_five(make_bed, literal):
    bed = make_bed(5)
    deploy_double(bed)
    # Package 2 says controller2 is on server 1, where nothing of it is.
    bed.check_warned(2, 2, "controller", r"config/cluster\.nodes:3: .*'controller2' is at 172\.0\.0\.1:9902 here")
    before = bed.write_data("dfs://double_test")
    bed.check_on_different_hosts()
    cluster = bed.cluster_id()

    bed.type(commands.two_to_three(literal))
    bed.start(THREE, commands.THREE_START)
    assert bed.cluster_id() == cluster
    before = check_moved(bed, before, "double_test2")
    if literal:
        bed.check_warned(1, 1, "controller", r"config/cluster\.nodes:\d+: .*torn.*'node1'")
        for k in (2, 3):
            bed.check_warned(k, k, "controller", r"config/cluster\.nodes: .*header 'localSite,mode' is missing")
            bed.check_warned_somewhere(rf"controller{k} cluster\.nodes: .*lacks members of the cluster, which stay members")
            bed.wait_members_in_file(k, k)
    grow_to_five(bed, literal, before)
