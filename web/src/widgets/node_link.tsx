import type { MouseEvent, ReactNode } from "react";
import { type ClusterNode, pageOf } from "../cluster/cluster";
import type { Session } from "../session/session";

interface NodeLinkProps {
  readonly node: ClusterNode;
  readonly session: Session;
  readonly children: ReactNode;
  readonly className?: string;
  readonly title?: string;
}

/** Opens the page that another node serves, in a tab of its own and signed in where the cluster's tickets allow it. */
export function NodeLink({ node, session, children, className, title }: NodeLinkProps) {
  const url = pageOf(node, window.location);
  const open = (event: MouseEvent) => {
    event.preventDefault();
    session.openPage(url);
  };
  return (
    <a href={url} className={className} title={title} onClick={open}>
      {children}
    </a>
  );
}
