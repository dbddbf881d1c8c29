import { Alert, Button, Tabs } from "antd";
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import type { Run, ScriptRunner } from "../session/script_runner";
import { durationText } from "../text/numbers";
import { Grid } from "../widgets/grid";
import { csvOf, type GridModel, gridOf } from "../widgets/grid_model";
import { ConnectionLost, ServerError } from "../wire/connection";
import { shortText } from "../wire/format";
import { typeName, type Value } from "../wire/types";

export function ResultPane({ runner, run }: { runner: ScriptRunner; run: Run }) {
  const { t } = useTranslation();
  const output = useSyncExternalStore(runner.subscribe, runner.output);
  const [tab, setTab] = useState("result");
  // A script that only prints shows what it printed.
  const silent = run.phase === "done" && run.answer.value === null;
  useEffect(() => {
    if (run.phase === "done" || run.phase === "failed")
      setTab(silent && runner.output().length > 0 ? "output" : "result");
  }, [run, silent, runner]);
  const count = output.length > 0 ? ` (${output.length})` : "";
  return (
    <Tabs
      className="result"
      size="small"
      activeKey={tab}
      onChange={setTab}
      tabBarExtraContent={<Status run={run} />}
      items={[
        { key: "result", label: t("script.result"), children: <Result run={run} /> },
        { key: "output", label: t("script.output") + count, children: <Output lines={output} /> },
      ]}
    />
  );
}

function Status({ run }: { run: Run }) {
  const { t } = useTranslation();
  switch (run.phase) {
    case "idle":
      return null;
    case "running":
      return run.cancelling ? (
        <span className="busy">{t("script.cancelling")}</span>
      ) : (
        <RunningTime since={run.since} />
      );
    case "done":
      return <span className="good">✓ {t("script.done", { time: durationText(run.ms) })}</span>;
    case "failed": {
      const key = run.error instanceof ConnectionLost ? "script.lost" : "script.failed";
      return <span className="bad">✗ {t(key, { time: durationText(run.ms) })}</span>;
    }
  }
}

const tickMs = 100;

function RunningTime({ since }: { since: number }) {
  const { t } = useTranslation();
  const [now, setNow] = useState(performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), tickMs);
    return () => clearInterval(timer);
  }, []);
  return <span className="busy">◐ {t("script.running", { time: durationText(Math.max(now - since, 0)) })}</span>;
}

function Result({ run }: { run: Run }) {
  const { t } = useTranslation();
  if (run.phase === "failed") return <Failure error={run.error} />;
  if (run.phase !== "done") return <p className="empty">{run.phase === "idle" ? t("script.empty") : ""}</p>;
  if (run.answer.value === null) return <p className="empty">{t("script.noValue")}</p>;
  return <Shown value={run.answer.value} rowsInAll={run.answer.rowsInAll} />;
}

function Failure({ error }: { error: Error }) {
  const { t } = useTranslation();
  if (error instanceof ConnectionLost) return <Alert banner showIcon type="error" title={t("script.lostText")} />;
  if (error instanceof ServerError)
    return (
      <pre className="failure" role="alert">
        {error.message}
      </pre>
    );
  return <Alert banner showIcon type="error" title={t("script.unreadable")} description={error.message} />;
}

function Shown({ value, rowsInAll }: { value: Value; rowsInAll: number | null }) {
  const { t } = useTranslation();
  const grid = useMemo(() => gridOf(value, { key: t("script.key"), value: t("script.value") }), [value, t]);
  if (grid === null) return <Single value={value} />;
  return (
    <div className="shown">
      <Grid grid={grid} label={t("script.result")} nullText={t("script.null")} />
      <div className="grid-foot">
        <span>{extent(value)}</span>
        <span>{sizeText(value, grid, t)}</span>
        {rowsInAll !== null && (
          <b className="busy">
            {t("script.cut", { shown: grid.rows.toLocaleString(), rows: rowsInAll.toLocaleString() })}
          </b>
        )}
        <span className="space" />
        <Button size="small" onClick={() => save(grid)}>
          {t("script.download")}
        </Button>
      </div>
    </div>
  );
}

type Translate = ReturnType<typeof useTranslation>["t"];

function sizeText(value: Value, grid: GridModel, t: Translate): string {
  const rows = grid.rows.toLocaleString();
  if (value.form === "table" || value.form === "matrix") {
    return t("script.rows", { rows, columns: grid.columns.length.toLocaleString() });
  }
  return t("script.elements", { count: grid.rows });
}

function extent(value: Value): string {
  if (value.form === "table" || value.form === "dictionary") return value.form.toUpperCase();
  return `${typeName(value.column.type, value.column.scale)} ${value.form.toUpperCase()}`;
}

function Single({ value }: { value: Value }) {
  const column = value.form === "scalar" || value.form === "pair" ? value.column : null;
  return (
    <div className="single">
      <pre>{shortText(value)}</pre>
      <span className="quiet">{column === null ? "" : typeName(column.type, column.scale)}</span>
    </div>
  );
}

function save(grid: GridModel): void {
  const url = URL.createObjectURL(new Blob([csvOf(grid)], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = "result.csv";
  link.click();
  URL.revokeObjectURL(url);
}

function Output({ lines }: { lines: readonly string[] }) {
  const { t } = useTranslation();
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (lines.length > 0) end.current?.scrollIntoView({ block: "end" });
  }, [lines]);
  if (lines.length === 0) return <p className="empty">{t("script.noOutput")}</p>;
  return (
    <div className="output">
      <pre>{lines.join("\n")}</pre>
      <div ref={end} />
    </div>
  );
}
