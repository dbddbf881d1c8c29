// Real nodes from the package: a single one, or the cluster of tests/cluster/bed.py.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";

const host = process.env.PELORUS_BED_HOST ?? "127.0.0.1";
const startWaitMs = 60_000;

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run tests/web/run.sh`);
  return value;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

async function waitUntil(condition: () => Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + startWaitMs;
  while (Date.now() < end) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what}: not within ${startWaitMs / 1000} s`);
}

export class SingleNode {
  private process: ReturnType<typeof spawn> | null = null;

  private constructor(
    private readonly server: string,
    private readonly port: number,
  ) {}

  static async start(): Promise<SingleNode> {
    const server = mkdtempSync(join(tmpdir(), "pelorus-web-single-"));
    cpSync(join(required("PELORUS_PACKAGE"), "server"), server, { recursive: true, preserveTimestamps: true });
    const port = await freePort();
    const settings = join(server, "dolphindb.cfg");
    const site = `localSite=${host}:${port}:local8848`;
    writeFileSync(settings, readFileSync(settings, "utf8").replace(/^localSite=.*$/m, site));
    const node = new SingleNode(server, port);
    await node.run();
    return node;
  }

  get url(): string {
    return `http://${host}:${this.port}/`;
  }
  async run(): Promise<void> {
    const options = ["-mode", "single", "-home", this.server, "-config", "dolphindb.cfg", "-logFile", "single.log"];
    this.process = spawn(join(this.server, "pelorusd"), [...options, "-console", "0"], {
      cwd: this.server,
      stdio: "ignore",
    });
    await waitUntil(() => answers(this.url), "the single node serves its page");
  }
  /** As a crash would. */
  async kill(): Promise<void> {
    const process = this.process;
    if (process === null) return;
    const gone = new Promise((resolve) => process.once("exit", resolve));
    process.kill("SIGKILL");
    await gone;
    this.process = null;
  }
  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.server, { recursive: true, force: true });
  }
}

interface BedFacts {
  readonly host: string;
  readonly user: string;
  readonly password: string;
  readonly ports: Record<string, number>;
  readonly leader: string;
}

type BedProcess = ChildProcessByStdio<Writable, Readable, null>;

/** Three controllers, an agent and three data nodes: the seed's first deployment. */
export class Cluster {
  private constructor(
    private readonly process: BedProcess,
    private readonly lines: Interface,
    readonly facts: BedFacts,
  ) {}

  static async start(): Promise<Cluster> {
    const bed = join(import.meta.dirname, "../../tests/web/cluster_bed.py");
    const process = spawn(required("PELORUS_PYTHON"), [bed], { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface(process.stdout);
    const facts = JSON.parse(await nextLine(process, lines)) as BedFacts;
    return new Cluster(process, lines, facts);
  }

  url(alias: string): string {
    return `http://${this.facts.host}:${this.facts.ports[alias]}/`;
  }
  /** A command of cluster_bed.py. */
  async ask(command: string): Promise<unknown> {
    const answer = nextLine(this.process, this.lines);
    this.process.stdin.write(`${command}\n`);
    const { value, error } = JSON.parse(await answer) as { value?: unknown; error?: string };
    if (error !== undefined) throw new Error(`${command}: ${error}`);
    return value;
  }
  async leader(): Promise<string> {
    return String(await this.ask("leader"));
  }
  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.stdin.end();
    await gone;
  }
}

function nextLine(process: BedProcess, lines: Interface): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new Error("the bed ended; its own words stand above"));
    process.once("exit", fail);
    lines.once("line", (line) => {
      process.off("exit", fail);
      resolve(line);
    });
  });
}
