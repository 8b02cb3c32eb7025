// A server that does nothing but answer: the least that any Express application takes. Started with an IPC channel, by
// which it gets what it answers and tells its port.

import { once } from 'node:events';
import express from 'express';

interface Answers {
  readonly list: string;
  readonly accepted: string;
}

const [{ list, accepted }] = (await once(process, 'message')) as [Answers];
const app = express();
app.disable('x-powered-by').disable('etag');
app.get('/api/model/list', (_request, response) => void response.type('json').send(list));
app.post('/api/model/export/:format/:name', express.json(), (_request, response) => {
  response.status(202).type('json').send(accepted);
});
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' && address !== null ? address.port : 0);
});
process.once('disconnect', () => process.exit());
