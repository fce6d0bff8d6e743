// Tests the client of docs/spa.md on PAGE, which calls an API on another origin (API). The device's clock is slow, so
// the client believes that its first token (EXPIRED) is valid, and the API cannot reach Magic at first. ENDPOINT is
// the relayer, with the one-time code CODE and the Admin API's SECRET_KEY.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { dialog, open, withBrowser } from "./harness.mjs";

const { PAGE, API, ENDPOINT, CODE, EXPIRED, SECRET_KEY } = process.env;

const guide = await readFile(join(import.meta.dirname, "../../docs/spa.md"), "utf8");
const [, client] = guide.match(/```js\n(const API = .*?)```/s);

await withBrowser(async (browser) => {
  // The browser logs every error response, and some are expected here.
  const problems = [];
  const page = await open(browser.defaultBrowserContext(), PAGE, problems);
  const asked = [];
  page.on("response", (response) => {
    if (response.url().startsWith(API)) asked.push(`${response.request().method()} ${response.status()}`);
  });
  await page.evaluate((endpoint) => (window.magic = new Magic("pk_live_ANY", { endpoint })), ENDPOINT);
  await page.addScriptTag({ content: client.replace("https://api.example.com", API) });

  const signedIn = page.evaluate(() => magic.auth.loginWithEmailOTP({ email: "alice@example.com" }));
  const frame = await dialog(page);
  await frame.type("#code", CODE);
  await frame.click("#confirm");
  await signedIn;
  const address = await page.evaluate(async () => (await magic.user.getInfo()).publicAddress);

  const orders = await page.evaluate(async (expired) => {
    const { now } = Date;
    Date.now = () => now() - 86_400_000;
    const { getIdToken } = magic.user;
    magic.user.getIdToken = async () => {
      magic.user.getIdToken = getIdToken;
      return expired;
    };
    return (await api("/v1/orders")).text();
  }, EXPIRED);
  assert.equal(orders, `The orders of ${address}`);
  assert.deepEqual(asked, ["OPTIONS 200", "GET 401", "GET 503", "GET 200"]);
  console.log("an expired token is renewed, and an API that cannot decide is asked again");

  asked.length = 0;
  const posted = await page.evaluate(async () => {
    const used = await didToken();
    const settings = { method: "POST", headers: { "Content-Type": "application/json" }, body: "a book" };
    const text = await (await api("/v1/orders", settings)).text();
    return { text, same: used === (await didToken()) };
  });
  assert.deepEqual(posted, { text: `${address} ordered a book`, same: true });
  // The preflight response is cached for an hour.
  assert.deepEqual(asked, ["POST 200"]);
  console.log("token and permission are used again while they last");

  await fetch(`${ENDPOINT}/v1/admin/user/logout`, {
    method: "POST",
    headers: { "X-Magic-Secret-Key": SECRET_KEY, "Content-Type": "application/json" },
    body: JSON.stringify({ issuer: `did:ethr:${address}` }),
  });
  const code = await page.evaluate(() => {
    expires = 0;
    return api("/v1/orders").then(
      () => "an answer",
      (error) => error.code,
    );
  });
  assert.equal(code, -32603);
  console.log("a user who is not signed in at Magic any more has to sign in");
  const others = problems.filter((problem) => !/status of (401|503)/.test(problem));
  assert.deepEqual(others, []);
});
