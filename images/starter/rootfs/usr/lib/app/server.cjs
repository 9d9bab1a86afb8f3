// People leave notes: `GET /` shows the latest, `POST /` adds one, `GET /health` tells whether the database answers.
'use strict';
const { createServer } = require('node:http');
const { configuration, connect } = require('./database.cjs');

const MOST_BYTES = 10_000;
const HTML = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': "default-src 'none'; form-action 'self'" };
const database = connect();
// Else a connection that the database closes would end this process.
database.on('error', (error) => console.error(String(error)));

const escaped = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

async function page() {
  const { rows } = await database.query('SELECT text FROM note ORDER BY id DESC LIMIT $1', [configuration.shown]);
  const greeting = escaped(configuration.greeting);
  return `<!DOCTYPE html>
<html lang="en">
  <head><meta charset="utf-8"><title>${greeting}</title></head>
  <body>
    <h1>${greeting}</h1>
    <form method="post" action="/"><label>Note <input name="text" maxlength="1000" required></label> <button>Add</button></form>
    <ul>${rows.map(({ text }) => `<li>${escaped(text)}</li>`).join('')}</ul>
  </body>
</html>
`;
}

async function bodyOf(request) {
  let body = '';
  request.setEncoding('utf8');
  for await (const chunk of request) {
    body += chunk;
    if (body.length > MOST_BYTES) return undefined;
  }
  return body;
}

async function addNote(request, response) {
  // Browsers say where a form was: other sites must not leave notes in a visitor's name.
  if (![undefined, 'same-origin', 'none'].includes(request.headers['sec-fetch-site'])) return response.writeHead(403).end();
  const text = new URLSearchParams((await bodyOf(request)) ?? '').get('text')?.trim() ?? '';
  if (text === '' || text.length > 1000 || text.includes('\0')) return response.writeHead(400).end('1 to 1000 characters, please\n');
  await database.query('INSERT INTO note (text) VALUES ($1)', [text]);
  return response.writeHead(303, { location: '/' }).end();
}

async function health(response) {
  const there = await database.query('SELECT 1').then(
    () => true,
    () => false,
  );
  response.writeHead(there ? 200 : 503, { 'content-type': 'application/json' }).end(JSON.stringify({ database: there }));
}

async function answer(request, response) {
  const { pathname } = new URL(request.url, 'http://unit');
  if (request.method === 'GET' && pathname === '/health') return health(response);
  if (request.method === 'GET' && pathname === '/') return response.writeHead(200, HTML).end(await page());
  if (request.method === 'POST' && pathname === '/') return addNote(request, response);
  return response.writeHead(404).end('not found\n');
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(String(error));
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
});
server.listen(3000, '127.0.0.1');

process.on('SIGTERM', () => {
  server.close(() => database.end());
  server.closeIdleConnections();
});
