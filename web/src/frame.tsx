import { Alert, Button } from "antd";
import { lazy, Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { NodesPage } from "./pages/nodes_page";
import { retrySeconds, type SessionState } from "./session/session";
import { useSession } from "./session/use_session";
import { roleKey } from "./text/roles";
import { LanguageSwitch } from "./widgets/language_switch";
import { places, usePlace } from "./widgets/use_place";

const ScriptPage = lazy(async () => ({ default: (await import("./pages/script_page")).ScriptPage }));

type SignedIn = Extract<SessionState, { phase: "signedIn" }>;

export function Frame({ state }: { state: SignedIn }) {
  const { t } = useTranslation();
  const place = usePlace();
  // The editor is large, so it comes when it is first wanted. Then it stays, hidden: its session, result and running
  // script outlive a look at the nodes.
  const [scriptWanted, setScriptWanted] = useState(place === "script");
  if (place === "script" && !scriptWanted) setScriptWanted(true);
  const { alias } = state.node;
  useEffect(() => {
    const before = document.title;
    document.title = `${alias} – ${before}`;
    return () => {
      document.title = before;
    };
  }, [alias]);
  return (
    <>
      <Header state={state} />
      {state.link === "lost" && <LinkLost node={state.node.alias} />}
      <main className="content">
        {place === "nodes" && <NodesPage ownAlias={state.node.alias} live={state.link === "live"} />}
        <Suspense fallback={null}>
          <section className="content" hidden={place !== "script"} aria-label={t("nav.script")}>
            {scriptWanted && <ScriptPage user={state.user} />}
          </section>
        </Suspense>
      </main>
    </>
  );
}

function Header({ state }: { state: SignedIn }) {
  const { t } = useTranslation();
  const session = useSession();
  const place = usePlace();
  return (
    <header className="header">
      <img src="./compass.svg" alt="" width={22} height={22} />
      <h1 className="header-node" title={state.node.version}>
        {state.node.alias}
      </h1>
      <span className="quiet">{t(roleKey(state.node.type))}</span>
      <nav className="tabs" aria-label={t("nav.sections")}>
        {places.map((name) => (
          <a key={name} href={`#${name}`} aria-current={name === place ? "page" : undefined}>
            {t(`nav.${name}`)}
          </a>
        ))}
      </nav>
      <span className="space" />
      <span className={state.link === "live" ? "link-live" : "link-lost"} role="status">
        {state.link === "live" ? `● ${t("link.live")}` : `○ ${t("link.lost")}`}
      </span>
      <LanguageSwitch />
      <span className="quiet">{state.user}</span>
      <Button size="small" onClick={() => session.signOut()}>
        {t("nav.signOut")}
      </Button>
    </header>
  );
}

function LinkLost({ node }: { node: string }) {
  const { t } = useTranslation();
  const session = useSession();
  return (
    <Alert
      banner
      type="error"
      title={t("link.lostTitle", { node })}
      description={t("link.lostText", { seconds: retrySeconds })}
      action={
        <Button size="small" onClick={() => session.retryNow()}>
          {t("link.retry")}
        </Button>
      }
    />
  );
}
