// Starting and stopping nodes: what was ordered and has not happened yet, and what failed.

import { useCallback, useEffect, useState } from "react";
import { useSession } from "../session/use_session";
import type { ClusterNode } from "./cluster";

export type Verb = "start" | "stop";

export interface Order {
  readonly alias: string;
  readonly verb: Verb;
  readonly givenAt: number;
}

export interface OrderFailure {
  readonly verb: Verb;
  readonly aliases: readonly string[];
  readonly text: string;
}

export interface Orders {
  readonly pending: readonly Order[];
  /** Orders that were accepted and did not show within slowAfterSeconds. */
  readonly slow: readonly Order[];
  readonly failure: OrderFailure | null;
  readonly give: (verb: Verb, aliases: readonly string[]) => Promise<void>;
  readonly forgetFailure: () => void;
}

export const slowAfterSeconds = 30;

const functionOf = { start: "startDataNode", stop: "stopDataNode" } as const;

function isDone(order: Order, nodes: readonly ClusterNode[]): boolean {
  const node = nodes.find(({ alias }) => alias === order.alias);
  return node === undefined || node.running === (order.verb === "start");
}

export function useOrders(nodes: readonly ClusterNode[] | null, refresh: () => void): Orders {
  const session = useSession();
  const [pending, setPending] = useState<readonly Order[]>([]);
  const [failure, setFailure] = useState<OrderFailure | null>(null);

  useEffect(() => {
    if (nodes !== null) setPending((orders) => orders.filter((order) => !isDone(order, nodes)));
  }, [nodes]);

  const give = useCallback(
    async (verb: Verb, aliases: readonly string[]) => {
      const givenAt = Date.now();
      const given = aliases.map((alias) => ({ alias, verb, givenAt }));
      setFailure(null);
      setPending((orders) => [...orders.filter((order) => !aliases.includes(order.alias)), ...given]);
      try {
        await session.call(functionOf[verb], [aliases]);
      } catch (error) {
        setPending((orders) => orders.filter((order) => !given.includes(order)));
        setFailure({ verb, aliases, text: error instanceof Error ? error.message : String(error) });
      }
      refresh();
    },
    [session, refresh],
  );
  const slow = pending.filter((order) => Date.now() - order.givenAt > slowAfterSeconds * 1000);
  return { pending, slow, failure, give, forgetFailure: useCallback(() => setFailure(null), []) };
}
