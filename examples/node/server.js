// A web app without packages: it shows where its data are, and signs what it says.
// Both values come from scoped variables. Without them it does not start: cycle-exec refuses first.
'use strict';

const { createHmac } = require('node:crypto');
const { createServer } = require('node:http');

const { DATABASE_URL, SECRET_KEY, PORT = '3000' } = process.env;
const database = new URL(DATABASE_URL);
const pages = {
  '/': `data in ${database.pathname.slice(1)} on ${database.hostname}\n`,
  '/health': 'healthy\n',
};

const server = createServer((request, response) => {
  const page = pages[request.url];
  const body = page ?? 'not found\n';
  response.writeHead(page === undefined ? 404 : 200, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'X-Signature': createHmac('sha256', SECRET_KEY).update(body).digest('hex'),
  });
  response.end(body);
});

// Node as PID 1 has no default for TERM: without a handler the kernel would keep it away.
process.on('SIGTERM', () => server.close(() => process.exit(0)));

server.listen(Number(PORT), () => console.log(`listening on ${server.address().port}`));
