// Who is signed in on this page, and the connection it watches the node with. Scripts get connections of their own.

import { type Answer, Connection, ConnectionLost, type RunOptions, ServerError } from "../wire/connection";
import type { Argument } from "../wire/encode";
import type { Cell, Value } from "../wire/types";
import { openWithTicket, ticketFromOpener } from "./handover";
import { makeNonce, proofOf } from "./scram";

/** The answer to a login was not what a node that knows the password would say. */
export class Impostor extends Error {}

export interface NodeFacts {
  readonly alias: string;
  readonly type: number;
  readonly version: string;
}

export type SessionState =
  /** A ticket from before a reload is being tried. */
  | { readonly phase: "resuming" }
  | { readonly phase: "signedOut"; readonly reason: "none" | "expired" }
  | { readonly phase: "signedIn"; readonly user: string; readonly node: NodeFacts; readonly link: "live" | "lost" };

const ticketKey = "pelorus.ticket";
export const retrySeconds = 3;
const urgent = { urgent: true } as const;

export function scalarOf(value: Value | null): Cell {
  return value?.form === "scalar" ? value.column.valueAt(0) : null;
}

function webSocketUrl(): string {
  const url = new URL("./", window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.hash = "";
  return url.href;
}

async function factsOf(connection: Connection): Promise<NodeFacts> {
  return {
    alias: String(scalarOf(await connection.call("getNodeAlias", [], urgent)) ?? ""),
    type: Number(scalarOf(await connection.call("getNodeType", [], urgent))),
    version: String(scalarOf(await connection.call("version", [], urgent)) ?? ""),
  };
}

async function signIn(connection: Connection, user: string, password: string): Promise<void> {
  const nonce = makeNonce();
  const first = await connection.call("scramClientFirst", [user, nonce]);
  if (first?.form !== "vector") throw new Impostor("no challenge");
  const [salt, iterations, combined] = [0, 1, 2].map((i) => first.column.valueAt(i));
  const challenge = { saltBase64: String(salt), iterations: Number(iterations), combinedNonce: String(combined) };
  const proof = await proofOf(user, password, nonce, challenge);
  const answer = await connection.call("scramClientFinal", [user, challenge.combinedNonce, proof.proofBase64]);
  if (scalarOf(answer) !== proof.serverSignatureBase64) throw new Impostor("wrong server signature");
}

/** One per page. Subscribers are told of every change of state(). */
export class Session {
  private current: SessionState = { phase: "signedOut", reason: "none" };
  private connection: Connection | null = null;
  private ticket = sessionStorage.getItem(ticketKey);
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();

  readonly state = (): SessionState => this.current;
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Signs in with the ticket that a reload left behind, or that the page which opened this one has. */
  async resume(): Promise<void> {
    const handed = this.ticket === null && window.opener !== null;
    if (this.ticket === null && !handed) return;
    this.become({ phase: "resuming" });
    if (handed) this.ticket = await ticketFromOpener();
    if (this.ticket === null) {
      this.signOut();
      return;
    }
    try {
      await this.link();
    } catch (error) {
      this.forget();
      // Nodes without a common key do not take each other's tickets: that is no sign-in that has expired.
      this.become({ phase: "signedOut", reason: handed || error instanceof ConnectionLost ? "none" : "expired" });
    }
  }

  /** Throws ServerError with the node's words, ConnectionLost, or Impostor. */
  async signIn(user: string, password: string): Promise<void> {
    const connection = await Connection.open(webSocketUrl(), () => this.lose());
    try {
      await signIn(connection, user, password);
      await this.adopt(connection);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  signOut(reason: "none" | "expired" = "none"): void {
    this.forget();
    this.become({ phase: "signedOut", reason });
  }

  /** A connection of its own, signed in as the same user. */
  async openConnection(onLost: () => void): Promise<Connection> {
    return this.signedIn(await Connection.open(webSocketUrl(), onLost));
  }

  /** On the watching connection: short requests only. */
  async call(name: string, args: readonly Argument[]): Promise<Value | null> {
    if (this.connection === null) throw new ConnectionLost("not connected");
    return this.connection.call(name, args, urgent);
  }
  async run(script: string, options: RunOptions = {}): Promise<Answer> {
    if (this.connection === null) throw new ConnectionLost("not connected");
    return this.connection.run(script, { ...urgent, ...options });
  }

  /** The page that another node serves. */
  openPage(url: string): void {
    openWithTicket(url, this.ticket ?? "");
  }

  /** Does not wait for the next attempt. */
  retryNow(): void {
    clearTimeout(this.retryTimer);
    void this.relink();
  }

  private async signedIn(connection: Connection): Promise<Connection> {
    try {
      await connection.call("authenticateByTicket", [this.ticket ?? ""], urgent);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  private async link(): Promise<void> {
    await this.adopt(await this.signedIn(await Connection.open(webSocketUrl(), () => this.lose())));
  }

  private async adopt(connection: Connection): Promise<void> {
    const node = await factsOf(connection);
    const ticket = String(scalarOf(await connection.call("getAuthenticatedUserTicket", [], urgent)));
    const who = await connection.call("getCurrentSessionAndUser", [], urgent);
    const user = who?.form === "vector" ? String(who.column.valueAt(1)) : "";
    this.ticket = ticket;
    sessionStorage.setItem(ticketKey, ticket);
    this.connection = connection;
    this.become({ phase: "signedIn", user, node, link: "live" });
  }

  private lose(): void {
    this.connection = null;
    if (this.current.phase !== "signedIn") return;
    this.become({ ...this.current, link: "lost" });
    this.retryLater();
  }

  private retryLater(): void {
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => void this.relink(), retrySeconds * 1000);
  }

  private async relink(): Promise<void> {
    if (this.current.phase !== "signedIn" || this.current.link === "live") return;
    try {
      await this.link();
    } catch (error) {
      if (error instanceof ServerError && error.message.includes("ticket")) this.signOut("expired");
      else this.retryLater();
    }
  }

  private forget(): void {
    clearTimeout(this.retryTimer);
    this.ticket = null;
    sessionStorage.removeItem(ticketKey);
    this.connection?.close();
    this.connection = null;
  }

  private become(state: SessionState): void {
    this.current = state;
    for (const listener of this.listeners) listener();
  }
}
