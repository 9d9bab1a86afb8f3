/** An authority of one's own: Pebble, with a DNS that says what a test wants, on loopback and ports of the moment. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { until } from '../../../helpers/once.ts';

/** Programs of Debian's packages lego and pebble, which test/tools.mjs installs. */
export const MISSING = ['lego', 'pebble', 'pebble-challtestsrv'].filter((program) => spawnSync('which', [program]).status !== 0);

export const EAB = { keyId: 'kid-1', hmacKey: 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W' };

export interface Authority {
  directory: string;
  /** PEM of the root of the directory's own certificate. */
  roots: string;
  /** Where it asks for proofs. */
  httpPort: number;
  /** The address that its DNS gives for a name; none where empty. */
  name(host: string, address: string): Promise<void>;
  /** Root of the certificates that it gives, PEM. */
  root(): Promise<string>;
  stop(): Promise<void>;
}

/** @param options.addresses others than loopback's by which its directory is reached */
export async function startAuthority(options: { binding?: boolean; addresses?: readonly string[] } = {}): Promise<Authority> {
  const folder = mkdtempSync(join(tmpdir(), 'unit-pebble-'));
  const [acme, management, http, tls, dns, dnsManagement] = (await freePorts(6)) as [number, number, number, number, number, number];
  makeServerCertificate(folder, options.addresses ?? []);
  const pebble = {
    listenAddress: `127.0.0.1:${acme}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: join(folder, 'server.pem'),
    privateKey: join(folder, 'server.key'),
    httpPort: http,
    tlsPort: tls,
    externalAccountBindingRequired: options.binding === true,
    externalAccountMACKeys: options.binding === true ? { [EAB.keyId]: EAB.hmacKey } : {},
  };
  writeFileSync(join(folder, 'pebble.json'), JSON.stringify({ pebble }));
  const names = start('pebble-challtestsrv', [
    ...['-dns01', `127.0.0.1:${dns}`, '-management', `127.0.0.1:${dnsManagement}`, '-http01', '', '-https01', '', '-tlsalpn01', ''],
    ...['-defaultIPv4', '127.0.0.1', '-defaultIPv6', ''],
  ]);
  // Nonces turned down and proofs kept from order to order are the rule: a client must bear them, a test says which it means.
  const env = { PEBBLE_VA_NOSLEEP: '1', PEBBLE_AUTHZREUSE: '0', PEBBLE_WFE_NONCEREJECT: '20' };
  const server = start('pebble', ['-config', join(folder, 'pebble.json'), '-dnsserver', `127.0.0.1:${dns}`], env);
  await until(() => /ACME directory available/.test(server.output()), 'Pebble');
  await until(() => /Starting challenge servers/.test(names.output()), "Pebble's DNS");
  return {
    directory: `https://localhost:${acme}/dir`,
    roots: readFileSync(join(folder, 'root.pem'), 'utf8'),
    httpPort: http,
    name: async (host, address) => {
      const request = address === '' ? ['clear-a', { host }] : ['add-a', { host, addresses: [address] }];
      const { ok } = await fetch(`http://127.0.0.1:${dnsManagement}/${String(request[0])}`, {
        method: 'POST',
        body: JSON.stringify(request[1]),
      });
      if (!ok) throw new Error(`the DNS does not take ${host}`);
    },
    root: async () => execFileSync('curl', ['--silent', '--insecure', `https://127.0.0.1:${management}/roots/0`], { encoding: 'utf8' }),
    stop: async () => {
      await Promise.all([server.stop(), names.stop()]);
    },
  };
}

interface Started {
  output(): string;
  stop(): Promise<void>;
}

function start(program: string, args: string[], env: Record<string, string> = {}): Started {
  const child: ChildProcess = spawn(program, args, { env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    output: () => output,
    stop: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

/** The directory's own certificate, by a root that nobody else knows. */
function makeServerCertificate(folder: string, addresses: readonly string[]): void {
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  openssl('req', '-x509', ...ec, '-keyout', 'root.key', '-out', 'root.pem', '-days', '2', '-subj', '/CN=Directory root');
  openssl('req', '-new', ...ec, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost');
  const names = ['DNS:localhost', ...['127.0.0.1', ...addresses].map((address) => `IP:${address}`)];
  writeFileSync(join(folder, 'names'), `subjectAltName=${names.join(',')}\n`);
  const by = ['-CA', 'root.pem', '-CAkey', 'root.key', '-set_serial', '1', '-days', '2', '-extfile', 'names'];
  openssl('x509', '-req', '-in', 'server.csr', ...by, '-out', 'server.pem');
}

/** Ports that are free now; all at once, so that they differ. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
