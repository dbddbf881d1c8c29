// The cluster as getClusterPerf(true) tells it.

import { Role } from "../text/roles";
import type { Cell, TableValue, Value } from "../wire/types";
import { WireError } from "../wire/types";

export interface ClusterNode {
  readonly alias: string;
  readonly host: string;
  readonly port: number;
  /** Where clients outside the cluster's network reach it; "" where that is `host`. */
  readonly publicName: string;
  readonly role: number;
  readonly running: boolean;
  /** A leader that was just elected has not heard of it; what is known is from its predecessor. */
  readonly unheard: boolean;
  /** Null for all but controllers. */
  readonly leads: boolean | null;
  readonly memoryUsed: number;
  /** In bytes; 0: not known. */
  readonly memoryMax: number;
  readonly cpuPercent: number;
  readonly connections: number;
  readonly connectionsMax: number;
  readonly runningJobs: number;
  readonly queuedJobs: number;
  readonly medianQueryNs: number;
  readonly diskFree: number;
  readonly diskCapacity: number;
  readonly receivedRate: number;
  readonly sentRate: number;
}

export interface Host {
  readonly name: string;
  readonly nodes: readonly ClusterNode[];
}

const bytesOfGigabyte = 1024 ** 3;

/** What the columns hold at one row, under their names; a missing column reads as null. */
function readerOf(table: TableValue): (name: string, row: number) => Cell {
  const columns = new Map(table.columns.map(({ name, column }) => [name, column]));
  return (name, row) => columns.get(name)?.valueAt(row) ?? null;
}

export function nodesOf(value: Value | null): ClusterNode[] {
  if (value?.form !== "table") throw new WireError("getClusterPerf(true) gave no table");
  const cell = readerOf(value);
  const number = (name: string, row: number) => Number(cell(name, row) ?? 0);
  const text = (name: string, row: number) => String(cell(name, row) ?? "");
  return Array.from({ length: value.rows }, (_, row) => {
    const leads = cell("isLeader", row);
    return {
      alias: text("name", row),
      host: text("host", row),
      port: number("port", row),
      publicName: text("publicName", row),
      role: number("mode", row),
      running: number("state", row) === 1,
      unheard: false,
      leads: typeof leads === "boolean" ? leads : null,
      memoryUsed: number("memoryUsed", row),
      memoryMax: number("maxMemSize", row) * bytesOfGigabyte,
      cpuPercent: number("cpuUsage", row),
      connections: number("connectionNum", row),
      connectionsMax: number("maxConnections", row),
      runningJobs: number("runningJobs", row),
      queuedJobs: number("queuedJobs", row),
      medianQueryNs: number("medLast10QueryTime", row),
      diskFree: number("diskFreeSpace", row),
      diskCapacity: number("diskCapacity", row),
      receivedRate: number("networkRecvRate", row),
      sentRate: number("networkSendRate", row),
    };
  });
}

/** Controllers first, then agents, then the nodes that hold data or compute. */
const roleOrder = [Role.controller, Role.agent, Role.single, Role.data, Role.compute];

function byName(left: string, right: string): number {
  return left.localeCompare(right, "en", { numeric: true });
}

export function hostsOf(nodes: readonly ClusterNode[]): Host[] {
  const hosts = new Map<string, ClusterNode[]>();
  for (const node of nodes) {
    const there = hosts.get(node.host);
    if (there === undefined) hosts.set(node.host, [node]);
    else there.push(node);
  }
  const place = (node: ClusterNode) => roleOrder.indexOf(node.role as (typeof roleOrder)[number]);
  const ordered = [...hosts].sort(([left], [right]) => byName(left, right));
  return ordered.map(([name, there]) => ({
    name,
    nodes: there.sort((left, right) => place(left) - place(right) || byName(left.alias, right.alias)),
  }));
}

/** The running controller that leads; null while there is none. */
export function leaderOf(nodes: readonly ClusterNode[]): ClusterNode | null {
  return nodes.find((node) => node.leads === true && node.running) ?? null;
}

/**
 * A new leader knows nobody until it hears their next heartbeats, and a controller without a leader hears nobody at
 * all; both call all others stopped. Until more is known, what the last leader said stands, marked as unheard.
 */
export function withPredecessor(before: readonly ClusterNode[], now: readonly ClusterNode[]): ClusterNode[] {
  const known = new Map(before.map((node) => [node.alias, node]));
  return now.map((node) => {
    const previous = known.get(node.alias);
    if (node.running || previous === undefined || !previous.running) return node;
    return { ...previous, leads: node.leads, unheard: true };
  });
}

/** How many running controllers may be lost before no strict majority is left; null where there are none. */
export function sparesOf(nodes: readonly ClusterNode[]): number | null {
  const controllers = nodes.filter((node) => node.role === Role.controller);
  if (controllers.length === 0) return null;
  const majority = Math.floor(controllers.length / 2) + 1;
  return controllers.filter((node) => node.running).length - majority;
}

/** startDataNode() and stopDataNode() take these only. */
export function isControllable(node: ClusterNode): boolean {
  return node.role === Role.data || node.role === Role.compute;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host.startsWith("127.") || host === "[::1]" || host === "::1";
}

/**
 * Where a browser finds the node's page. A node known by a loopback address is on the machine of this page, which the
 * browser may have reached under another name.
 */
export function pageOf(node: ClusterNode, here: { readonly protocol: string; readonly hostname: string }): string {
  const known = node.publicName.split(/[,;]/)[0]?.trim() || node.host;
  const host = isLoopback(known) && !isLoopback(here.hostname) ? here.hostname : known;
  return `${here.protocol}//${host}:${node.port}/`;
}
