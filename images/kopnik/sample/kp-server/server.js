// A sample in the place of kp-server. It speaks to everything that the stack has: Crossbar by WAMP, PostgreSQL, the mail
// server, and takes files. What is not there yet is tried again: Swarm starts all at once.
const { randomUUID } = require('node:crypto');
const { createWriteStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync } = require('node:fs');
const { createServer } = require('node:http');
const { basename, join } = require('node:path');
const { pipeline } = require('node:stream/promises');
const { setTimeout: wait } = require('node:timers/promises');
const { createTransport } = require('nodemailer');
const { Pool } = require('pg');

const { joinRealm } = require('./wamp.js');

const UPLOAD = join(__dirname, 'upload');
const { env } = process;
const password = readFileSync(env.PGPASSWORD_FILE, 'utf8').trim();
const database = new Pool({ password, connectionTimeoutMillis: 3000 });
database.on('error', (error) => console.error(`database: ${error.message}`));
const mail = createTransport({ host: env.SMTP_HOST, port: 25, ignoreTLS: true });
let router;

async function untilDone(what, work) {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      console.error(`${what}: ${error.message}; trying again`);
      await wait(2000);
    }
  }
}

async function makeTables() {
  await database.query('create table if not exists message (id bigserial primary key, text text not null, at timestamptz default now())');
}

/** The procedure that clients call by Crossbar: a message into the database, an event for everybody, and how many there are. */
async function say([text]) {
  await database.query('insert into message (text) values ($1)', [String(text)]);
  const { rows } = await database.query('select count(*)::int as count from message');
  router.publish('org.kopnik.said', [String(text), rows[0].count]);
  return rows[0].count;
}

async function stayInRealm() {
  for (;;) {
    router = await untilDone('crossbar', () => joinRealm(env.CROSSBAR_URL, env.CROSSBAR_REALM, { 'org.kopnik.say': say }));
    console.log('in the realm');
    await router.closed;
    router = undefined;
  }
}

async function health() {
  const { rows } = await database.query("select current_setting('max_connections') as max_connections, version() as version");
  return { database: rows[0], crossbar: router !== undefined, mail: await mail.verify() };
}

async function body(request) {
  let text = '';
  for await (const part of request) text += part;
  return JSON.parse(text);
}

const ROUTES = {
  'GET /api/health': async () => health(),
  'GET /api/settings': async () => (await database.query('select name, setting, unit from pg_settings')).rows,
  'GET /api/messages': async () => (await database.query('select text from message order by id')).rows.map(({ text }) => text),
  'POST /api/mail': async (request) => {
    const { subject, text } = await body(request);
    // To its own address alone: nobody is to send mail to others through a unit that tries a sample.
    const { response } = await mail.sendMail({ from: env.SMTP_FROM, to: env.SMTP_FROM, subject, text });
    return { response };
  },
};

/** Whole or not at all: an upload that is cut off leaves nothing. */
async function keep(request, name) {
  const part = join(UPLOAD, `.${randomUUID()}`);
  try {
    await pipeline(request, createWriteStream(part));
    renameSync(part, join(UPLOAD, name));
  } finally {
    rmSync(part, { force: true });
  }
  return { name };
}

async function answer(request, response) {
  const { pathname } = new URL(request.url, 'http://server');
  if (request.method === 'PUT' && pathname.startsWith('/api/upload/')) {
    return await keep(request, basename(decodeURIComponent(pathname)));
  }
  if (request.method === 'GET' && pathname.startsWith('/api/upload/')) {
    const file = join(UPLOAD, basename(decodeURIComponent(pathname)));
    if (!existsSync(file)) return undefined;
    // What anybody may have put there is shown by no browser.
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'x-content-type-options': 'nosniff' });
    response.end(readFileSync(file));
    return null;
  }
  return ROUTES[`${request.method} ${pathname}`]?.(request);
}

async function main() {
  mkdirSync(UPLOAD, { recursive: true });
  await untilDone('database', makeTables);
  void stayInRealm();
  createServer(async (request, response) => {
    try {
      const data = await answer(request, response);
      if (data === null) return;
      response.statusCode = data === undefined ? 404 : 200;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(data ?? { error: 'there is no such thing' }));
    } catch (error) {
      response.statusCode = 503;
      response.end(JSON.stringify({ error: error.message }));
    }
  }).listen(Number(env.PORT ?? 80));
  process.on('SIGTERM', () => process.exit(0));
}

void main();
