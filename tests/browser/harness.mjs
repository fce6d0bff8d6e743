// A headless Chromium that can only connect to this machine, and records everything that a user would see as an
// error.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer from "puppeteer-core";

// If a step fails, the condition it waited for fails as well. Show the error of the step.
process.on("unhandledRejection", () => {});

const require = createRequire(import.meta.url);

/** The SDK's file for a `<script>`, as npm has it. */
export const SDK = join(import.meta.dirname, "node_modules/magic-sdk/dist/magic.js");

/** Runs `test` with a browser, and fails if a page asked for anything from elsewhere or reported an error. */
export async function withBrowser(test) {
  const problems = [];
  const outside = await recordOutsideRequests(problems);
  const userDataDir = await mkdtemp(join(tmpdir(), "magic-admin-browser-"));
  const browser = await puppeteer.launch({
    executablePath: join(import.meta.dirname, "node_modules/.chromium/chromium"),
    headless: true,
    protocolTimeout: 60_000,
    userDataDir,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--proxy-server=http://127.0.0.1:${outside.address().port}`,
    ],
  });
  try {
    await test(browser, problems);
    if (problems.length) throw new Error(`the pages reported:\n${problems.join("\n")}`);
  } finally {
    await browser.close();
    outside.close();
    await rm(userDataDir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Everything but loopback goes through this proxy, whoever asks for it: pages, workers, the browser itself. */
async function recordOutsideRequests(problems) {
  const proxy = createServer((request, response) => {
    problems.push(`a request leaves this machine: ${request.url}`);
    response.writeHead(403).end();
  });
  proxy.on("connect", (request, socket) => {
    problems.push(`a connection leaves this machine: ${request.url}`);
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return proxy;
}

/** A page, watched from before its first request. */
export async function open(context, url, problems, { width = 900, height = 600 } = {}) {
  const page = await context.newPage();
  watch(page, problems);
  page.setDefaultTimeout(20_000);
  await page.setViewport({ width, height });
  await page.goto(url);
  return page;
}

function watch(page, problems) {
  // These include violations of a Content-Security-Policy.
  page.on("console", (message) => {
    if (["error", "warn", "warning"].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`uncaught: ${error.message}`));
}

/** The iframe that the SDK added to a page, once its dialog is open. */
export async function dialog(page) {
  const iframe = await page.waitForSelector("iframe.magic-iframe", { visible: true });
  const frame = await iframe.contentFrame();
  await frame.waitForSelector("#dialog", { visible: true });
  return frame;
}

/** Fails if axe-core finds anything wrong with this page, or this frame of it, in light or dark. */
export async function assertAccessible(page, frame, what) {
  await inBothColourSchemes(page, (scheme) => assertAccessibleIn(frame, `${what}, ${scheme}`));
}

export async function inBothColourSchemes(page, check) {
  for (const value of ["dark", "light"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
    await check(value);
  }
}

async function assertAccessibleIn(frame, what) {
  await frame.evaluate(await readFile(require.resolve("axe-core/axe.min.js"), "utf8"));
  // Check each frame separately; the surrounding page is checked on its own.
  const { violations, passes } = await frame.evaluate(() => axe.run(document, { iframes: false }));
  if (!passes.length) throw new Error(`${what}: axe-core checked nothing`);
  if (violations.length) {
    const list = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html)}`);
    throw new Error(`${what} is not accessible:\n${list.join("\n")}`);
  }
}

/** Serves a front end of somebody else's: one HTML page, and scripts by their paths, the SDK's among them. */
export async function frontEnd(html, scripts = {}) {
  const files = new Map(Object.entries({ "/magic.js": SDK, ...scripts }));
  const server = createServer(async (request, response) => {
    const script = files.get(request.url);
    const [type, body] = script ? ["text/javascript", await readFile(script)] : ["text/html", html];
    response.writeHead(200, { "Content-Type": `${type}; charset=utf-8` }).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
