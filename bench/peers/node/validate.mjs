// node validate.mjs TOKEN CLIENT_ID: the microseconds that the official SDK takes for one validation.
import { Magic } from '@magic-sdk/admin';

const [token, clientId] = process.argv.slice(2);
const magic = new Magic('sk_live_unused', { clientId });
const times = [];
for (let round = 0; round < 150; round += 1) {
  const start = process.hrtime.bigint();
  magic.token.validate(token);
  times.push(Number(process.hrtime.bigint() - start) / 1e3);
}
// Without the first ones, in which the engine compiles.
times.splice(0, 50);
times.sort((one, other) => one - other);
console.log(times[Math.floor(times.length / 2)]);
