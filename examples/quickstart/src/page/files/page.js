// The script of the quickstart's page. It signs users in with Magic's browser SDK, and shows the state of the session.
"use strict";

const element = (id) => document.getElementById(id);

/** The response of `/page/overview`. */
let overview = null;

/** Magic's SDK, or `null` if it could not be loaded. */
let magic = null;

let socket = null;

attempt("Loading the page", start);

async function start() {
  await refresh();
  element("demo").hidden = overview.demo_users.length === 0;
  for (const name of overview.demo_users) {
    const button = document.createElement("button");
    button.textContent = `Continue as ${name}`;
    button.addEventListener("click", () => attempt("Signing in", () => continueAs(name)));
    element("demo-users").append(button);
  }
  await loadSdk();
}

async function loadSdk() {
  if (!overview.publishable_key) {
    element("sign-in").hidden = true;
    element("sdk").textContent =
      "Set MAGIC_PUBLISHABLE_KEY, the key that starts with pk_, to sign in with Magic here.";
    return;
  }
  const script = document.createElement("script");
  script.src = overview.script;
  if (overview.integrity) {
    script.integrity = overview.integrity;
    script.crossOrigin = "anonymous";
  }
  const loaded = new Promise((resolve, reject) => {
    script.onload = resolve;
    script.onerror = reject;
  });
  document.head.append(script);
  try {
    await loaded;
    magic = new Magic(overview.publishable_key, { endpoint: overview.endpoint });
    document.documentElement.dataset.sdk = "ready";
  } catch {
    element("sign-in").hidden = true;
    element("sdk").textContent =
      `Magic's browser SDK could not be loaded from ${overview.script}. ` +
      "Without a network, set MAGIC_SDK_JS to a local copy: dist/magic.js of the npm package magic-sdk.";
  }
}

/** Asks the server who is signed in, and updates the page. */
async function refresh() {
  overview = await json(fetch("/page/overview"));
  const user = overview.user;
  element("guest").hidden = Boolean(user);
  element("user").hidden = !user;
  if (!user) return disconnect();
  element("user-email").textContent = user.email ?? "unknown";
  element("user-issuer").textContent = user.issuer;
  element("user-until").textContent = time(user.session_until);
  connect();
}

element("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt("Signing in", async () => {
    await magic.auth.loginWithEmailOTP({ email: element("email").value });
    await signIn((attachment) => magic.user.generateIdToken({ attachment }));
  });
});

async function continueAs(name) {
  if (await magic?.user.isLoggedIn()) await magic.user.logout();
  await signIn((nonce) => demoToken(name, nonce));
}

/** Exchanges a token for a session. The token is issued only for this sign-in. */
async function signIn(tokenFor) {
  const { nonce } = await json(fetch("/v1/challenge", { method: "POST" }));
  const token = await tokenFor(nonce);
  await json(post("/v1/user/sign-in", { nonce }, { Authorization: `Bearer ${token}` }));
  await refresh();
  // The form that had the focus is now hidden.
  element("user-title").focus();
}

element("guarded").addEventListener("click", () =>
  attempt("The call", async () => {
    const headers = { Authorization: `Bearer ${await freshToken()}` };
    const me = await json(fetch("/v1/user/me", { headers }));
    element("response-title").textContent = `GET /v1/user/me: 200. The token is valid until ${time(me.expires_at)}.`;
    element("answer").textContent = JSON.stringify(me, null, 2);
    element("response").hidden = false;
  }),
);

/** The SDK has its own session. Users who continued as Alice or Bob do not have one there. */
async function freshToken() {
  if (await magic?.user.isLoggedIn()) return magic.user.getIdToken();
  const name = overview.demo_users.find((name) => overview.user.email === `${name.toLowerCase()}@example.com`);
  if (!name) throw new Error("Magic has no session in this browser; log out and sign in again");
  return demoToken(name);
}

element("log-out").addEventListener("click", () =>
  attempt("Logging out", async () => {
    // The server is about to close the WebSocket. Close it first, so that this is not shown as a logout elsewhere.
    disconnect();
    const response = await fetch("/v1/user/logout", { method: "POST" });
    if (!response.ok) {
      connect();
      throw new Error(`the server responded with ${response.status}`);
    }
    if (await magic?.user.isLoggedIn()) await magic.user.logout();
    await signedOut("You have logged out, in all tabs and on all devices.");
  }),
);

/** Runs an action with all buttons disabled. If it fails, shows why. */
async function attempt(what, action) {
  const buttons = document.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  element("problem").textContent = "";
  element("notice").textContent = "";
  try {
    await action();
  } catch (error) {
    element("problem").textContent = `${what} failed: ${error.message}`;
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

async function signedOut(notice) {
  element("response").hidden = true;
  element("email").value = "";
  await refresh();
  if (!overview.user) element("notice").textContent = notice;
}

function connect() {
  if (socket) return;
  const own = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/v1/live`);
  socket = own;
  element("live").textContent = "connecting…";
  own.addEventListener("message", ({ data }) => {
    element("live").textContent = `${data} s`;
    element("live").dataset.connected = "";
  });
  own.addEventListener("close", ({ code }) => {
    if (socket !== own) return;
    socket = null;
    delete element("live").dataset.connected;
    if (code === 4001) {
      attempt("Signing out", () =>
        signedOut("You were signed out: you logged out in another tab or on another device."),
      );
    } else if (code === 4002) {
      attempt("Signing out", () => signedOut("Your session has expired."));
    } else {
      element("live").textContent = "disconnected; trying again…";
      setTimeout(() => refresh().catch(connect), 2000);
    }
  });
}

function disconnect() {
  const own = socket;
  socket = null;
  own?.close();
}

/** Formats seconds since the Unix epoch as a date and time. */
function time(seconds) {
  return new Date(seconds * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

async function demoToken(name, nonce) {
  return (await json(post("/page/demo-token", { name, nonce }))).token;
}

function post(path, body, headers = {}) {
  headers["Content-Type"] = "application/json";
  return fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
}

/** Returns the JSON of a response. If the request failed, throws an error that users can read. */
async function json(request) {
  const response = await request;
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  let detail = text;
  try {
    detail = JSON.parse(text).detail;
  } catch {
    // This is not a problem in JSON, so show the text.
  }
  throw new Error(detail || `the server responded with ${response.status}`);
}
