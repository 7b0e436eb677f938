// A web app without packages: it shows where its data is stored, and signs its responses.
// Both values come from scoped variables. If one is missing, cycle-exec does not start the app.
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

// As PID 1, Node would not receive TERM: without a handler, the kernel does not deliver it.
process.on('SIGTERM', () => server.close(() => process.exit(0)));

server.listen(Number(PORT), () => console.log(`listening on ${server.address().port}`));
