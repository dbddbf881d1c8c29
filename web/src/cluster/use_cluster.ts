// The cluster's nodes, asked for again and again while they are shown.

import { useCallback, useEffect, useRef, useState } from "react";
import { useSession } from "../session/use_session";
import { type ClusterNode, leaderOf, nodesOf, sparesOf, withPredecessor } from "./cluster";

const refreshMs = 2000;
const retryMs = 1000;
/** A new leader has heard every running node by then. */
const electionGraceMs = 4000;

/** Answers in their order, each seen in the light of the one before it. */
class Watch {
  private last: readonly ClusterNode[] = [];
  private leader: string | null = null;
  private electedAt = 0;
  private ledAt: number | null = null;

  take(answer: readonly ClusterNode[], now: number): readonly ClusterNode[] {
    const leader = leaderOf(answer)?.alias ?? null;
    // A controller without a leader hears nobody either.
    const knowsNobody = leader === null && sparesOf(answer) !== null;
    if (!knowsNobody) this.ledAt = now;
    if (leader !== null && this.leader !== null && leader !== this.leader) this.electedAt = now;
    this.leader = leader ?? this.leader;
    const isNew = now - this.electedAt < electionGraceMs;
    this.last = isNew || knowsNobody ? withPredecessor(this.last, answer) : answer;
    return this.last;
  }
  /** No controller has led for longer than an election takes. */
  isLeaderless(now: number): boolean {
    return this.ledAt === null || now - this.ledAt > electionGraceMs;
  }
}

export interface ClusterView {
  /** Null before the first answer. */
  readonly nodes: readonly ClusterNode[] | null;
  /** No controller leads, and this is not the moment of an election. */
  readonly leaderless: boolean;
  readonly answeredAt: Date | null;
  /** Why the last attempt failed; null: it did not. */
  readonly failure: Error | null;
  /** Asks at once. */
  readonly refresh: () => void;
}

export function useCluster(live: boolean): ClusterView {
  const session = useSession();
  const [nodes, setNodes] = useState<readonly ClusterNode[] | null>(null);
  const [leaderless, setLeaderless] = useState(false);
  const [answeredAt, setAnsweredAt] = useState<Date | null>(null);
  const [failure, setFailure] = useState<Error | null>(null);
  const watch = useRef(new Watch());
  const askNow = useRef(() => {});
  useEffect(() => {
    if (!live) return;
    // Of several questions only the last one counts.
    let turn = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    async function ask() {
      clearTimeout(timer);
      const mine = ++turn;
      let wait = refreshMs;
      try {
        const answer = nodesOf(await session.call("getClusterPerf", [true]));
        if (mine !== turn) return;
        const now = Date.now();
        setNodes(watch.current.take(answer, now));
        setLeaderless(watch.current.isLeaderless(now));
        setAnsweredAt(new Date());
        setFailure(null);
      } catch (error) {
        if (mine !== turn) return;
        setFailure(error instanceof Error ? error : new Error(String(error)));
        wait = retryMs;
      }
      timer = setTimeout(() => void ask(), wait);
    }
    askNow.current = () => void ask();
    void ask();
    return () => {
      ++turn;
      clearTimeout(timer);
    };
  }, [session, live]);
  return { nodes, leaderless, answeredAt, failure, refresh: useCallback(() => askNow.current(), []) };
}

const tickMs = 1000;

/** Whole seconds since `then`, counting. */
export function useAge(then: Date | null): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), tickMs);
    return () => clearInterval(timer);
  }, []);
  return then === null ? 0 : Math.max(0, Math.floor((now - then.getTime()) / 1000));
}
