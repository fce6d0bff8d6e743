// Prints the official Node SDK's verdict on the ownership of NFTs. Reads one JSON object per line from stdin,
//   {"token", "client_id", "now", "contract", "contract_type", "token_id": any | null, "rpc_url"}
// and prints one per line to stdout, in order: {"verdict": "valid" | "<error_code>" | "error"}.
import { createInterface } from 'node:readline';
import { Magic } from '@magic-sdk/admin';

// ethers reports a dead endpoint on stdout.
console.log = console.error;

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify({ verdict: await verdict(JSON.parse(line)) })}\n`);
}
// A failed call leaves a provider behind that polls a dead endpoint forever.
process.exit(0);

function verdict(asked) {
  Date.now = () => asked.now * 1000;
  const magic = new Magic('sk_live_unused', { clientId: asked.client_id });
  const { token, contract, contract_type: type, rpc_url: url, token_id: id } = asked;
  return magic.utils.validateTokenOwnership(token, contract, type, url, id ?? undefined).then(
    ({ valid, error_code: code }) => (valid ? 'valid' : code),
    () => 'error',
  );
}
