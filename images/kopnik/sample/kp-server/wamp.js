// As much of WAMP (wamp-proto.org, basic profile, JSON over WebSocket) as this sample needs: procedures and events.
const { WebSocket } = require('ws');

const WELCOME = 2;
const GOODBYE = 6;
const PUBLISH = 16;
const REGISTER = 64;
const REGISTERED = 65;
const INVOCATION = 68;
const YIELD = 70;
const ERROR = 8;

/** Joins a realm and registers `procedures`; resolves when all are. `closed` resolves when the router is gone. */
function joinRealm(url, realm, procedures) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, 'wamp.2.json', { handshakeTimeout: 3000 });
    const send = (...message) => socket.send(JSON.stringify(message));
    const names = Object.keys(procedures);
    const registered = new Map();
    const closed = new Promise((done) => socket.on('close', done));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the router closed the connection')));
    socket.on('open', () => send(1, realm, { roles: { callee: {}, publisher: {} } }));
    socket.on('message', async (data) => {
      const [type, ...rest] = JSON.parse(data);
      if (type === WELCOME) for (const [index, name] of names.entries()) send(REGISTER, index + 1, {}, name);
      if (type === REGISTERED) {
        registered.set(rest[1], procedures[names[rest[0] - 1]]);
        if (registered.size === names.length) resolve({ closed, publish: (topic, args) => send(PUBLISH, Date.now(), {}, topic, args) });
      }
      if (type === INVOCATION) {
        const [request, registration, , args = []] = rest;
        try {
          send(YIELD, request, {}, [await registered.get(registration)(args)]);
        } catch (error) {
          send(ERROR, INVOCATION, request, {}, 'org.kopnik.error', [error.message]);
        }
      }
      if (type === GOODBYE || type === ERROR) socket.close();
    });
  });
}

module.exports = { joinRealm };
