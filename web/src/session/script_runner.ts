// Runs scripts of one user on one connection, so that variables live from one run to the next.

import { type Answer, type Connection, ConnectionLost } from "../wire/connection";
import type { Session } from "./session";

export type Run =
  | { readonly phase: "idle" }
  | { readonly phase: "running"; readonly since: number; readonly cancelling: boolean }
  | { readonly phase: "done"; readonly answer: Answer; readonly ms: number }
  | { readonly phase: "failed"; readonly error: Error; readonly ms: number };

/** Of a longer table this many rows come to the page. */
const rowsMax = 100_000;
/** The oldest lines go first. */
const outputLinesMax = 5000;
/** How often what print() said is shown while a script runs. */
const showEveryMs = 100;

export class ScriptRunner {
  private connection: Connection | null = null;
  private run: Run = { phase: "idle" };
  private lines: string[] = [];
  private shownLines: readonly string[] = [];
  private showTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly session: Session) {}

  readonly state = (): Run => this.run;
  readonly output = (): readonly string[] => this.shownLines;
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Does nothing while a script runs. Resolves to the error of a failed script, never rejects. */
  async start(script: string): Promise<Error | null> {
    if (this.run.phase === "running") return null;
    const since = performance.now();
    this.lines = [];
    this.showOutput();
    this.become({ phase: "running", since, cancelling: false });
    try {
      this.connection ??= await this.session.openConnection(() => this.forget());
      const answer = await this.connection.run(script, { rowsMax, onPrint: (text) => this.print(text) });
      this.showOutput();
      this.become({ phase: "done", answer, ms: performance.now() - since });
      return null;
    } catch (caught) {
      const error = caught instanceof Error ? caught : new Error(String(caught));
      if (error instanceof ConnectionLost) this.forget();
      this.showOutput();
      this.become({ phase: "failed", error, ms: performance.now() - since });
      return error;
    }
  }

  /** Asks the node to end the running statement. Its error says that it was cancelled. */
  async cancel(): Promise<void> {
    if (this.run.phase !== "running" || this.connection === null) return;
    this.become({ ...this.run, cancelling: true });
    const job = await this.jobOf(this.connection.session).catch(() => null);
    // Without a job of that name the statement ends with its connection.
    if (job === null) this.connection?.close();
    else await this.session.call("cancelConsoleJob", [job]).catch(() => this.connection?.close());
  }

  /** Ends the session on the node; the next run begins a new one. */
  close(): void {
    this.connection?.close();
    this.connection = null;
    this.lines = [];
    this.showOutput();
    if (this.run.phase !== "running") this.become({ phase: "idle" });
  }

  private async jobOf(session: string): Promise<string | null> {
    const jobs = await this.session.call("getConsoleJobs", []);
    if (jobs?.form !== "table") return null;
    const column = (name: string) => jobs.columns.find((each) => each.name === name)?.column;
    for (let row = 0; row < jobs.rows; ++row) {
      if (column("sessionId")?.textAt(row) === session) return column("rootJobId")?.textAt(row) ?? null;
    }
    return null;
  }

  private forget(): void {
    this.connection = null;
  }

  private print(text: string): void {
    this.lines.push(...text.split("\n"));
    if (this.lines.length > outputLinesMax) this.lines.splice(0, this.lines.length - outputLinesMax);
    this.showTimer ??= setTimeout(() => this.showOutput(), showEveryMs);
  }

  private showOutput(): void {
    clearTimeout(this.showTimer);
    this.showTimer = undefined;
    this.shownLines = [...this.lines];
    this.tell();
  }

  private become(run: Run): void {
    this.run = run;
    this.tell();
  }
  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
