/** The bundle as systemd starts it: sockets and certificate handed over, a state folder, and little memory. */
import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';

import { buildBundle, CHECKOUT } from '../../../helpers/cli-bundle.ts';
import { EVERY_CONTROL } from './every-control.ts';
import { FakeHelper } from './fake-helper.ts';
import { certificate, type Lab, Visitor } from './lab.ts';

/** Megabytes (issue of first boot: numbers). */
const MOST_MEMORY = 90;

beforeAll(buildBundle, 120_000);

/** A socket that listens and is answered by nobody here. */
async function socket(): Promise<{ server: Server; fd: number; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
  return { server, fd, port: (server.address() as { port: number }).port };
}

it('takes sockets and certificate from systemd, stays small, and ends when asked to', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'process-'));
  const helper = new FakeHelper({ productSchema: EVERY_CONTROL });
  await helper.listen(join(folder, 'helper.sock'));
  const files = await certificate();
  copyFileSync(join(files, 'cert.pem'), join(folder, 'certificate.pem'));
  copyFileSync(join(files, 'key.pem'), join(folder, 'key.pem'));
  const sockets = [await socket(), await socket(), await socket()];
  const [https, http, later] = sockets.map(({ port }) => port);
  const bundle = join(CHECKOUT, 'dist', 'firstboot', 'setup.mjs');
  const child = spawn('/bin/sh', ['-c', `LISTEN_PID=$$ exec "${process.execPath}" "${bundle}" --helper "${folder}/helper.sock"`], {
    env: { LISTEN_FDS: '3', LISTEN_FDNAMES: 'https:http:https-later', STATE_DIRECTORY: folder, CREDENTIALS_DIRECTORY: folder },
    stdio: ['ignore', 'inherit', 'inherit', ...sockets.map(({ fd }) => fd)],
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  // From now on the child alone answers.
  for (const { server } of sockets) server.close();
  try {
    const visitor = new Visitor({ helper, https, later, http } as unknown as Lab);
    await expect
      .poll(
        () =>
          visitor.ask('/.well-known/unit-health').then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 20_000 },
      )
      .toBe(200);
    const memory = (): number => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024;
    expect(memory()).toBeLessThan(MOST_MEMORY);
    await visitor.claim();
    for (const path of ['/section/product', '/section/administrator', '/review']) expect((await visitor.open(path)).status).toBe(200);
    process.stdout.write(`memory of the setup page after a few pages: ${memory().toFixed(0)} MB\n`);
    expect((await visitor.ask('/x', { port: http ?? 0, plain: true })).headers.location).toBe(`https://127.0.0.1:${https}/x`);
    expect((await visitor.ask('/claim', { port: later ?? 0 })).status).toBe(303);
  } finally {
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    await helper.close();
  }
});
