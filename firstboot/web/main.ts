#!/usr/bin/node
/** The process edge of the setup page: sockets, certificate, signals. It has no rights; all that needs some, the helper does. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { HELPER_SOCKET } from '../contract/helper.ts';
import { UNIT_PATHS } from '../contract/unit.ts';
import { createApp } from './app.ts';
import { helperAt } from './helper-client.ts';
import { Servers } from './servers.ts';
import { Sessions } from './session.ts';
import { addressOf, SOCKET_NAMES, type Sockets, socketsOf } from './sockets.ts';

const text = { type: 'string' } as const;
const several = { type: 'string', multiple: true, default: [] as string[] } as const;
const { values: options } = parseArgs({
  options: {
    http: several,
    https: several,
    'https-later': several,
    cert: text,
    key: text,
    helper: { ...text, default: HELPER_SOCKET },
    state: text,
    lib: { ...text, default: UNIT_PATHS.lib },
  },
});

const { env } = process;
const sockets: Sockets = socketsOf(env, process.pid);
for (const name of SOCKET_NAMES) sockets[name].push(...options[name].map(addressOf));
const state = options.state ?? env['STATE_DIRECTORY'];
if (state === undefined) throw new Error('give a folder for the session: --state, or StateDirectory= of the service');
// LoadCredential= of the service brings what only root can read (systemd.exec(5)).
const tlsFolder = env['CREDENTIALS_DIRECTORY'] ?? '/run/unit/setup/tls';
const tls = {
  cert: readFileSync(options.cert ?? join(tlsFolder, 'certificate.pem'), 'utf8'),
  key: readFileSync(options.key ?? join(tlsFolder, 'key.pem'), 'utf8'),
};

const app = await createApp({
  helper: helperAt(options.helper),
  sessions: new Sessions(state),
  lib: options.lib,
  laterPort: () => servers.port('https-later'),
  log: (line) => process.stderr.write(`${line}\n`),
});
const servers = new Servers({ sockets, tls, listener: app.listener, names: () => app.site.statuses.names() });
// At once: files are written whole or not at all, and connections that are half open would be waited for.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(0));

// What systemd hands over is the page's: it closes the sockets of a product's ports before a run starts the product.
await servers.listen();
