// Tests the quickstart's page at PAGE in demo mode, in a browser without a network.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { assertAccessible, SDK, withBrowser } from "./harness.mjs";

const { PAGE } = process.env;

await withBrowser(async (browser) => {
  const page = await (await browser.createBrowserContext()).newPage();
  page.setDefaultTimeout(20_000);
  const blocked = [];
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    if (request.url().startsWith(PAGE)) return request.continue();
    blocked.push(request.url());
    return request.abort();
  });
  await page.goto(PAGE);
  await page.waitForFunction(() => document.querySelector("#sdk").textContent.includes("MAGIC_SDK_JS"));
  assert.equal(blocked.length, 1);
  assert.match(blocked[0], /^https:\/\/cdn\.jsdelivr\.net\/npm\/magic-sdk@[\d.]+\/dist\/magic\.js$/);
  // Check that the missing script is the one that the other tests load.
  const { script, integrity } = await (await fetch(`${PAGE}/page/overview`)).json();
  assert.equal(script, blocked[0]);
  assert.equal(integrity, `sha384-${createHash("sha384").update(await readFile(SDK)).digest("base64")}`);
  await assertAccessible(page, page, "the page without the SDK");

  for (const name of ["Bob", "Alice"]) {
    const [button] = await page.$$(`xpath/.//button[text()="Continue as ${name}"]`);
    await button.click();
    await page.waitForSelector("#user", { visible: true });
    const email = await page.$eval("#user-email", (element) => element.textContent);
    assert.equal(email, `${name.toLowerCase()}@example.com`);
    await page.click("#guarded");
    await page.waitForSelector("#answer", { visible: true });
    await page.click("#log-out");
    await page.waitForSelector("#guest", { visible: true });
  }
});
