// A sample in the place of the core: users with events in PostgreSQL; a new user is registered with the register first.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { X509Certificate } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:tls';

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const CORE = 'co1';

/** SQL with values as psql quotes them (`:'name'`); rows of one column. */
function sql(text, values = {}) {
  return new Promise((resolve, reject) => {
    const variables = Object.entries(values).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
    const child = spawn('psql', ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set', 'ON_ERROR_STOP=1', ...variables, 'pryv']);
    let [out, error] = ['', ''];
    child.stdout.on('data', (chunk) => (out += chunk));
    child.stderr.on('data', (chunk) => (error += chunk));
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(out.trim().split('\n').filter(Boolean)) : reject(new Error(error.trim()))));
    child.stdin.end(text);
  });
}

/** The register has the very certificate that this core has: the platform's. */
function register(user) {
  const own = new X509Certificate(readFileSync(config.register.certificate)).fingerprint256;
  return new Promise((resolve, reject) => {
    const socket = connect({ host: config.register.host, port: 443, servername: config.register.name, rejectUnauthorized: false }, () => {
      if (socket.getPeerX509Certificate()?.fingerprint256 !== own) return socket.destroy(new Error('this is not the register'));
      const headers = { host: config.register.name, authorization: config.systemKey };
      const options = { createConnection: () => socket, method: 'POST', path: `/users/${user}?core=${CORE}`, headers };
      httpsRequest(options, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).once('error', reject).end();
    });
    socket.setTimeout(5000, () => socket.destroy(new Error('the register does not answer')));
    socket.once('error', reject);
  });
}

async function handle(request, answer) {
  const url = new URL(request.url, 'http://core');
  if (url.pathname === '/health') return answer(200, { database: (await sql('SELECT 1'))[0] === '1', hosting: config.hosting });
  const made = /^\/users\/([a-z0-9-]{3,60})$/.exec(url.pathname)?.[1];
  if (made !== undefined && request.method === 'POST') {
    const code = await register(made);
    if (code !== 201) return answer(code === 409 ? 409 : 502, { error: `the register said ${code}` });
    await sql("INSERT INTO users (name) VALUES (:'name')", { name: made });
    return answer(201, { user: made, api: `https://${made}.${config.domain}/` });
  }
  const user = request.headers.host?.split('.')[0] ?? '';
  if (url.pathname !== '/events') return answer(404, { error: 'there is nothing here' });
  if ((await sql("SELECT 1 FROM users WHERE name = :'name'", { name: user })).length === 0) return answer(404, { error: 'no such user here' });
  if (request.method === 'GET') return answer(200, { events: await sql("SELECT content FROM events WHERE owner = :'name' ORDER BY id", { name: user }) });
  let content = '';
  for await (const chunk of request) content += chunk;
  await sql("INSERT INTO events (owner, content) VALUES (:'name', :'content')", { name: user, content: content.slice(0, 10000).replaceAll('\n', ' ') });
  return answer(201, {});
}

await sql('SET client_min_messages = warning; CREATE TABLE IF NOT EXISTS users (name text PRIMARY KEY); CREATE TABLE IF NOT EXISTS events (id serial PRIMARY KEY, owner text REFERENCES users, content text)');
createServer((request, response) => {
  const answer = (code, data) => {
    response.writeHead(code, { 'content-type': 'application/json' });
    response.end(JSON.stringify(data));
  };
  handle(request, answer).catch((error) => answer(500, { error: error.message }));
}).listen(config.http.port, config.http.host);
