import { describe, expect, test } from "vitest";
import { Role } from "../text/roles";
import { type ClusterNode, hostsOf, isControllable, leaderOf, pageOf, sparesOf, withPredecessor } from "./cluster";

const plain: ClusterNode = {
  alias: "",
  host: "10.0.0.1",
  port: 9900,
  publicName: "",
  role: Role.data,
  running: true,
  unheard: false,
  leads: null,
  memoryUsed: 0,
  memoryMax: 0,
  cpuPercent: 0,
  connections: 0,
  connectionsMax: 0,
  runningJobs: 0,
  queuedJobs: 0,
  medianQueryNs: 0,
  diskFree: 0,
  diskCapacity: 0,
  receivedRate: 0,
  sentRate: 0,
};

function node(alias: string, facts: Partial<ClusterNode> = {}): ClusterNode {
  return { ...plain, alias, ...facts };
}
function controller(alias: string, facts: Partial<ClusterNode> = {}): ClusterNode {
  return node(alias, { role: Role.controller, leads: false, ...facts });
}

test("hosts and their nodes stand in an order people expect", () => {
  const nodes = [node("node10"), node("node2"), node("agent1", { role: Role.agent }), node("x", { host: "10.0.0.10" })];
  const hosts = hostsOf([...nodes, controller("controller1"), node("y", { host: "10.0.0.2" })]);
  expect(hosts.map(({ name, nodes: there }) => [name, there.map(({ alias }) => alias)])).toEqual([
    ["10.0.0.1", ["controller1", "agent1", "node2", "node10"]],
    ["10.0.0.2", ["y"]],
    ["10.0.0.10", ["x"]],
  ]);
});

test("a stopped controller does not lead, whatever was last heard of it", () => {
  expect(leaderOf([controller("c1", { leads: true, running: false }), controller("c2")])).toBeNull();
  expect(leaderOf([controller("c1"), controller("c2", { leads: true })])?.alias).toBe("c2");
});

test("what a new leader has not heard yet is not called stopped", () => {
  const before = [node("a", { memoryUsed: 7 }), node("b", { running: false }), controller("c", { leads: true })];
  const now = [
    node("a", { running: false }),
    node("b", { running: false }),
    controller("c"),
    node("d", { running: false }),
  ];
  const seen = withPredecessor(before, now);
  expect(seen.map(({ alias, running, unheard }) => [alias, running, unheard])).toEqual([
    ["a", true, true],
    ["b", false, false],
    ["c", true, false],
    ["d", false, false],
  ]);
  expect(seen[0]?.memoryUsed).toBe(7);
});

describe("how many controllers may be lost", () => {
  const group = (running: number, all: number) =>
    Array.from({ length: all }, (_, i) => controller(`c${i}`, { running: i < running }));
  test.each([
    [3, 3, 1],
    [2, 3, 0],
    [1, 3, -1],
    [5, 5, 2],
    [2, 2, 0],
    [1, 1, 0],
  ])("%i of %i running: %i", (running, all, spares) => {
    expect(sparesOf(group(running, all))).toBe(spares);
  });
  test("a single node has none", () => {
    expect(sparesOf([node("local", { role: Role.single })])).toBeNull();
  });
});

test("only data and compute nodes are started and stopped", () => {
  const roles = Object.values(Role).filter((role) => isControllable(node("x", { role })));
  expect(roles).toEqual([Role.data, Role.compute]);
});

describe("the address of a node's page", () => {
  const here = { protocol: "http:", hostname: "10.0.0.1" };
  test("is its own", () => {
    expect(pageOf(node("n", { host: "10.0.0.7" }), here)).toBe("http://10.0.0.7:9900/");
  });
  test("is its public name where it has one", () => {
    expect(pageOf(node("n", { publicName: "db.example;10.1.1.1" }), here)).toBe("http://db.example:9900/");
  });
  test("is this page's host where the node knows itself by a loopback address", () => {
    expect(pageOf(node("n", { host: "localhost" }), here)).toBe("http://10.0.0.1:9900/");
    expect(pageOf(node("n", { host: "127.0.0.2" }), { ...here, hostname: "127.0.0.1" })).toBe("http://127.0.0.2:9900/");
  });
});
