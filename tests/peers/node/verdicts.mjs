// Prints the official Node SDK's verdict on each token. Reads one JSON object per line from stdin,
//   {"token": "...", "client_id": "..." | null, "now": 1700000000, "attachment": "..." | null}
// and prints one per token to stdout, in order and at once: {"verdict": "ok" | "<error code or class>"}.
// `client_id: null` is the SDK's state if it could not fetch one; `attachment: null` means no attachment.
import { Magic } from '@magic-sdk/admin';

process.stdin.setEncoding('utf8');
let pending = '';
for await (const chunk of process.stdin) {
  // Split lines by hand: Node's `readline` also ends a line at U+2028 and U+2029, which JSON may contain unescaped.
  const lines = (pending + chunk).split('\n');
  pending = lines.pop();
  lines.forEach(answer);
}
if (pending !== '') answer(pending);

function answer(line) {
  process.stdout.write(`${JSON.stringify({ verdict: verdict(JSON.parse(line)) })}\n`);
}

function verdict({ token, client_id: clientId, now, attachment }) {
  Date.now = () => now * 1000;
  const magic = new Magic('sk_live_unused', { clientId });
  try {
    if (attachment === null) magic.token.validate(token);
    else magic.token.validate(token, attachment);
    return 'ok';
  } catch (error) {
    return error.code ?? error.constructor.name;
  }
}
