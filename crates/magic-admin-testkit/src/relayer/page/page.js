// The page inside the iframe of Magic's browser SDK. It speaks `postMessage` with the SDK, shows the
// dialog, and asks the server that it came from for everything else.
"use strict";

const parameters = new URLSearchParams(location.search).get("params") ?? "";
const options = decode(parameters);

/** Sign-ins that wait for a code or a click, by the id of the request that began them. */
const pending = new Map();

/** The entry of `pending` that the dialog is about. */
let shown = null;

if (options && window.parent !== window) {
  document.getElementById("notice").hidden = true;
  window.addEventListener("message", receive);
  post("MAGIC_OVERLAY_READY", { response: {} });
}

function decode(text) {
  try {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

function post(type, message) {
  window.parent.postMessage({ msgType: `${type}-${parameters}`, ...message }, options.DOMAIN_ORIGIN);
}

function receive(event) {
  if (event.source !== window.parent || event.origin !== options.DOMAIN_ORIGIN) return;
  const { msgType, payload } = event.data ?? {};
  if (msgType === `MAGIC_PING-${parameters}`) post("MAGIC_PONG", { response: {} });
  if (msgType !== `MAGIC_HANDLE_REQUEST-${parameters}`) return;
  for (const request of [payload].flat()) handle(request);
}

async function handle({ id, method, params }) {
  if (method === "magic_intermediary_event") return intermediary(id, params?.[0] ?? {});
  const answer = await ask({ op: "call", key: options.API_KEY, method, params: params ?? [] });
  if (answer.sign_in) begin(id, answer.sign_in);
  else settle([id], answer);
}

/** The application speaks for a user whom it shows a form of its own. */
async function intermediary(id, { payloadId, eventType, args }) {
  const entry = pending.get(payloadId);
  if (entry && /^verify-(email|sms)-otp$/.test(eventType)) {
    if (await enter(entry, String(args), [id])) emit(payloadId, `invalid-${entry.sent}-otp`);
    else return;
  } else if (entry && eventType === "cancel") {
    cancel(entry);
  }
  settle([id], { result: Boolean(entry) });
}

function begin(id, { sign_in, via, to, ui, hint }) {
  const sent = via === "sms" ? "sms" : "email";
  const entry = { id, sign_in, via, to, ui, hint, sent };
  pending.set(id, entry);
  if (ui) show(entry);
  else emit(id, via === "link" ? "email-sent" : `${sent}-otp-sent`);
  if (via === "link") awaitClick(entry);
}

/** Returns `true` if the code is wrong, and the user can try another one. */
async function enter(entry, code, alsoSettle = []) {
  const answer = await ask({ op: "enter", sign_in: entry.sign_in, code });
  if (answer.wrong) return true;
  finish(entry, answer, alsoSettle);
  return false;
}

async function awaitClick(entry) {
  while (pending.has(entry.id)) {
    const answer = await ask({ op: "wait", sign_in: entry.sign_in });
    if (!answer.waiting) return finish(entry, answer);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function cancel(entry) {
  finish(entry, await ask({ op: "cancel", sign_in: entry.sign_in }));
}

function finish(entry, answer, alsoSettle = []) {
  if (!pending.delete(entry.id)) return;
  if (shown === entry) hide();
  settle([entry.id, ...alsoSettle], answer);
}

function settle(ids, { result, error }) {
  for (const id of ids) {
    const response = error ? { jsonrpc: "2.0", id, error } : { jsonrpc: "2.0", id, result };
    post("MAGIC_HANDLE_RESPONSE", { response });
  }
}

function emit(id, event) {
  post("MAGIC_HANDLE_EVENT", { response: { id, result: { event, params: [] } } });
}

async function ask(question) {
  try {
    const response = await fetch("/relayer", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...question, session: session.get() }),
    });
    const answer = await response.json();
    if (answer.session !== undefined) session.set(answer.session);
    return answer;
  } catch {
    return { error: { code: -32603, message: "The emulator of Magic does not respond." } };
  }
}

/** Storage can be forbidden in an iframe: the session then ends with the page. */
const session = {
  key: `session ${options?.API_KEY}`,
  inMemory: null,
  get() {
    try {
      return localStorage.getItem(this.key);
    } catch {
      return this.inMemory;
    }
  },
  set(id) {
    this.inMemory = id;
    try {
      if (id === null) localStorage.removeItem(this.key);
      else localStorage.setItem(this.key, id);
    } catch {
      // It is in memory.
    }
  },
};

const dialog = document.getElementById("dialog");
const code = document.getElementById("code");
const problem = document.getElementById("problem");

function show(entry) {
  if (shown) cancel(shown);
  shown = entry;
  const link = entry.via === "link";
  const text = (id, content) => (document.getElementById(id).textContent = content);
  text("title", link ? "Check your e-mail" : "Enter the code");
  text("sent", `We sent a ${link ? "link" : "code"} to`);
  text("to", entry.to);
  text("confirm", link ? "Open the link" : "Continue");
  text("hint", entry.hint);
  document.getElementById("entry").hidden = link;
  clearProblem();
  code.value = "";
  dialog.hidden = false;
  post("MAGIC_SHOW_OVERLAY", { response: {} });
  focus();
}

/** An iframe that is not displayed cannot have the focus, and the SDK displays it when it is told to. */
function focus() {
  if (shown && !dialog.contains(document.activeElement)) {
    document.getElementById(shown.via === "link" ? "confirm" : "code").focus();
  }
}

window.addEventListener("focus", focus);
window.addEventListener("resize", focus);

function hide() {
  shown = null;
  dialog.hidden = true;
  post("MAGIC_HIDE_OVERLAY", { response: {} });
}

dialog.addEventListener("submit", async (event) => {
  event.preventDefault();
  const entry = shown;
  if (!entry) return;
  if (entry.via === "link") {
    // Where it fails, `awaitClick` says so.
    await fetch(`/relayer/confirm?sign_in=${entry.sign_in}`).catch(() => {});
  } else if (await enter(entry, code.value)) {
    problem.textContent = "This code is not correct. Try again.";
    code.setAttribute("aria-invalid", "true");
    code.select();
  }
});

/** A code can be pasted as it stands in a message: "123 456". */
code.addEventListener("input", () => {
  const digits = code.value.replace(/\D/g, "").slice(0, 6);
  if (digits !== code.value) code.value = digits;
  clearProblem();
});

function clearProblem() {
  problem.textContent = "";
  code.removeAttribute("aria-invalid");
}

document.getElementById("cancel").addEventListener("click", () => shown && cancel(shown));

window.addEventListener("keydown", (event) => {
  if (!shown) return;
  if (event.key === "Escape") cancel(shown);
  if (event.key === "Tab") keepFocus(event);
});

/** The dialog is modal: Tab goes round in it, and not to the application behind it. */
function keepFocus(event) {
  const stops = [...dialog.querySelectorAll("input, button")].filter((stop) => stop.checkVisibility());
  const [from, to] = event.shiftKey ? [stops.at(0), stops.at(-1)] : [stops.at(-1), stops.at(0)];
  if (document.activeElement !== from) return;
  event.preventDefault();
  to.focus();
}
