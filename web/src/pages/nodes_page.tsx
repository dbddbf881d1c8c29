import { Alert, App, Button, Spin } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type ClusterNode, hostsOf, isControllable, leaderOf, sparesOf } from "../cluster/cluster";
import { useAge, useCluster } from "../cluster/use_cluster";
import { type OrderFailure, type Orders, slowAfterSeconds, useOrders } from "../cluster/use_orders";
import { useSession } from "../session/use_session";
import { clockText } from "../text/numbers";
import { Role, roleKey } from "../text/roles";
import { NodeLink } from "../widgets/node_link";
import { NodesTable } from "./nodes_table";

const staleAfterSeconds = 6;

export function NodesPage({ ownAlias, live }: { ownAlias: string; live: boolean }) {
  const { t } = useTranslation();
  const { nodes, leaderless, answeredAt, failure, refresh } = useCluster(live);
  const orders = useOrders(nodes, refresh);
  const [selected, setSelected] = useState<readonly string[]>([]);
  const age = useAge(answeredAt);
  if (nodes === null) {
    if (failure !== null) return <ClusterFailure failure={failure} />;
    return <Spin className="whole" description={t("nodes.loading")} size="large" />;
  }
  const stale = age > staleAfterSeconds || !live;
  return (
    <div className="nodes">
      <div className={stale ? "summary dimmed" : "summary"} role="status">
        <Summary nodes={nodes} ownAlias={ownAlias} />
      </div>
      <Actions nodes={nodes} selected={selected} orders={orders} disabled={!live} answeredAt={answeredAt} />
      {live && failure !== null && <ClusterFailure failure={failure} />}
      {live && leaderless && <Alert banner showIcon type="error" title={t("nodes.noLeader")} />}
      {live && stale && answeredAt !== null && (
        <Alert banner showIcon type="warning" title={t("nodes.stale", { seconds: age, time: clockText(answeredAt) })} />
      )}
      {orders.failure !== null && <OrderRefused failure={orders.failure} onClose={orders.forgetFailure} />}
      {orders.slow.length > 0 && <Slow orders={orders} />}
      <NodesTable
        hosts={hostsOf(nodes)}
        ownAlias={ownAlias}
        pending={orders.pending}
        selected={selected}
        onSelect={setSelected}
        dimmed={stale}
      />
    </div>
  );
}

function ClusterFailure({ failure }: { failure: Error }) {
  const { t } = useTranslation();
  const leaderless = /NotLeader|ControllerNotAvail|no leader|leads/i.test(failure.message);
  return (
    <Alert
      banner
      showIcon
      type="error"
      title={t("nodes.failed")}
      description={
        <>
          {leaderless && <div>{t("nodes.noLeader")}</div>}
          <div className="quiet">{failure.message}</div>
        </>
      }
    />
  );
}

function Slow({ orders }: { orders: Orders }) {
  const { t } = useTranslation();
  const names = orders.slow.map(({ alias }) => alias).join(", ");
  return <Alert banner showIcon type="warning" title={t("nodes.slow", { names, seconds: slowAfterSeconds })} />;
}

function OrderRefused({ failure, onClose }: { failure: OrderFailure; onClose: () => void }) {
  const { t } = useTranslation();
  const title = t(failure.verb === "start" ? "nodes.startFailed" : "nodes.stopFailed", {
    names: failure.aliases.join(", "),
  });
  const denied = failure.text.includes("<NoPrivilege>") || /administrator/i.test(failure.text);
  return (
    <Alert
      banner
      showIcon
      closable={{ onClose }}
      type="error"
      title={title}
      description={
        <>
          {denied && <div>{t("nodes.notGranted")}</div>}
          <div className="quiet">{failure.text}</div>
        </>
      }
    />
  );
}

const countedRoles = [Role.controller, Role.agent, Role.data, Role.compute, Role.single];

function Summary({ nodes, ownAlias }: { nodes: readonly ClusterNode[]; ownAlias: string }) {
  const counts = countedRoles.flatMap((role) => {
    const all = nodes.filter((node) => node.role === role);
    const running = all.filter((node) => node.running).length;
    const unheard = all.some((node) => node.unheard);
    return all.length === 0 ? [] : [{ role, all: all.length, running, unheard }];
  });
  return (
    <>
      {counts.map((count) => (
        <Count key={count.role} {...count} />
      ))}
      <Leadership nodes={nodes} ownAlias={ownAlias} />
    </>
  );
}

interface CountProps {
  readonly role: number;
  readonly running: number;
  readonly all: number;
  readonly unheard: boolean;
}

function Count({ role, running, all, unheard }: CountProps) {
  const { t } = useTranslation();
  const text = t("nodes.running", { running, all, role: t(roleKey(role, all)) });
  if (unheard) return <span className="quiet">? {text}</span>;
  return running === all ? <span className="good">● {text}</span> : <span className="bad">▲ {text}</span>;
}

function Leadership({ nodes, ownAlias }: { nodes: readonly ClusterNode[]; ownAlias: string }) {
  const { t } = useTranslation();
  const session = useSession();
  const spares = sparesOf(nodes);
  const leader = leaderOf(nodes);
  if (spares === null) return null;
  return (
    <>
      <span className={leader === null ? "bad" : undefined}>
        {leader === null ? `▲ ${t("nodes.noLeaderShort")}` : t("nodes.leader", { alias: leader.alias })}
        {leader?.alias === ownAlias && <span className="quiet"> ({t("nodes.atLeader")})</span>}
      </span>
      {leader !== null && leader.alias !== ownAlias && (
        <NodeLink node={leader} session={session} className="jump">
          {t("nodes.toLeader")} ↗
        </NodeLink>
      )}
      {leader !== null && <span className={spares > 0 ? "quiet" : "busy"}>{sparesText(spares, t)}</span>}
    </>
  );
}

function sparesText(spares: number, t: ReturnType<typeof useTranslation>["t"]): string {
  if (spares > 1) return t("nodes.survivesMany", { count: spares });
  if (spares === 1) return t("nodes.survivesOne");
  return t("nodes.survivesNone");
}

interface ActionsProps {
  readonly nodes: readonly ClusterNode[];
  readonly selected: readonly string[];
  readonly orders: Orders;
  readonly disabled: boolean;
  readonly answeredAt: Date | null;
}

function Actions({ nodes, selected, orders, disabled, answeredAt }: ActionsProps) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const free = nodes.filter(
    (node) => selected.includes(node.alias) && isControllable(node) && !isPending(orders, node),
  );
  const startable = free.filter((node) => !node.running).map(({ alias }) => alias);
  const stoppable = free.filter((node) => node.running).map(({ alias }) => alias);
  const confirmStop = () =>
    modal.confirm({
      title: t("nodes.stopTitle", { names: stoppable.join(", ") }),
      content: t("nodes.stopText"),
      okText: t("nodes.stop"),
      okButtonProps: { danger: true },
      cancelText: t("nodes.cancel"),
      onOk: () => void orders.give("stop", stoppable),
    });
  return (
    <div className="bar">
      {nodes.some(isControllable) && (
        <>
          <Button disabled={disabled || startable.length === 0} onClick={() => void orders.give("start", startable)}>
            ▶ {t("nodes.start")}
          </Button>
          <Button danger disabled={disabled || stoppable.length === 0} onClick={confirmStop}>
            ■ {t("nodes.stop")}
          </Button>
          <span className="quiet">
            {selected.length === 0 ? t("nodes.nothingSelected") : t("nodes.selected", { count: selected.length })}
          </span>
        </>
      )}
      <span className="space" />
      <span className="quiet">{answeredAt !== null && t("nodes.updated", { time: clockText(answeredAt) })}</span>
    </div>
  );
}

function isPending(orders: Orders, node: ClusterNode): boolean {
  return orders.pending.some(({ alias }) => alias === node.alias);
}
