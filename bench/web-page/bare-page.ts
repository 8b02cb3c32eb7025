// A server that has one page with one button: the least that a browser has to do for any page. Started with an IPC
// channel, by which it tells its port.

import express from 'express';

const PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Bare</title><script type="module" src="/page.js"></script></head>
<body><div id="root"></div></body>
</html>`;

const SCRIPT = `const button = document.createElement('button');
button.setAttribute('aria-label', 'Load nothing');
document.getElementById('root').append(button);`;

const app = express();
app.disable('x-powered-by');
app.get('/', (_request, response) => void response.type('html').send(PAGE));
app.get('/page.js', (_request, response) => void response.type('js').send(SCRIPT));
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' && address !== null ? address.port : 0);
});
process.once('disconnect', () => process.exit());
