import { Button, Splitter, Tooltip } from "antd";
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { ScriptRunner } from "../session/script_runner";
import { useSession } from "../session/use_session";
import { Editor, type EditorHandle } from "../widgets/editor";
import { ServerError } from "../wire/connection";
import { ResultPane } from "./result_pane";

/** The texts of one browser's users are kept apart: they may hold passwords. */
const textKeyOf = (user: string) => `pelorus.script.${user}`;
const example = `// Ctrl+E runs everything, or what is selected.
t = table(1..5 as id, \`a\`b\`c\`d\`e as name, 2024.01.01 + 0..4 as day)
select id, name, day, id * 1.5 as price from t where id > 1
`;

/** The line an error speaks of, counted from 1 within the text that was run. */
export function lineOf(message: string): number | null {
  const found = /\[line #(\d+)\]/.exec(message);
  return found === null ? null : Number(found[1]);
}

export function ScriptPage({ user }: { user: string }) {
  const { t } = useTranslation();
  const session = useSession();
  const runner = useMemo(() => new ScriptRunner(session), [session]);
  useEffect(() => () => runner.close(), [runner]);
  const run = useSyncExternalStore(runner.subscribe, runner.state);
  const editor = useRef<EditorHandle>(null);
  const [nothingSelected, setNothingSelected] = useState(true);
  const running = run.phase === "running";

  async function start() {
    const piece = editor.current?.pieceToRun();
    if (piece === undefined || running) return;
    editor.current?.clearMarks();
    const error = await runner.start(piece.text);
    const line = error instanceof ServerError ? lineOf(error.message) : null;
    if (line !== null) editor.current?.markLine(piece.firstLine + line - 1, error?.message ?? "");
  }

  return (
    <>
      <div className="bar">
        <Tooltip title={t("script.runHint")}>
          <Button type="primary" disabled={running} onClick={() => void start()}>
            ▶ {nothingSelected ? t("script.run") : t("script.runSelection")}
          </Button>
        </Tooltip>
        <Button disabled={!running} onClick={() => void runner.cancel()}>
          ■ {t("script.cancel")}
        </Button>
        <span className="space" />
        <Tooltip title={t("script.newSessionHint")}>
          <Button disabled={running} onClick={() => runner.close()}>
            {t("script.newSession")}
          </Button>
        </Tooltip>
      </div>
      <Splitter orientation="vertical" className="split">
        <Splitter.Panel defaultSize="45%" min={80}>
          <Editor
            ref={editor}
            label={t("script.editor")}
            initialText={localStorage.getItem(textKeyOf(user)) ?? example}
            onChange={(text) => localStorage.setItem(textKeyOf(user), text)}
            onSelection={setNothingSelected}
            onRun={() => void start()}
          />
        </Splitter.Panel>
        <Splitter.Panel min={80}>
          <ResultPane runner={runner} run={run} />
        </Splitter.Panel>
      </Splitter>
    </>
  );
}
