// Headless Chromium, as Debian packages it.

import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type axe from "axe-core";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const screenshots = process.env.PELORUS_SCREENSHOTS;

export function launchBrowser(): Promise<Browser> {
  // The sandbox needs a user other than root.
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
}

export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the page's own code got wrong; a test expects none. */
  readonly faults: string[];
}

interface VisitOptions {
  readonly locale?: string;
  readonly dark?: boolean;
  /** Lets a test put scripts of its own into the page. */
  readonly bypassPolicy?: boolean;
}

export async function visit(browser: Browser, url: string, options: VisitOptions = {}): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 760 },
    locale: options.locale ?? "en-US",
    bypassCSP: options.bypassPolicy ?? false,
    colorScheme: options.dark ? "dark" : "light",
  });
  context.setDefaultTimeout(20_000);
  const faults: string[] = [];
  context.on("weberror", (error) => faults.push(error.error().message));
  const page = await context.newPage();
  await page.goto(url);
  return { context, page, faults };
}

/** What hinders people who use a keyboard, a screen reader or little contrast, as far as a program can tell. */
export async function hindrances(page: Page): Promise<string[]> {
  await page.addScriptTag({ path: createRequire(import.meta.url).resolve("axe-core") });
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

/** For a person to look at, where PELORUS_SCREENSHOTS names a folder. */
export async function picture(page: Page, name: string): Promise<void> {
  if (screenshots === undefined) return;
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`) });
}

export async function signIn(page: Page, user: string, password: string): Promise<void> {
  await page.getByRole("textbox", { name: "User" }).fill(user);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Types the script as a person would paste it, and runs it by the keyboard. Resolves when the outcome is there. */
export async function runScript(page: Page, script: string, patienceMs = 30_000): Promise<void> {
  await page.getByRole("link", { name: "Script" }).click();
  const editor = page.getByRole("textbox", { name: "Script editor" });
  await editor.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(script);
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("Control+e");
  await page.getByText(/^[✓✗] (?:done|failed|connection lost)/).waitFor({ timeout: patienceMs });
}

/** The visible cells of the result, row by row. */
export async function shownRows(page: Page): Promise<string[][]> {
  const rows = await page.getByRole("region", { name: "Result" }).getByRole("row").all();
  return Promise.all(rows.slice(1).map((row) => row.getByRole("cell").allInnerTexts()));
}
