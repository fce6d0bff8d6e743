// Runs the lines that `magic-admin emulator` prints for a front end (LINES) as a module of a page, with the one-time
// code CODE.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { dialog, frontEnd, open, withBrowser } from "./harness.mjs";

const { LINES, CODE } = process.env;

// Resolve the packages' modules by name, as a bundler would.
const require = createRequire(import.meta.url);
const module = (name) => require.resolve(name).replace("/cjs/index.js", "/es/index.mjs");
const packages = ["magic-sdk", "@magic-sdk/provider", "@magic-sdk/types"];
const imports = Object.fromEntries(packages.map((name) => [name, `/modules/${name}`]));
const scripts = Object.fromEntries(packages.map((name) => [imports[name], module(name)]));

const HTML = `<!doctype html><html lang="en"><title>A front end</title><link rel="icon" href="data:,">
<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module">
${LINES}
document.title = JSON.stringify(await magic.user.getInfo());
</script>`;

await withBrowser(async (browser, problems) => {
  const site = await frontEnd(HTML, scripts);
  const page = await open(browser.defaultBrowserContext(), site.url, problems);
  const frame = await dialog(page);
  await frame.type("#code", CODE);
  await frame.click("#confirm");
  await page.waitForFunction(() => document.title.startsWith("{"));
  assert.equal(JSON.parse(await page.title()).email, "alice@example.com");
  site.close();
});
