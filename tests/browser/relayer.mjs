// Tests the unmodified `magic-sdk` against the relayer at ENDPOINT, whose one-time code is CODE. Prints a line for
// each step, and exits with 0 if all steps pass.
import assert from "node:assert/strict";
import { assertAccessible, dialog, frontEnd, open, withBrowser } from "./harness.mjs";

const { ENDPOINT, CODE, SECRET_KEY, ALICE, CLIENT_ID } = process.env;

const HTML = `<!doctype html><html lang="en"><title>A front end</title><link rel="icon" href="data:,">
<main><h1>A front end</h1></main><script src="/magic.js"></script>`;

const claims = (token) => JSON.parse(JSON.parse(Buffer.from(token, "base64").toString())[1]);

/** In the page: the SDK, the outcome of a promise, and sign-ins that tell their events. */
function prepare(endpoint) {
  window.magic = new Magic("pk_live_ANY", { endpoint });
  window.testMagic = new Magic("pk_live_ANY", { endpoint, testMode: true, locale: "en_GB" });
  window.outcome = (promise) =>
    promise.then(
      (value) => ({ value }),
      (error) => ({ code: error.code, message: error.message }),
    );
  window.heard = [];
  window.hear = (handle, ...events) => {
    for (const event of events) handle.on(event, () => heard.push(event));
    return handle;
  };
}

const steps = {
  async "nobody is signed in"(page) {
    const state = await page.evaluate(async () => ({
      loggedIn: await magic.user.isLoggedIn(),
      accounts: await magic.rpcProvider.request({ method: "eth_accounts" }),
      token: await outcome(magic.user.getIdToken()),
      unknown: await outcome(magic.rpcProvider.request({ method: "eth_sendTransaction", params: [{}] })),
    }));
    assert.deepEqual([state.loggedIn, state.accounts], [false, []]);
    assert.equal(state.token.code, -32603);
    assert.equal(state.unknown.code, -32601);
  },

  async "e-mail with UI: cancel, by button and by keyboard"(page) {
    for (const end of [(frame) => frame.click("#cancel"), () => page.keyboard.press("Escape")]) {
      const outcome = page.evaluate(() => outcome(magic.auth.loginWithEmailOTP({ email: "alice@example.com" })));
      await end(await dialog(page));
      assert.equal((await outcome).code, -10014);
      await page.waitForSelector("iframe.magic-iframe", { hidden: true });
    }
  },

  async "e-mail with UI: a wrong code, then the right one, by keyboard only"(page) {
    const outcome = page.evaluate(() =>
      outcome(magic.auth.loginWithEmailOTP({ email: "alice@example.com", lifespan: 60 })),
    );
    const frame = await dialog(page);
    assert.match(await frame.$eval("#text", (text) => text.textContent), /alice@example\.com/);
    const focused = (id) => frame.waitForFunction((id) => document.activeElement.id === id, {}, id);
    await focused("code");
    await assertAccessible(page, frame, "the dialog");
    await page.keyboard.type("000000");
    await page.keyboard.press("Enter");
    await frame.waitForFunction(() => document.querySelector("#problem").textContent);
    await assertAccessible(page, frame, "the dialog after a wrong code");
    // The dialog is modal: Tab does not leave it, in either direction.
    for (const id of ["confirm", "cancel", "code"]) {
      await page.keyboard.press("Tab");
      await focused(id);
    }
    await page.keyboard.down("Shift");
    for (const id of ["cancel", "confirm", "code"]) {
      await page.keyboard.press("Tab");
      await focused(id);
    }
    await page.keyboard.up("Shift");
    // The focus is back in the input, and the wrong code is selected, so the next code replaces it. A code can be
    // pasted with a space.
    await page.keyboard.sendCharacter(`${CODE.slice(0, 3)} ${CODE.slice(3)}`);
    await page.keyboard.press("Enter");
    const { iss, aud, iat, ext } = claims((await outcome).value);
    assert.deepEqual([iss, aud, ext - iat], [`did:ethr:${ALICE}`, CLIENT_ID, 60]);
    await page.waitForSelector("iframe.magic-iframe", { hidden: true });
  },

  async "who is signed in"(page) {
    const state = await page.evaluate(async () => {
      const request = (method, params) => magic.rpcProvider.request({ method, params });
      const [account] = await request("eth_requestAccounts");
      return {
        account,
        loggedIn: await magic.user.isLoggedIn(),
        info: await magic.user.getInfo(),
        token: await magic.user.getIdToken(),
        attached: await magic.user.generateIdToken({ attachment: "a nonce", lifespan: 30 }),
        nonceSigned: await request("personal_sign", ["a nonce", account]),
        anotherAccount: await outcome(request("personal_sign", ["a nonce", "0x" + "0".repeat(40)])),
      };
    });
    assert.deepEqual([state.loggedIn, state.account, state.info.email], [true, ALICE, "alice@example.com"]);
    assert.equal(state.info.wallets.ethereum.publicAddress, ALICE);
    assert.equal(state.info.issuer, `did:ethr:${ALICE}`);
    assert.equal(claims(state.token).ext - claims(state.token).iat, 900);
    const attached = claims(state.attached);
    assert.deepEqual([attached.ext - attached.iat, attached.add], [30, state.nonceSigned]);
    assert.equal(state.anotherAccount.code, -32602);
  },

  async "the session survives a reload, and ends by logout"(page) {
    await page.reload();
    await page.evaluate(prepare, ENDPOINT);
    assert.equal(await page.evaluate(() => magic.user.isLoggedIn()), true);
    assert.equal(await page.evaluate(() => magic.user.logout()), true);
    assert.equal(await page.evaluate(() => magic.user.isLoggedIn()), false);
  },

  async "e-mail without UI: both ids complete, and it can be cancelled"(page) {
    const result = await page.evaluate(async (code) => {
      heard.length = 0;
      const signIn = () =>
        hear(
          magic.auth.loginWithEmailOTP({ email: "alice@example.com", showUI: false }),
          "email-otp-sent",
          "invalid-email-otp",
        );
      const cancelled = signIn();
      const cancelledOutcome = outcome(cancelled);
      cancelled.on("email-otp-sent", () => cancelled.emit("cancel"));
      const handle = signIn();
      handle.on("email-otp-sent", () => handle.emit("verify-email-otp", "000000"));
      handle.on("invalid-email-otp", () => handle.emit("verify-email-otp", code));
      const bothIds = new Promise((resolve) => {
        const ids = [];
        addEventListener("message", ({ data }) => {
          if (typeof data.response?.result === "string") ids.push(data.response.id);
          if (ids.length === 2) resolve(ids);
        });
      });
      const token = await handle;
      const [first, second] = await bothIds;
      return { token, heard: heard.sort(), cancelled: await cancelledOutcome, different: first !== second };
    }, CODE);
    assert.equal(claims(result.token).iss, `did:ethr:${ALICE}`);
    assert.deepEqual(result.heard, ["email-otp-sent", "email-otp-sent", "invalid-email-otp"]);
    assert.equal(result.cancelled.code, -10014);
    assert.ok(result.different, "the sign-in's id and the code's id");
  },

  async "a logout through the Admin API ends the session in the browser"(page) {
    assert.equal(await page.evaluate(() => magic.user.isLoggedIn()), true);
    const logout = await fetch(`${ENDPOINT}/v1/admin/user/logout`, {
      method: "POST",
      headers: { "X-Magic-Secret-Key": SECRET_KEY, "Content-Type": "application/json" },
      body: JSON.stringify({ issuer: `did:ethr:${ALICE}` }),
    });
    assert.equal(logout.status, 200);
    assert.equal(await page.evaluate(() => magic.user.isLoggedIn()), false);
  },

  async "SMS, with and without UI"(page) {
    const outcome = page.evaluate(() => outcome(magic.auth.loginWithSMS({ phoneNumber: "+15550100" })));
    const frame = await dialog(page);
    await frame.type("#code", CODE);
    await frame.click("#confirm");
    const withUi = claims((await outcome).value).iss;
    const withoutUi = await page.evaluate(async (code) => {
      heard.length = 0;
      const settings = { phoneNumber: "+15550100", showUI: false };
      const handle = hear(magic.auth.loginWithSMS(settings), "sms-otp-sent", "invalid-sms-otp");
      handle.on("sms-otp-sent", () => handle.emit("verify-sms-otp", "1"));
      handle.on("invalid-sms-otp", () => handle.emit("verify-sms-otp", code));
      return { token: await handle, heard, info: await magic.user.getInfo() };
    }, CODE);
    assert.equal(claims(withoutUi.token).iss, withUi);
    assert.deepEqual(withoutUi.heard, ["sms-otp-sent", "invalid-sms-otp"]);
    assert.equal(withoutUi.info.phoneNumber, "+15550100");
  },

  async "a ping, a batch, and another frame that nobody listens to"(page) {
    const result = await page.evaluate(async () => {
      const frame = document.querySelector("iframe.magic-iframe");
      const parameters = new URL(frame.src).searchParams.get("params");
      const pong = new Promise((resolve) =>
        addEventListener("message", ({ data }) => data.msgType === `MAGIC_PONG-${parameters}` && resolve(true)),
      );
      frame.contentWindow.postMessage({ msgType: `MAGIC_PING-${parameters}`, payload: [] }, "*");
      const batch = await new Promise((resolve) =>
        magic.rpcProvider.sendAsync(
          ["eth_accounts", "eth_chainId"].map((method, id) => ({ jsonrpc: "2.0", id: 7000 + id, method, params: [] })),
          (_, responses) => resolve(responses),
        ),
      );

      // Another page, such as an advertisement, that knows everything but is not the application.
      window.logout = { jsonrpc: "2.0", id: 7002, method: "magic_auth_logout", params: [] };
      window.logoutMessage = { msgType: `MAGIC_HANDLE_REQUEST-${parameters}`, payload: window.logout };
      const stranger = document.body.appendChild(document.createElement("iframe"));
      const script = stranger.contentDocument.createElement("script");
      script.textContent = `parent.document.querySelector("iframe.magic-iframe").contentWindow.postMessage(parent.logoutMessage, "*")`;
      stranger.contentDocument.body.append(script);
      const stillLoggedIn = [await magic.user.isLoggedIn(), await magic.user.isLoggedIn()];
      return { pong: await pong, batch, stillLoggedIn };
    });
    assert.equal(result.pong, true);
    assert.deepEqual(result.batch.map(({ error }) => error?.code), [undefined, -32601]);
    assert.equal(result.batch[0].result.length, 1);
    assert.deepEqual(result.stillLoggedIn, [true, true]);
  },

  async "a magic link, with UI"(page) {
    const outcome = page.evaluate(() => outcome(magic.auth.loginWithMagicLink({ email: "bob@example.com" })));
    const frame = await dialog(page);
    await assertAccessible(page, frame, "the dialog of a magic link");
    await frame.click("#confirm");
    const { iss } = claims((await outcome).value);
    const user = await fetch(`${ENDPOINT}/v2/admin/user?type=email&value=bob%40example.com`, {
      headers: { "X-Magic-Secret-Key": SECRET_KEY },
    });
    assert.equal(iss, (await user.json()).issuer);
  },

  async "a magic link, without UI, opened in another tab"(page, problems) {
    const begun = page.waitForResponse(async (response) => (await response.text()).includes('"sign_in"'));
    const outcome = page.evaluate(async () => {
      heard.length = 0;
      const settings = { email: "alice@example.com", showUI: false };
      return { token: await hear(magic.auth.loginWithMagicLink(settings), "email-sent"), heard };
    });
    const { sign_in } = (await (await begun).json()).sign_in;
    const link = `${ENDPOINT}/relayer/confirm?sign_in=${sign_in}`;
    const tab = await open(page.browserContext(), link, problems);
    await assertAccessible(tab, tab, "the page of a magic link");
    await tab.close();
    const { token, heard } = await outcome;
    assert.deepEqual([claims(token).iss, heard], [`did:ethr:${ALICE}`, ["email-sent"]]);
  },

  async "the addresses and method names of test mode"(page) {
    const result = await page.evaluate(async () => {
      const linkExpired = "test+fail_with_{-10001}@magic.link";
      const failures = [
        await outcome(testMagic.auth.loginWithMagicLink({ email: "test+fail_with_-10000@magic.link" })),
        await outcome(testMagic.auth.loginWithEmailOTP({ email: linkExpired })),
      ];
      const { auth, user } = testMagic;
      const success = { email: "test+success@magic.link" };
      const tokens = [
        await auth.loginWithMagicLink(success),
        await auth.loginWithEmailOTP(success),
        await user.getIdToken(),
        await user.generateIdToken({ attachment: "x" }),
      ];
      const { issuer } = await user.getInfo();
      const loggedIn = [await user.isLoggedIn()];
      await user.logout();
      loggedIn.push(await user.isLoggedIn());
      return { failures, tokens, issuer, loggedIn };
    });
    assert.deepEqual(result.failures.map(({ code }) => code), [-10000, -10001]);
    assert.deepEqual(result.tokens.map((token) => claims(token).iss), Array(4).fill(result.issuer));
    assert.deepEqual(result.loggedIn, [true, false]);
  },
};

await withBrowser(async (browser, problems) => {
  const site = await frontEnd(HTML);
  try {
    const page = await open(browser.defaultBrowserContext(), site.url, problems);
    await page.evaluate(prepare, ENDPOINT);
    for (const [name, step] of Object.entries(steps)) {
      await step(page, problems).catch((error) => {
        throw new Error(`${name}: ${error.stack}`);
      });
      console.log(name);
    }
  } finally {
    site.close();
  }
});
