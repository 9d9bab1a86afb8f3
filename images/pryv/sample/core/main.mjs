// A sample in the place of the core. It reads the configuration of the open-source core, and answers, on PostgreSQL, what a first
// user asks of its API: to be registered (with the register first), a stream, events.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { randomBytes } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:tls';

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const CORE = config.core.id;
const DOMAIN = config.register.name.slice('reg.'.length);
const USER = /^[a-z0-9][a-z0-9-]{3,58}[a-z0-9]$/;

/** SQL with values as psql quotes them (`:'name'`); rows of one column. */
function sql(text, values = {}) {
  return new Promise((resolve, reject) => {
    // By the environment: arguments are for all to see.
    const env = { ...process.env, ...Object.fromEntries(Object.entries(values).map(([name, value]) => [`VALUE_${name}`, value])) };
    const variables = Object.keys(values).map((name) => `\\getenv ${name} VALUE_${name}\n`);
    const child = spawn('psql', ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set', 'ON_ERROR_STOP=1', 'pryv'], { env });
    let [out, error] = ['', ''];
    child.stdout.on('data', (chunk) => (out += chunk));
    child.stderr.on('data', (chunk) => (error += chunk));
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(out.trim().split('\n').filter(Boolean)) : reject(new Error(error.trim()))));
    child.stdin.end(`${variables.join('')}${text};`);
  });
}

/** A connection to a machine's web server, whoever has signed its certificate, and what that one is known by. */
function reach(host) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: 443, servername: config.register.name, rejectUnauthorized: false }, () =>
      resolve({ socket, certificate: socket.getPeerX509Certificate().fingerprint256 }),
    );
    socket.setTimeout(5000, () => socket.destroy(new Error(`${host} does not answer`)));
    socket.once('error', reject);
  });
}

/** The register has the very certificate that this machine has: the platform's. */
async function register(user) {
  const own = await reach('127.0.0.1');
  own.socket.destroy();
  const { socket, certificate } = await reach(config.register.host);
  if (certificate !== own.certificate) {
    socket.destroy();
    throw new Error('this is not the register');
  }
  const headers = { host: config.register.name, authorization: config.auth.adminAccessKey };
  const options = { createConnection: () => socket, method: 'POST', path: `/users/${user}?core=${CORE}`, headers };
  return await new Promise((resolve, reject) => {
    httpsRequest(options, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).once('error', reject).end();
  });
}

async function newUser({ username, password, appId }) {
  if (!USER.test(username) || !(password?.length >= 6) || !(appId?.length >= 6)) return refusal(400, 'invalid-parameters-format');
  const code = await register(username);
  if (code === 409) return refusal(409, 'item-already-exists');
  if (code !== 201) return refusal(502, `the register said ${code}`);
  const token = randomBytes(18).toString('hex');
  await sql("INSERT INTO users (name, token) VALUES (:'name', :'token')", { name: username, token });
  return [201, { username, apiEndpoint: `https://${token}@${username}.${DOMAIN}/` }];
}

/** What a user does with a token, by method and path. */
const DATA = {
  'POST /streams': async (owner, { id, name }) => {
    if (![id, name].every((text) => typeof text === 'string' && text !== '')) return refusal(400, 'invalid-parameters-format');
    await sql("INSERT INTO streams (owner, id, name) VALUES (:'owner', :'id', :'name')", { owner, id, name });
    return [201, { stream: { id, name } }];
  },
  'POST /events': async (owner, { streamIds: [stream] = [], type, content }) => {
    const known = await sql("SELECT 1 FROM streams WHERE owner = :'owner' AND id = :'stream'", { owner, stream: `${stream}` });
    if (known.length === 0) return refusal(400, 'unknown-referenced-resource');
    const data = JSON.stringify({ streamIds: [stream], type, content });
    const [id] = await sql("INSERT INTO events (owner, data) VALUES (:'owner', :'data') RETURNING id", { owner, data });
    return [201, { event: { id, streamIds: [stream], type, content } }];
  },
  'GET /events': async (owner) => {
    const rows = await sql("SELECT data || jsonb_build_object('id', id::text) FROM events WHERE owner = :'owner' ORDER BY id", { owner });
    return [200, { events: rows.map((row) => JSON.parse(row)) }];
  },
};

const refusal = (code, id) => [code, { error: { id } }];

async function bodyOf(request) {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > 100_000) return undefined;
  }
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function answerTo(request) {
  const { pathname } = new URL(request.url, 'http://core');
  if (pathname === '/') return [200, { cheersFrom: 'Sample core' }];
  const asked = /^\/reg\/([^/]+)\/check_username$/.exec(pathname)?.[1];
  if (asked !== undefined) return [200, { reserved: (await sql("SELECT 1 FROM users WHERE name = :'asked'", { asked })).length > 0 }];
  const body = await bodyOf(request);
  if (body === undefined) return refusal(400, 'invalid-request-structure');
  if (request.method === 'POST' && pathname === '/users') return await newUser(body);
  const name = request.headers.host?.split('.')[0] ?? '';
  const token = request.headers.authorization ?? '';
  const act = DATA[`${request.method} ${pathname}`];
  if (act === undefined) return refusal(404, 'unknown-resource');
  const known = await sql("SELECT 1 FROM users WHERE name = :'name' AND token = :'token'", { name, token });
  return known.length === 0 ? refusal(403, 'invalid-access-token') : await act(name, body);
}

const TABLES = `SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS users (name text PRIMARY KEY, token text NOT NULL);
CREATE TABLE IF NOT EXISTS streams (owner text REFERENCES users, id text, name text NOT NULL, PRIMARY KEY (owner, id));
CREATE TABLE IF NOT EXISTS events (id serial PRIMARY KEY, owner text REFERENCES users, data jsonb NOT NULL);`;

await sql(TABLES);
createServer(async (request, response) => {
  const [code, data] = await answerTo(request).catch((error) => refusal(500, error.message));
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ meta: { apiVersion: 'sample', serverTime: Date.now() / 1000 }, ...data }));
}).listen(config.http.port, config.http.ip);
