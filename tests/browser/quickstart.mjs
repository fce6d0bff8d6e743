// Tests the quickstart's page at PAGE in demo mode, with the unmodified SDK. SCREENSHOTS=1 updates the pictures in
// docs/.
import assert from "node:assert/strict";
import { join } from "node:path";
import { assertAccessible, dialog, frontEnd, inBothColourSchemes, open, withBrowser } from "./harness.mjs";

const { PAGE, SCREENSHOTS } = process.env;
const CODE = "123456";
const DOCS = join(import.meta.dirname, "../../docs");

const text = (page, selector) => page.$eval(selector, (element) => element.textContent);
const visible = (page, selector) => page.waitForSelector(selector, { visible: true });
const shows = (page, selector, part) =>
  page.waitForFunction((selector, part) => document.querySelector(selector).textContent.includes(part), {}, selector, part);

async function visit(context, problems, size) {
  const page = await open(context, PAGE, problems, size);
  await page.waitForSelector("html[data-sdk=ready]");
  return page;
}

/** Leaves the dialog open. */
async function askForCode(page, email) {
  await visible(page, "#guest");
  await page.$eval("#email", (input) => (input.value = ""));
  await page.type("#email", email);
  await page.click("#sign-in button");
  return dialog(page);
}

async function signIn(page, email) {
  const frame = await askForCode(page, email);
  await frame.type("#code", CODE);
  await frame.click("#confirm");
  await visible(page, "#user");
  await shows(page, "#user-email", email);
  await page.waitForFunction(() => document.activeElement.id === "user-title");
}

/** The counter, once it counts. */
const counts = (page) =>
  page.waitForFunction(() => /^[1-9]\d* s$/.test(document.querySelector("#live").textContent));

/** In both colour schemes, and without a need to scroll sideways on a phone. */
async function assertPresentable(page, frame, what) {
  await assertAccessible(page, frame, what);
  await assertFitsPhone(page, frame, what);
}

/** Fails if the page cannot be seen behind the dialog. */
async function assertSeenBehindDialog(page) {
  const pixel = async (background) => {
    await page.$eval("body", (body, background) => (body.style.background = background), background);
    return page.screenshot({ clip: { x: 1, y: 1, width: 1, height: 1 }, encoding: "base64" });
  };
  await inBothColourSchemes(page, async (scheme) => {
    assert.notEqual(await pixel("red"), await pixel("lime"), `the dialog hides the page, ${scheme}`);
  });
  await pixel("");
}

/**
 * What a page of another origin can do with the cookies of this browser. It is served from another port, which is the
 * same site: the browser sends the session's cookie along.
 */
async function attack(context) {
  const site = await frontEnd("<!doctype html><title>Somebody else's page</title>");
  const page = await context.newPage();
  const answers = {};
  page.on("response", (response) => {
    if (response.url().startsWith(PAGE)) answers[new URL(response.url()).pathname] = response.status();
  });
  await page.goto(site.url);
  const outcome = await page.evaluate(async (target) => {
    const post = (path, settings) =>
      fetch(target + path, { method: "POST", credentials: "include", ...settings }).then(
        ({ type }) => type,
        () => "refused",
      );
    const socket = new WebSocket(`${target.replace("http", "ws")}/v1/live`);
    const live = await new Promise((resolve) => {
      socket.onopen = () => resolve("open");
      socket.onerror = () => resolve("refused");
    });
    return {
      live,
      read: await fetch(`${target}/page/overview`, { credentials: "include" }).catch(() => "refused"),
      // A form could send these requests, so the browser sends no preflight request.
      logout: await post("/v1/user/logout", { mode: "no-cors" }),
      demoToken: await post("/page/demo-token", { mode: "no-cors", body: '{"name":"Alice"}' }),
      signIn: await post("/v1/user/sign-in", { headers: { Authorization: "Bearer a.token" } }),
    };
  }, PAGE);
  await page.close();
  site.close();
  return { outcome, answers };
}

async function assertFitsPhone(page, frame, what) {
  const { width, height } = page.viewport();
  await page.setViewport({ width: 320, height: 640 });
  await frame.waitForFunction(() => innerWidth === 320);
  assert.ok((await frame.evaluate(() => document.documentElement.scrollWidth)) <= 320, `${what} is too wide`);
  await page.setViewport({ width, height });
}

async function picture(page, name) {
  if (SCREENSHOTS) await page.screenshot({ path: join(DOCS, name) });
}

await withBrowser(async (browser, problems) => {
  const [laptop, phone] = [await browser.createBrowserContext(), await browser.createBrowserContext()];
  const page = await visit(laptop, problems, { width: 900, height: 680 });

  await assertPresentable(page, page, "the page of a guest");
  const frame = await askForCode(page, "alice@example.com");
  await assertPresentable(page, frame, "the dialog");
  await assertSeenBehindDialog(page);
  await frame.type("#code", "000000");
  await frame.click("#confirm");
  await shows(frame, "#problem", "not correct");
  await frame.$eval("#code", (input) => (input.value = ""));
  await frame.type("#code", CODE);
  await picture(page, "dialog.png");
  await frame.click("#confirm");
  await visible(page, "#user");
  assert.equal(await text(page, "#user-email"), "alice@example.com");
  console.log("a wrong code, then the right one");

  await page.click("#guarded");
  await visible(page, "#answer");
  const me = JSON.parse(await text(page, "#answer"));
  assert.equal(me.issuer, await text(page, "#user-issuer"));
  assert.ok(me.expires_at * 1000 > Date.now());
  await counts(page);
  await assertPresentable(page, page, "the page of a user");
  await picture(page, "quickstart.png");
  console.log("the guarded call and the WebSocket");

  await page.reload();
  await visible(page, "#user");
  const [secondTab, otherDevice] = [await visit(laptop, problems), await visit(phone, problems, { width: 390, height: 800 })];
  await visible(secondTab, "#user");
  await visible(otherDevice, "#guest");
  await signIn(otherDevice, "alice@example.com");
  const bob = await visit(await browser.createBrowserContext(), problems);
  await signIn(bob, "bob@example.com");
  for (const window of [page, secondTab, otherDevice, bob]) await counts(window);
  console.log("a second tab has the session, a second device has one of its own");

  const { outcome, answers } = await attack(laptop);
  assert.deepEqual(outcome, { live: "refused", read: "refused", logout: "opaque", demoToken: "opaque", signIn: "refused" });
  assert.deepEqual([answers["/v1/user/logout"], answers["/page/demo-token"]], [403, 403]);
  await page.reload();
  await visible(page, "#user");
  await counts(page);
  console.log("a page of another origin reads nothing and ends nothing");

  await page.click("#log-out");
  await shows(page, "#notice", "You have logged out");
  for (const window of [secondTab, otherDevice]) {
    await shows(window, "#notice", "You were signed out");
    await visible(window, "#guest");
  }
  await visible(bob, "#user");
  for (const window of [page, secondTab, otherDevice]) {
    await window.reload();
    await visible(window, "#guest");
    assert.equal(await window.$eval("#user", (section) => section.hidden), true);
  }
  await bob.reload();
  await visible(bob, "#user");
  console.log("one logout signs every window of the user out, and of nobody else");

  await page.waitForSelector("html[data-sdk=ready]");
  await page.type("#email", "test+fail_with_{-10002}@magic.link");
  await page.click("#sign-in button");
  await shows(page, "#problem", "-10002");
  await assertPresentable(page, page, "the page with an error");
  console.log("a failure is shown to the user");

  await signIn(page, "alice@example.com");
  await counts(page);
  console.log("and signing in again works");
});
