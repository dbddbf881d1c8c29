import { Checkbox } from "antd";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { type ClusterNode, type Host, isControllable } from "../cluster/cluster";
import type { Order } from "../cluster/use_orders";
import { useSession } from "../session/use_session";
import { bytesText, durationText } from "../text/numbers";
import { Role, roleKey } from "../text/roles";
import { NodeLink } from "../widgets/node_link";

interface TableProps {
  readonly hosts: readonly Host[];
  readonly ownAlias: string;
  readonly pending: readonly Order[];
  readonly selected: readonly string[];
  readonly onSelect: (aliases: readonly string[]) => void;
  /** The figures are old. */
  readonly dimmed: boolean;
}

const figures = ["memory", "cpu", "connections", "jobs", "queries", "disk", "network"] as const;
type Figure = (typeof figures)[number];

export function NodesTable(props: TableProps) {
  const { t } = useTranslation();
  const { hosts, dimmed } = props;
  return (
    <div className="nodes-scroll">
      <table className={dimmed ? "nodes-table dimmed" : "nodes-table"} aria-label={t("nodes.tableName")}>
        <thead>
          <tr>
            <PickAll {...props} />
            <th>{t("nodes.column.name")}</th>
            <th>{t("nodes.column.role")}</th>
            <th>{t("nodes.column.state")}</th>
            <th className="right">{t("nodes.column.port")}</th>
            {figures.map((figure) => (
              <th key={figure} className="right" title={t(`nodes.hint.${figure}`)}>
                {t(`nodes.column.${figure}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {hosts.map((host) => (
            <Fragment key={host.name}>
              <HostRow host={host} />
              {host.nodes.map((node) => (
                <NodeRow key={node.alias} node={node} {...props} />
              ))}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function PickAll({ hosts, selected, onSelect }: TableProps) {
  const { t } = useTranslation();
  const all = hosts.flatMap((host) => host.nodes.filter(isControllable).map(({ alias }) => alias));
  const chosen = all.filter((alias) => selected.includes(alias)).length;
  if (all.length === 0) return <td />;
  return (
    <td className="pick">
      <Checkbox
        checked={chosen === all.length}
        indeterminate={chosen > 0 && chosen < all.length}
        onChange={() => onSelect(chosen === all.length ? [] : all)}
        aria-label={t("nodes.selectAll")}
      />
    </td>
  );
}

function HostRow({ host }: { host: Host }) {
  const { t } = useTranslation();
  return (
    <tr className="host">
      <th colSpan={5 + figures.length} scope="rowgroup">
        {t("nodes.host", { host: host.name })}
      </th>
    </tr>
  );
}

function NodeRow({ node, ownAlias, pending, selected, onSelect }: TableProps & { node: ClusterNode }) {
  const { t } = useTranslation();
  const session = useSession();
  const isSelected = selected.includes(node.alias);
  const toggle = () =>
    onSelect(isSelected ? selected.filter((alias) => alias !== node.alias) : [...selected, node.alias]);
  return (
    <tr data-node={node.alias} className={isSelected ? "selected" : undefined}>
      <td className="pick">
        {isControllable(node) && (
          <Checkbox checked={isSelected} onChange={toggle} aria-label={t("nodes.selectNode", { alias: node.alias })} />
        )}
      </td>
      <td>
        {node.alias === ownAlias ? (
          <>
            <b>{node.alias}</b> <span className="quiet small">{t("nodes.thisNode")}</span>
          </>
        ) : (
          <NodeLink node={node} session={session} title={t("nodes.openPage", { alias: node.alias })}>
            {node.alias}
          </NodeLink>
        )}
      </td>
      <td>
        {t(roleKey(node.role))} <Raft node={node} />
      </td>
      <td>
        <State node={node} order={pending.find(({ alias }) => alias === node.alias)} />
      </td>
      <td className="right">{node.port}</td>
      {figures.map((figure) => (
        <td key={figure} className={node.unheard ? "right quiet" : "right"}>
          {node.running ? figureText(figure, node) : <span className="quiet">–</span>}
        </td>
      ))}
    </tr>
  );
}

function Raft({ node }: { node: ClusterNode }) {
  const { t } = useTranslation();
  if (node.role !== Role.controller || !node.running) return null;
  if (node.leads === true) return <span className="badge">★ {t("nodes.leads")}</span>;
  return <span className="badge badge-quiet">{t("nodes.follows")}</span>;
}

function State({ node, order }: { node: ClusterNode; order: Order | undefined }) {
  const { t } = useTranslation();
  if (order !== undefined) {
    return (
      <span className="busy">{order.verb === "start" ? `◐ ${t("nodes.starting")}` : `◑ ${t("nodes.stopping")}`}</span>
    );
  }
  if (node.unheard) return <span className="quiet">? {t("nodes.unheard")}</span>;
  return node.running ? (
    <span className="good">● {t("nodes.up")}</span>
  ) : (
    <span className="bad">○ {t("nodes.down")}</span>
  );
}

function share(used: number, all: number, text: (value: number) => string): string {
  return all > 0 ? `${text(used)} / ${text(all)}` : text(used);
}

function figureText(figure: Figure, node: ClusterNode): string {
  switch (figure) {
    case "memory":
      return share(node.memoryUsed, node.memoryMax, bytesText);
    case "cpu":
      return `${node.cpuPercent.toFixed(0)} %`;
    case "connections":
      return share(node.connections, node.connectionsMax, String);
    case "jobs":
      return node.queuedJobs > 0 ? `${node.runningJobs} + ${node.queuedJobs}` : String(node.runningJobs);
    case "queries":
      return node.medianQueryNs > 0 ? durationText(node.medianQueryNs / 1e6) : "–";
    case "disk":
      return node.diskCapacity > 0 ? share(node.diskFree, node.diskCapacity, bytesText) : "–";
    case "network":
      return `${bytesText(node.receivedRate)}/s · ${bytesText(node.sentRate)}/s`;
  }
}
