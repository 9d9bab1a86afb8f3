#!/usr/bin/node
/** The process edge of the leader's server. It has no rights: root lays out what it gives away. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { CLUSTER_PATHS, CLUSTER_PORT } from '../../contract/cluster.ts';
import { ClusterApp } from './app.ts';
import { clusterServer } from './server.ts';
import { Store } from './store.ts';

const text = { type: 'string' } as const;
const { values: options } = parseArgs({
  options: {
    port: { ...text, default: String(CLUSTER_PORT) },
    host: text,
    folder: { ...text, default: CLUSTER_PATHS.folder },
    state: text,
    cert: text,
    key: text,
  },
});
const { env } = process;
const state = options.state ?? env['STATE_DIRECTORY'] ?? CLUSTER_PATHS.serverState;
// LoadCredential= of the service brings what only root can read (systemd.exec(5)).
const credentials = env['CREDENTIALS_DIRECTORY'] ?? options.folder;
const tls = {
  cert: readFileSync(options.cert ?? join(credentials, 'leader.pem')),
  key: readFileSync(options.key ?? join(credentials, 'leader.key')),
};
const log = (line: string): void => void process.stderr.write(`${line}\n`);

const store = new Store({ folder: options.folder, state });
await store.open();
const app = new ClusterApp(store, log);
app.watch();
const server = clusterServer(tls, app.listener);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(0));
server.listen(Number(options.port), options.host, () => {
  const address = server.address();
  log(`listening on port ${typeof address === 'object' ? address?.port : address}`);
});
