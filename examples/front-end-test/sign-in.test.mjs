// Tests a front end against `magic-admin emulator`, with Magic's own SDK and without a Magic account.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import puppeteer from "puppeteer-core";

const CODE = "123456";
const { CHROME = "/usr/bin/chromium", MAGIC_ADMIN = "magic-admin" } = process.env;

// The emulator prints its settings as one line of JSON.
const emulator = spawn(MAGIC_ADMIN, ["emulator", "--json", "--code", CODE]);
process.on("exit", () => emulator.kill());
const [line] = await once(createInterface(emulator.stdout), "line");
const { endpoint, publishable_key: key } = JSON.parse(line);

// Your application: start it as you always do, with this endpoint and this key.
const html = await readFile(new URL("app.html", import.meta.url));
const sdk = await readFile(new URL("../magic.js", import.meta.resolve("magic-sdk")));
const app = createServer((request, response) => response.end(request.url === "/magic.js" ? sdk : html));
await once(app.listen(0, "127.0.0.1"), "listening");
const url = `http://127.0.0.1:${app.address().port}/?${new URLSearchParams({ key, endpoint })}`;

const browser = await puppeteer.launch({ executablePath: CHROME, args: ["--no-sandbox"] });
after(async () => {
  await browser.close();
  app.close();
  emulator.kill();
});

const shows = (page, text) =>
  page.waitForFunction((text) => document.querySelector("#user").textContent === text, {}, text);

test("a user signs in and out", async () => {
  const page = await browser.newPage();
  await page.goto(url);
  await page.click("#sign-in");
  const dialog = await (await page.waitForSelector("iframe.magic-iframe", { visible: true })).contentFrame();
  await (await dialog.waitForSelector("#code", { visible: true })).type(`${CODE}\n`);
  await shows(page, "Hello, alice@example.com!");
  await page.click("#log-out");
  await shows(page, "Nobody is signed in.");
});

test("a user who cancels is not signed in", async () => {
  const page = await browser.newPage();
  await page.goto(url);
  await page.click("#sign-in");
  const dialog = await (await page.waitForSelector("iframe.magic-iframe", { visible: true })).contentFrame();
  await (await dialog.waitForSelector("#cancel", { visible: true })).click();
  await shows(page, "Failed: -10014");
});
