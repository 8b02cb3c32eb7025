// A server of Node.js alone that streams one file to whoever asks. Argument: the file. Started with an IPC channel, by
// which it tells its port.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { pipeline } from 'node:stream';

const [path = ''] = process.argv.slice(2);
const { size } = await stat(path);
const server = createServer((_request, response) => {
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': size });
  pipeline(createReadStream(path), response, () => undefined);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' && address !== null ? address.port : 0);
});
process.once('disconnect', () => process.exit());
