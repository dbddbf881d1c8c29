// The nodes of the seed's first deployment, watched and controlled from the page; and the seed's own script.

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { launchBrowser, picture, runScript, shownRows, signIn, type Visit, visit } from "./browser";
import { Cluster } from "./nodes_under_test";

let cluster: Cluster;
let browser: Browser;
let visits: Visit[] = [];

const controllers = ["controller1", "controller2", "controller3"];
const stateWaitMs = 45_000;

beforeAll(async () => {
  [cluster, browser] = await Promise.all([Cluster.start(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await cluster?.stop();
});
afterEach(async ({ task }) => {
  if (task.result?.state === "fail") {
    const pages = visits.flatMap((each) => each.context.pages());
    await Promise.all(pages.map((page, i) => picture(page, `failed ${task.name} ${i}`)));
  }
  const faults = visits.flatMap((each) => each.faults);
  await Promise.all(visits.map((each) => each.context.close()));
  visits = [];
  expect(faults).toEqual([]);
});

async function signedInAt(alias: string, options: Parameters<typeof visit>[2] = {}): Promise<Page> {
  const visited = await visit(browser, cluster.url(alias), options);
  visits.push(visited);
  await signIn(visited.page, cluster.facts.user, cluster.facts.password);
  await visited.page.getByRole("button", { name: "Sign out" }).waitFor();
  return visited.page;
}

function row(page: Page, alias: string) {
  return page.locator(`tr[data-node="${alias}"]`);
}

async function waitForState(page: Page, alias: string, state: string) {
  await row(page, alias).getByText(state, { exact: true }).waitFor({ timeout: stateWaitMs });
}

async function follower(): Promise<string> {
  const leader = await cluster.leader();
  return controllers.find((alias) => alias !== leader) ?? "";
}

test("every kind of node serves the page and shows the same cluster", async () => {
  const leader = await cluster.leader();
  for (const alias of ["node2", "agent1", leader]) {
    const page = await signedInAt(alias);
    for (const controller of controllers) await waitForState(page, controller, "● running");
    await waitForState(page, "agent1", "● running");
    await waitForState(page, "node1", "● running");
    await row(page, leader).getByText("leader").waitFor();
    expect(await page.getByText("leader", { exact: true }).count()).toBe(0);
    expect(await page.locator(".badge:not(.badge-quiet)").count()).toBe(1);
    await page.getByText(`Leader: ${leader}`).waitFor();
    await page.getByText("● 3/3 controllers running").waitFor();
    await row(page, alias).getByText("this page").waitFor();
    if (alias === "node2") await picture(page, "nodes");
  }
});

test("only data nodes can be selected", async () => {
  const page = await signedInAt("controller1");
  await waitForState(page, "node1", "● running");
  const boxes = page.getByRole("checkbox");
  const names = await boxes.evaluateAll((all) => all.map((box) => box.getAttribute("aria-label")));
  expect(names).toEqual(["Select all data and compute nodes", "Select node1", "Select node2", "Select node3"]);
  expect(await page.getByRole("button", { name: "Stop" }).isDisabled()).toBe(true);
});

test("a data node is stopped and started, and the page shows it happen", async () => {
  const page = await signedInAt(await follower());
  await waitForState(page, "node3", "● running");
  await page.getByRole("checkbox", { name: "Select node3" }).check();
  expect(await page.getByRole("button", { name: "Start" }).isDisabled()).toBe(true);
  await page.getByRole("button", { name: "Stop" }).click();
  const question = page.getByRole("dialog", { name: "Stop node3?" });
  await question.getByText("Replicas on other nodes go on serving.").waitFor();
  await picture(page, "stop_question");
  await question.getByRole("button", { name: "Stop" }).click();
  await waitForState(page, "node3", "◑ stopping");
  await waitForState(page, "node3", "○ stopped");
  await page.getByText("▲ 2/3 data nodes running").waitFor();
  expect(await cluster.ask("state node3")).toBe(0);
  await picture(page, "node_stopped");
  await page.getByRole("button", { name: "Start" }).click();
  await waitForState(page, "node3", "◐ starting");
  await waitForState(page, "node3", "● running");
  expect(await cluster.ask("state node3")).toBe(1);
});

test("who is no administrator is told so", async () => {
  await cluster.ask("run createUser('viewer', 'viewer123')");
  const visited = await visit(browser, cluster.url("controller1"));
  visits.push(visited);
  const { page } = visited;
  await signIn(page, "viewer", "viewer123");
  await page.getByRole("checkbox", { name: "Select node3" }).check();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Stop" }).click();
  await page.getByText("Only administrators may start and stop nodes.").waitFor();
  await picture(page, "not_granted");
  await waitForState(page, "node3", "● running");
});

test("a follower's page leads to the leader's, where one is signed in already", async () => {
  const page = await signedInAt(await follower());
  const [opened] = await Promise.all([
    page.context().waitForEvent("page"),
    page.getByRole("link", { name: "Go to the leader" }).click(),
  ]);
  const leader = await cluster.leader();
  expect(opened.url()).toBe(cluster.url(leader));
  await opened.getByText("this page is the leader's").waitFor();
  await picture(opened, "leader");
});

test("a lost leader is shown, and the next one", async () => {
  const page = await signedInAt("node1");
  const leader = await cluster.leader();
  await page.getByText(`Leader: ${leader}`).waitFor();
  await cluster.ask(`kill ${leader}`);
  await waitForState(page, leader, "○ stopped");
  const next = await cluster.leader();
  expect(next).not.toBe(leader);
  await page.getByText(`Leader: ${next}`).waitFor();
  await page.getByText("the loss of 1 more controller stops the cluster").waitFor();
  await picture(page, "leader_lost");
  await cluster.ask(`restart ${leader}`);
  await waitForState(page, leader, "● running");
});

test("without a majority of controllers the page says what to do", async () => {
  const [lost, kept] = [await cluster.leader(), await follower()];
  const other = controllers.find((alias) => alias !== lost && alias !== kept) ?? "";
  const page = await signedInAt(kept);
  await page.getByText(`Leader: ${lost}`).waitFor();
  await cluster.ask(`kill ${lost}`);
  await cluster.ask(`kill ${other}`);
  await page.getByText("A strict majority of the controllers must run").waitFor({ timeout: stateWaitMs });
  await waitForState(page, "node1", "? not heard yet");
  await picture(page, "no_leader");
  await cluster.ask(`restart ${lost}`);
  await cluster.ask(`restart ${other}`);
  await page
    .getByText("A strict majority of the controllers must run")
    .waitFor({ state: "hidden", timeout: stateWaitMs });
  await page.getByText("● 3/3 controllers running").waitFor({ timeout: stateWaitMs });
});

test("the page in Chinese, dark", async () => {
  const visited = await visit(browser, cluster.url("controller2"), { locale: "zh-CN", dark: true });
  visits.push(visited);
  const { page } = visited;
  await page.getByRole("textbox", { name: "用户名" }).fill(cluster.facts.user);
  await page.getByLabel("密码").fill(cluster.facts.password);
  await page.getByRole("button", { name: "登录" }).click();
  await page.getByText("控制节点运行 3/3").waitFor();
  await row(page, "node1").getByText("● 运行中").waitFor();
  await picture(page, "nodes_chinese_dark");
});

// The script an operator runs to see that a new cluster works, statement for statement; ten batches of 10,000 rows.
const seedScript = `login("admin", "123456")
dbName = "dfs://single_test"
if(existsDatabase(dbName)){
    dropDatabase(dbName)
}
db = database(dbName, VALUE, 1..100)
t = table(1..100 as id, rand(\`A\`B\`C\`D, 100) as name)
pt = db.createPartitionedTable(t, \`table1, \`id)
pt.append!(t)
flushOLAPCache()
for(i in 0..9){
    n = 10000
    t = table(rand(1..100, n) as id, rand(\`A\`B\`C\`D, n) as name)
    loadTable(dbName, \`table1).append!(t)
}
`;

test("the seed's script runs as typed, from a data node's page", async () => {
  const page = await signedInAt("node1");
  await runScript(page, `${seedScript}select count(*) from loadTable(dbName, \`table1)`, 120_000);
  expect(await shownRows(page)).toEqual([["100100"]]);
  await picture(page, "seed_count");
  await runScript(page, "select * from loadTable(dbName, `table1)", 120_000);
  await page.getByText("the first 100,000 of 100,100 rows").waitFor();
  const rows = await shownRows(page);
  expect(rows[0]).toHaveLength(2);
  expect(rows.length).toBeGreaterThan(5);
  await picture(page, "seed_rows");
});
