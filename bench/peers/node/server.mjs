// GET /me behind the official SDK: node server.mjs PORT CLIENT_ID, with a process for each core.
import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import { Magic } from '@magic-sdk/admin';
import express from 'express';

const [port, clientId] = process.argv.slice(2);

if (cluster.isPrimary) {
  for (let core = 0; core < availableParallelism(); core += 1) cluster.fork();
} else {
  const magic = new Magic('sk_live_unused', { clientId });
  const app = express();
  app.get('/me', (request, response) => {
    const token = magic.utils.parseAuthorizationHeader(request.headers.authorization);
    try {
      magic.token.validate(token);
    } catch {
      return response.sendStatus(401);
    }
    response.send('ok');
  });
  app.listen(Number(port), '127.0.0.1');
}
