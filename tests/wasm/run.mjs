// Runs every test vector through the WebAssembly module and compares the verdicts.
//
//   node run.mjs MODULE VECTORS
import { readFileSync } from "node:fs";
import { argv, exit } from "node:process";

const [module, vectorFile] = argv.slice(2);
// There are no imports: the module must not need anything from its host, not even a clock.
const { instance } = await WebAssembly.instantiate(readFileSync(module), {});
const { allocate, memory, verdict } = instance.exports;

function judge(vector) {
  const text = new TextEncoder().encode(JSON.stringify(vector));
  const address = allocate(text.length);
  new Uint8Array(memory.buffer).set(text, address);
  const result = BigInt.asUintN(64, verdict(address, text.length));
  const [start, length] = [Number(result >> 32n), Number(result & 0xffffffffn)];
  return new TextDecoder().decode(new Uint8Array(memory.buffer, start, length));
}

const vectors = JSON.parse(readFileSync(vectorFile, "utf8"));
const wrong = vectors.flatMap((vector) => {
  const given = judge(vector);
  return given === vector.expect ? [] : [`${vector.name}: ${given}, not ${vector.expect}`];
});
const accepted = vectors.filter((vector) => vector.expect === "ok").length;
console.log(`wasm32-unknown-unknown: ${vectors.length} vectors, ${accepted} of them to be accepted`);
if (accepted < 10 || vectors.length - accepted < 10) wrong.push("too few vectors of one kind");
for (const line of wrong) console.error(`error: ${line}`);
exit(wrong.length === 0 ? 0 : 1);
