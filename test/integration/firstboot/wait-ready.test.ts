import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const SCRIPT = join(import.meta.dirname, '../../../firstboot/system/wait-ready');

interface Result {
  code: number | null;
  stderr: string;
}

function waitReady(args: string[], path = ''): Promise<Result> {
  const child = spawn(SCRIPT, args, { env: { PATH: `${path}:${process.env['PATH']}` }, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stderr })));
}

let folder: string;
let server: Server;
let port: number;
let hits = 0;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unit-wait-'));
  server = createServer((request, response) => {
    hits += 1;
    if (request.url === '/late' && hits < 3) response.statusCode = 503;
    if (request.url === '/hang') return;
    response.end(`hello ${request.headers.host}\n500`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('wait-ready', () => {
  test('tcp, http, command that are as they should be', async () => {
    expect(await waitReady(['tcp', `127.0.0.1:${port}`, '5'])).toEqual({ code: 0, stderr: '' });
    expect(
      await waitReady(['http', `http://127.0.0.1:${port}/`, '200', '5', '--host', 'shop.example', '--contains', 'hello shop.example']),
    ).toEqual({ code: 0, stderr: '' });
    expect(await waitReady(['command', '5', '--', 'test', 'a b', '=', 'a b'])).toEqual({ code: 0, stderr: '' });
  });

  test('asks again until it is so', async () => {
    hits = 0;
    expect((await waitReady(['http', `http://127.0.0.1:${port}/late`, '200', '10'])).code).toBe(0);
    expect(hits).toBe(3);
  });

  test('a port that opens late, on IPv6 too', async () => {
    const late = createTcpServer((socket) => socket.end());
    const free = createTcpServer();
    await new Promise<void>((resolve) => free.listen(0, '::1', resolve));
    const { port: number } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const waiting = waitReady(['tcp', `[::1]:${number}`, '10']);
    setTimeout(() => late.listen(number, '::1'), 500);
    expect(await waiting).toEqual({ code: 0, stderr: '' });
    late.close();
  });

  test.each<[string, () => string[], RegExp]>([
    ['nobody listens', () => ['tcp', '127.0.0.1:1', '1'], /tcp 127\.0\.0\.1:1 is not ready after \d+ s; last seen: .*refused/],
    ['another status', () => ['http', `http://127.0.0.1:${port}/`, '302', '1'], /last seen: status 200 instead of 302: hello/],
    ['another body', () => ['http', `http://127.0.0.1:${port}/`, '200', '1', '--contains', 'bye'], /does not contain the expected text/],
    ['no answer', () => ['--once', 'http', `http://127.0.0.1:${port}/hang`, '200', '1'], /timed out/i],
    [
      'a command that fails',
      () => ['--once', 'command', '5', '--', 'sh', '-c', 'echo why; echo more >&2; exit 7'],
      /exit code 7: why more/,
    ],
    ['a command that hangs', () => ['--once', 'command', '1', '--', 'sleep', '60'], /exit code 124: no end in 1 s/],
    ['a long message', () => ['--once', 'command', '5', '--', 'sh', '-c', 'yes | head -n 5000; exit 1'], /^.{200,400}\n$/],
  ])('%s: fails in time and says what was last seen', async (_, args, message) => {
    const { code, stderr } = await waitReady(args());
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  });

  test('a program that is not there, or may not be run, is not waited for', async () => {
    const data = join(folder, 'data');
    writeFileSync(data, 'no program');
    const began = Date.now();
    for (const program of [data, join(folder, 'missing')]) {
      const { code, stderr } = await waitReady(['command', '60', '--', program]);
      expect(stderr).toMatch(/exit code 12[67]: .*(Permission denied|No such file)/);
      expect(code).toBe(1);
    }
    expect(Date.now() - began).toBeLessThan(20_000);
  });

  test('systemd units: active, not active, and a failed one ends the waiting at once', async () => {
    writeFileSync(
      join(folder, 'systemctl'),
      `#!/bin/sh\ncase "$1 $4" in "is-active a.service") exit 0;; "is-failed bad.service") exit 0;; show*) echo inactive; echo dead;; esac\nexit 1\n`,
      { mode: 0o755 },
    );
    expect((await waitReady(['unit', 'a.service', '1'], folder)).code).toBe(0);
    const inactive = await waitReady(['--once', 'unit', 'b.service', '1'], folder);
    expect(inactive).toMatchObject({ code: 1, stderr: expect.stringContaining('b.service is inactive dead') });
    const began = Date.now();
    const failed = await waitReady(['--fails-with', 'bad.service', 'tcp', '127.0.0.1:1', '60'], folder);
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('bad.service has failed') });
    expect(Date.now() - began).toBeLessThan(10_000);
    const some = await waitReady(['--once', 'units', 'a.service', 'b.service'], folder);
    expect(some).toMatchObject({ code: 1, stderr: expect.stringContaining('not active: b.service') });
  });

  test.each([
    [[]],
    [['tcp', 'x', '1']],
    [['tcp', 'x:1', 'soon']],
    [['http', 'ftp://x', '200', '1']],
    [['command', '1', 'true']],
    [['units', 'a']],
    [['other']],
  ])('%j is a wrong call', async (args) => expect((await waitReady(args as string[])).code).toBe(2));
});
