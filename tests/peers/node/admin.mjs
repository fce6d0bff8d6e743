// Drives the official Node SDK against the Admin API at $ENDPOINT with the key $SECRET_KEY:
//   node admin.mjs [--issuer I] [--address A] [--token T] [--wallet TYPE]
// Runs every call that the given arguments allow, in a fixed order, and prints one line for each:
// {"step": "...", "result": ...} or {"step": "...", "error": "<error code or class>", "message": "..."}.
import { parseArgs } from 'node:util';
import { Magic } from '@magic-sdk/admin';

const { ENDPOINT: endpoint, SECRET_KEY: secretKey } = process.env;
if (!endpoint || !secretKey) throw new Error('set ENDPOINT and SECRET_KEY');
const text = { type: 'string' };
const { values } = parseArgs({ options: { issuer: text, address: text, token: text, wallet: text } });
const { issuer, address, token, wallet } = values;

let magic = new Magic(secretKey, { endpoint });
await step('client_info', async () => {
  magic = await Magic.init(secretKey, { endpoint });
  return { client_id: magic.clientId };
});
const { users } = magic;
if (token !== undefined) {
  await step('token_validate', () => magic.token.validate(token));
}
await by('metadata_by_issuer', issuer, (it) => users.getMetadataByIssuer(it));
await by('metadata_by_public_address', address, (it) => users.getMetadataByPublicAddress(it));
await by('metadata_by_token', token, (it) => users.getMetadataByToken(it));
if (wallet !== undefined) {
  await by('metadata_by_issuer_and_wallet', issuer, (it) => users.getMetadataByIssuerAndWallet(it, wallet));
  await by('metadata_by_public_address_and_wallet', address, (it) =>
    users.getMetadataByPublicAddressAndWallet(it, wallet),
  );
  await by('metadata_by_token_and_wallet', token, (it) => users.getMetadataByTokenAndWallet(it, wallet));
}
await by('logout_by_issuer', issuer, (it) => users.logoutByIssuer(it));
await by('logout_by_public_address', address, (it) => users.logoutByPublicAddress(it));
await by('logout_by_token', token, (it) => users.logoutByToken(it));

async function by(name, subject, call) {
  if (subject !== undefined) await step(name, () => call(subject));
}

async function step(name, call) {
  let outcome;
  try {
    outcome = { result: (await call()) ?? null };
  } catch (error) {
    outcome = { error: error.code ?? error.constructor.name, message: error.message };
  }
  process.stdout.write(`${JSON.stringify({ step: name, ...outcome })}\n`);
}
