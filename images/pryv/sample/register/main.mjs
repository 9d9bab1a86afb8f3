// A sample in the place of the register: users and their cores in Redis, over HTTP and by DNS.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { startDns } from './dns.mjs';

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));

/** One command of Redis (RESP 2) after the password; answers of one line and bulk strings. */
function redis(...words) {
  return new Promise((resolve, reject) => {
    const socket = connect(config.redis.port, config.redis.host);
    let [text, known] = ['', false];
    socket.setTimeout(3000, () => socket.destroy(new Error('Redis does not answer')));
    socket.once('error', reject);
    socket.on('data', (chunk) => {
      text += chunk;
      if (!known && text.startsWith('+OK\r\n')) [known, text] = [true, text.slice(5)];
      if (text === '') return;
      const bulk = /^\$(-?\d+)\r\n/.exec(text);
      if (bulk === null ? !text.endsWith('\r\n') : Number(bulk[1]) >= 0 && text.length < bulk[0].length + Number(bulk[1]) + 2) return;
      socket.destroy();
      if (text[0] === '-') reject(new Error(text.slice(1).trim()));
      else if (bulk === null) resolve(text.slice(1).trim());
      else resolve(Number(bulk[1]) < 0 ? undefined : text.slice(bulk[0].length, bulk[0].length + Number(bulk[1])));
    });
    socket.write(command('AUTH', config.redis.password) + command(...words));
  });
}

function command(...words) {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

/** Each hosting, with the first core that it has. */
function hostings() {
  const cores = Object.entries(config.hostings).filter(([core]) => config.addresses[core]).reverse();
  return Object.fromEntries(
    cores.map(([core, hosting]) => [hosting || core, { available: true, availableCore: `https://${core}.${config.domain}/` }]),
  );
}

/** Of a second register: whether its copy follows the first one's names. */
async function replica() {
  return config.master === undefined ? {} : { replica: /^master_link_status:(\w+)/m.exec(await redis('INFO', 'replication'))?.[1] };
}

const server = createServer((request, response) => {
  const answer = (code, data) => {
    response.writeHead(code, { 'content-type': 'application/json' });
    response.end(JSON.stringify(data));
  };
  handle(request, answer).catch((error) => answer(500, { error: error.message }));
});

async function handle(request, answer) {
  const { pathname } = new URL(request.url, 'http://register');
  if (pathname === '/health') return answer(200, { names: (await redis('PING')) === 'PONG', ...(await replica()) });
  if (pathname === '/service/info') return answer(200, config.serviceInfo);
  if (pathname === '/hostings') return answer(200, { regions: { platform: { zones: { platform: { hostings: hostings() } } } } });
  const user = /^\/users\/([a-z0-9-]{3,60})$/.exec(pathname)?.[1];
  if (user === undefined) return answer(404, { error: 'there is nothing here' });
  if (request.method === 'GET') {
    const core = await redis('GET', `user:${user}`);
    return core === undefined ? answer(404, { error: 'no such user' }) : answer(200, { user, core });
  }
  if (config.master !== undefined) return answer(405, { error: `users are registered at ${config.master}` });
  if (request.headers.authorization !== config.systemKey) return answer(403, { error: 'only cores register users' });
  const core = new URL(request.url, 'http://register').searchParams.get('core');
  if (!Object.hasOwn(config.hostings, core) || !config.addresses[core]) return answer(400, { error: `the platform has no core ${core}` });
  const set = await redis('SET', `user:${user}`, core, 'NX');
  return set === 'OK' ? answer(201, { user, core }) : answer(409, { error: 'this name is taken' });
}

server.listen(config.http.port, config.http.host);
startDns(config, (user) => redis('GET', `user:${user}`));
