import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';

import { imageFile } from './image.ts';

interface Asked {
  request: string;
  credential: string | undefined;
  body: string;
}

let core: Server | undefined;
afterEach(() => core?.close());

/** A core that has what `there` says, and the step with all that it touches in a folder of its own. */
async function unit(there: (request: string) => number, systemctl = 'exit 0') {
  const folder = mkdtempSync(join(tmpdir(), 'unitsmith-administrator-'));
  const at = (name: string): string => join(folder, name);
  const asked: Asked[] = [];
  core = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const name = `${request.method} ${request.headers.host}${request.url}`;
      asked.push({
        request: name,
        credential: request.headers['x-personium-credential'] as string | undefined,
        body: Buffer.concat(chunks).toString(),
      });
      response.writeHead(there(name)).end();
    });
  });
  await once(core.listen(0, '127.0.0.1'), 'listening');
  writeFileSync(at('password'), 'a-password');
  writeFileSync(
    at('systemctl'),
    `#!/bin/sh\necho "$1 $([ -e ${at('run/token')} ] && echo with a token)" >>${at('orders')}\n${systemctl}\n`,
  );
  chmodSync(at('systemctl'), 0o755);
  const script = imageFile('apply.d/20-unit-administrator')
    .replace('/run/personium-bootstrap', at('run'))
    .replace('/var/lib/personium/unit-administrator', at('made'))
    .replace('18888', String((core.address() as AddressInfo).port))
    .replaceAll('"systemctl"', `"${at('systemctl')}"`)
    .replaceAll(/shutil\.chown\(.*\)/g, 'pass');
  const start = (verb: string) => {
    const child = spawn('python3', ['-c', script, verb]);
    child.stdin.end(
      JSON.stringify({
        settings: { domain: { name: 'unit.example.org' }, product: { cellUrls: 'host' } },
        secrets: { unitadmin: at('password') },
      }),
    );
    return child;
  };
  const run = async (verb: string): Promise<number> => (await once(start(verb), 'close'))[0] as number;
  return { asked, at, run, start, orders: () => readFileSync(at('orders'), 'utf8') };
}

/** As core answers where nothing is there yet. */
const fresh = (request: string): number => {
  if (request.includes('__token')) return 200;
  return request.includes('$links') ? 204 : 201;
};
const ACCOUNT = "unitadmin.unit.example.org/personium-core/__ctl/Account('unitadmin')";

describe('the unit administrator', () => {
  it('is made once, by a Tomcat that knows a master token and is stopped again', async () => {
    const { asked, at, run, orders } = await unit(fresh);
    expect(await run('check')).toBe(1);
    expect(await run('apply')).toBe(0);
    expect(await run('check')).toBe(0);
    expect(asked.map(({ request }) => request).filter((request) => request.startsWith('PUT'))).toEqual([]);
    expect(asked.at(-1)?.body).toContain('password=a-password');
    expect(orders()).toBe('reset-failed with a token\nrestart with a token\nstop \n');
    expect(existsSync(at('run'))).toBe(false);
  });

  it('has the password of now, where a run that was cut off made the account with another', async () => {
    const { asked, run } = await unit((request) => {
      if (request.includes('__token')) return 200;
      return request.startsWith('PUT') ? 204 : 409;
    });
    expect(await run('apply')).toBe(0);
    expect(asked).toContainEqual({ request: `PUT ${ACCOUNT}`, credential: 'a-password', body: '{"Name": "unitadmin"}' });
  });

  it('is not there where core refuses; nothing of the token is left', async () => {
    const { at, run, orders } = await unit((request) => (request.includes('__token') ? 400 : fresh(request)));
    expect(await run('apply')).toBe(2);
    expect([existsSync(at('made')), existsSync(at('run'))]).toEqual([false, false]);
    expect(orders()).toContain('stop \n');
  });

  it('leaves nothing of the token where the step is ended before its time', async () => {
    const { at, start, orders } = await unit(fresh, '[ "$1" != restart ] || exec sleep 60');
    const step = start('apply');
    const ended = once(step, 'close');
    while (!(existsSync(at('orders')) && orders().includes('restart'))) await sleep(20);
    expect(existsSync(at('run/token'))).toBe(true);
    step.kill('SIGTERM');
    expect((await ended)[0]).toBe(143);
    expect([existsSync(at('made')), existsSync(at('run'))]).toEqual([false, false]);
    expect(orders()).toContain('stop \n');
  });
});
