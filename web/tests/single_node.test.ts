// Signing in and running scripts, on a single node.

import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { hindrances, launchBrowser, picture, runScript, shownRows, signIn, type Visit, visit } from "./browser";
import { SingleNode } from "./nodes_under_test";

let node: SingleNode;
let browser: Browser;
let visited: Visit;

beforeAll(async () => {
  [node, browser] = await Promise.all([SingleNode.start(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await node?.remove();
});
beforeEach(async () => {
  visited = await visit(browser, node.url);
});
afterEach(async () => {
  expect(visited.faults).toEqual([]);
  await visited.context.close();
});

async function signedIn() {
  await signIn(visited.page, "admin", "123456");
  await visited.page.getByRole("button", { name: "Sign out" }).waitFor();
  return visited.page;
}

test("a wrong password is told and can be corrected at once", async () => {
  const { page } = visited;
  await signIn(page, "admin", "nonsense");
  await page.getByText("The user name or password is incorrect.").waitFor();
  await picture(page, "login_wrong");
  await page.keyboard.type("123456");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Sign out" }).waitFor();
});

test("the password does not cross the wire", async () => {
  const { page } = visited;
  const frames: string[] = [];
  page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => frames.push(payload.toString())));
  await signedIn();
  expect(frames.some((frame) => frame.includes("scramClientFinal"))).toBe(true);
  expect(frames.filter((frame) => frame.includes("123456"))).toEqual([]);
});

test("the tab is named after the node", async () => {
  const page = await signedIn();
  await page.waitForFunction(() => document.title === "local8848 – Pelorus");
});

test("a reload keeps the user, signing out ends it", async () => {
  const page = await signedIn();
  await page.reload();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  await page.reload();
  await page.getByRole("button", { name: "Sign in" }).waitFor();
});

test("a table is shown with types, nulls and formatted times", async () => {
  const page = await signedIn();
  await runScript(
    page,
    "t = table(1 NULL 3 as id, `a`b` as name, 2024.01.31 + 0..2 as day, 2024.01.01T09:30:00.123 + 0..2 as at,\n" +
      "    1.5 NULL 2 as x)\nselect * from t",
  );
  expect(await shownRows(page)).toEqual([
    ["1", "a", "2024.01.31", "2024.01.01T09:30:00.123", "1.5"],
    ["NULL", "b", "2024.02.01", "2024.01.01T09:30:00.124", "NULL"],
    ["3", "", "2024.02.02", "2024.01.01T09:30:00.125", "2"],
  ]);
  const heads = await page.getByRole("region", { name: "Result" }).getByRole("columnheader").allInnerTexts();
  expect(heads.map((head) => head.split(/\s+/))).toEqual([
    ["#"],
    ["id", "INT"],
    ["name", "STRING"],
    ["day", "DATE"],
    ["at", "TIMESTAMP"],
    ["x", "DOUBLE"],
  ]);
  await picture(page, "script_table");
});

test("values of every form are shown", async () => {
  const page = await signedIn();
  await runScript(page, "1 + 1");
  await page.getByText("2", { exact: true }).waitFor();
  await runScript(page, "3 1 2");
  expect(await shownRows(page)).toEqual([["3"], ["1"], ["2"]]);
  await runScript(page, "1..6$2:3");
  expect(await shownRows(page)).toEqual([
    ["1", "3", "5"],
    ["2", "4", "6"],
  ]);
  await runScript(page, "dict(`a`b, 1 2)");
  expect((await shownRows(page)).sort()).toEqual([
    ["a", "1"],
    ["b", "2"],
  ]);
  await runScript(page, "x = 1");
  await page.getByText("Done. The script has no value.").waitFor();
});

test("what a script prints is shown, while it runs and at its end", async () => {
  const page = await signedIn();
  await runScript(page, "for(i in 1..3){ print(i * 11) }");
  await page.getByRole("tab", { name: "Output (3)" }).waitFor();
  await page.getByText("11\n22\n33").waitFor();
  await runScript(page, "print('before')\n2 + 3");
  await page.getByText("5", { exact: true }).waitFor();
  await page.getByRole("tab", { name: "Output (1)" }).click();
  await page.getByText("before", { exact: true }).waitFor();
  await picture(page, "script_output");
});

test("variables live from run to run until a new session", async () => {
  const page = await signedIn();
  await runScript(page, "kept = 41");
  await runScript(page, "kept + 1");
  await page.getByText("42", { exact: true }).waitFor();
  await page.getByRole("button", { name: "New session" }).click();
  await runScript(page, "kept + 1");
  await page.getByText(/Cannot recognize the token kept/).waitFor();
});

test("an error is told in the node's words and marked in its line", async () => {
  const page = await signedIn();
  await runScript(page, "x = 1\ny = x + unknown_thing");
  await page
    .getByRole("alert")
    .getByText(/Cannot recognize the token unknown_thing/)
    .waitFor();
  const marked = page.locator(".cm-lintRange-error");
  expect(await marked.allInnerTexts()).toEqual(["y = x + unknown_thing"]);
  await picture(page, "script_error");
  await runScript(page, "1");
  expect(await marked.count()).toBe(0);
});

test("a selection runs alone, and its errors stand in the right line", async () => {
  const page = await signedIn();
  await runScript(page, "1\nbroken thing here\n2");
  const editor = page.getByRole("textbox", { name: "Script editor" });
  await editor.press("Control+End");
  await editor.press("Shift+Home");
  await page.getByRole("button", { name: "Run selection" }).click();
  await page.getByText("2", { exact: true }).first().waitFor();
  await editor.press("Control+Home");
  await editor.press("ArrowDown");
  await editor.press("Shift+End");
  await editor.press("Control+Enter");
  await page.getByText(/✗ failed/).waitFor();
  expect(await page.locator(".cm-lintRange-error").allInnerTexts()).toEqual(["broken thing here"]);
});

test("a long table is cut and says so", async () => {
  const page = await signedIn();
  await runScript(page, "table(1..250000 as id)");
  await page.getByText("the first 100,000 of 250,000 rows").waitFor();
  const region = page.getByRole("region", { name: "Result" });
  await region.focus();
  await page.keyboard.press("End");
  await region.getByRole("cell", { name: "100000", exact: true }).waitFor();
});

test("a running script can be cancelled and the session goes on", async () => {
  const page = await signedIn();
  await runScript(page, "before = 7");
  const editor = page.getByRole("textbox", { name: "Script editor" });
  await editor.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText("x = 0\nwhile(true){ x += 1 }");
  await page.keyboard.press("Control+Enter");
  await page.getByText(/running for/).waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByText(/✗ failed/).waitFor();
  await runScript(page, "before");
  await page.getByText("7", { exact: true }).waitFor();
});

test("the text of the editor outlives a reload", async () => {
  const page = await signedIn();
  await runScript(page, "remembered = 1");
  await page.reload();
  await page.getByText("remembered").waitFor();
});

test.each(["light", "dark"])("no page hinders anyone, %s", async (scheme) => {
  await visited.context.close();
  visited = await visit(browser, node.url, { dark: scheme === "dark", bypassPolicy: true });
  const { page } = visited;
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  expect(await hindrances(page)).toEqual([]);
  await signedIn();
  await page.getByText("1/1 single node running").waitFor();
  expect(await hindrances(page)).toEqual([]);
  await runScript(page, "table(1 NULL as id, `a`b as name)");
  expect(await hindrances(page)).toEqual([]);
});

test("the language is switched at once and remembered", async () => {
  const page = await signedIn();
  await page.getByText("中文").click();
  await page.getByRole("link", { name: "脚本" }).click();
  await page.getByRole("button", { name: "运行" }).waitFor();
  await page.getByText("单节点").first().waitFor();
  await picture(page, "script_chinese");
  await page.reload();
  await page.getByRole("button", { name: "退出登录" }).waitFor();
  expect(await page.locator("html").getAttribute("lang")).toBe("zh-CN");
});

test("a browser that prefers Chinese gets it", async () => {
  await visited.context.close();
  visited = await visit(browser, node.url, { locale: "zh-CN", dark: true });
  await visited.page.getByRole("button", { name: "登录" }).waitFor();
  await picture(visited.page, "login_chinese_dark");
});

test("a node that dies is noticed, and the page finds it again", async () => {
  const page = await signedIn();
  await node.kill();
  await page.getByText("The connection to local8848 is lost").waitFor();
  await picture(page, "connection_lost");
  await node.run();
  // Its tickets were signed with a key of the process that is gone.
  await page.getByText("Your sign-in is no longer valid. Please sign in again.").waitFor();
  await signIn(page, "admin", "123456");
  await page.getByRole("button", { name: "Sign out" }).waitFor();
});
