import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { Session } from "./session/session";
import { SessionContext } from "./session/use_session";
import { startLanguages } from "./text/i18n";
import "./page.css";

async function start(): Promise<void> {
  await startLanguages();
  const session = new Session();
  void session.resume();
  const root = document.getElementById("root");
  if (root === null) throw new Error("index.html has no #root");
  createRoot(root).render(
    <StrictMode>
      <SessionContext value={session}>
        <App />
      </SessionContext>
    </StrictMode>,
  );
}

void start();
