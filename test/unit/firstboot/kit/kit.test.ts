import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { Interrupted, ProgramError } from '../../../../firstboot/kit/errors.ts';
import { writeFileAtomic } from '../../../../firstboot/kit/files.ts';
import { lock } from '../../../../firstboot/kit/lock.ts';
import { runProgram } from '../../../../firstboot/kit/process.ts';
import { Scrubber } from '../../../../firstboot/kit/scrubber.ts';
import { parsePasswd, System, setprivArguments } from '../../../../firstboot/kit/system.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unit-kit-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const controller = (): AbortController => new AbortController();
const around = (signal = controller().signal) => ({ path: process.env['PATH'] ?? '', signal });

describe('processes', () => {
  test('input, output, lines and exit code', async () => {
    const lines: string[] = [];
    const result = await runProgram(around(), 'sh', ['-c', 'cat; echo e >&2; exit 3'], {
      input: 'a\nb\n',
      okExitCodes: [3],
      onLine: (line) => lines.push(line),
    });
    expect(result).toEqual({ exitCode: 3, stdout: 'a\nb', stderr: 'e' });
    expect(lines.sort()).toEqual(['a', 'b', 'e']);
  });

  test('output is data, whatever it takes for a line break', async () => {
    const data = 'a\u2028b\rc\u2029é\r\nd';
    expect((await runProgram(around(), 'cat', [], { input: `${data}\n` })).stdout).toBe(data);
  });

  test('nothing of our environment goes along', async () => {
    const { stdout } = await runProgram(around(), 'env', [], { env: { A: '1' } });
    expect(
      stdout
        .split('\n')
        .map((line) => line.split('=')[0])
        .sort(),
    ).toEqual(['A', 'HOME', 'LANG', 'PATH']);
  });

  test('a program that does not read a large input is judged by its exit code', async () => {
    expect((await runProgram(around(), 'true', [], { input: 'x'.repeat(1 << 20) })).exitCode).toBe(0);
  });

  test('failures', async () => {
    await expect(runProgram(around(), 'no-such-program', [])).rejects.toThrow('no-such-program is not installed');
    await expect(runProgram(around(), 'sh', ['-c', 'echo why >&2; exit 4'])).rejects.toThrow('sh failed with exit code 4: why');
    const late = runProgram(around(), 'sh', ['-c', 'sleep 60 & wait'], { timeout: 0.2 });
    await expect(late).rejects.toMatchObject({ failure: { timedOut: true } });
    await expect(late).rejects.toBeInstanceOf(ProgramError);
  });

  test('a signal ends the whole group', async () => {
    const abort = controller();
    const running = runProgram(around(abort.signal), 'sh', ['-c', `sleep 60 & echo $! >${folder}/pid; wait`]);
    await expect.poll(() => existsSync(join(folder, 'pid')) && readFileSync(join(folder, 'pid'), 'utf8') !== '').toBe(true);
    abort.abort(new Interrupted('SIGTERM'));
    await expect(running).rejects.toBeInstanceOf(Interrupted);
    const pid = readFileSync(join(folder, 'pid'), 'utf8').trim();
    await expect.poll(() => existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z')).toBe(false);
  });
});

test('files appear whole, with their mode, and leave nothing beside them', async () => {
  const path = join(folder, 'a', 'b');
  await writeFileAtomic(path, 'one', { mode: 0o600 });
  await writeFileAtomic(path, 'two', { mode: 0o666 });
  expect(readFileSync(path, 'utf8')).toBe('two');
  expect(statSync(path).mode & 0o777).toBe(0o666);
  await expect(writeFileAtomic(folder, 'x')).rejects.toThrow();
  expect(readdirSync(join(folder, 'a'))).toEqual(['b']);
  expect(readdirSync(join(folder, '..')).filter((name) => name.endsWith('.partial'))).toEqual([]);
});

test('what a killed process, or another boot, had of a file goes with the next one that is written', async () => {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
  const { pid: ended } = spawnSync('true');
  const abandoned = [`.key.${boot}.${ended}.0123abcd.partial`, `.key.00000000.${process.pid}.0123abcd.partial`];
  const others = [`.key.${boot}.${process.pid}.0123abcd.partial`, `.other.${boot}.${ended}.0123abcd.partial`, '.key.partial'];
  for (const name of [...abandoned, ...others]) writeFileSync(join(folder, name), 'secret');
  await writeFileAtomic(join(folder, 'key'), 'x');
  expect(readdirSync(folder).sort()).toEqual([...others, 'key'].sort());
});

test('a lock is held once, and free after its release', async () => {
  const system = new System({ root: folder, ...around() });
  const held = await lock(system, '/run/x.lock');
  await expect(lock(system, '/run/x.lock')).rejects.toMatchObject({ exitCode: 5 });
  await held.release();
  await (await lock(system, '/run/x.lock')).release();
});

test('secrets are masked in all their forms', () => {
  const scrubber = new Scrubber();
  scrubber.register(`a "b" 'c' é`);
  scrubber.register('line one\nline two');
  scrubber.register('abc');
  for (const leak of [
    `a "b" 'c' é`,
    `a \\"b\\" 'c' é`,
    `a "b" ''c'' é`,
    encodeURIComponent(`a "b" 'c' é`),
    'line two',
    Buffer.from('line one\nline two').toString('base64'),
  ]) {
    expect(scrubber.scrub(`x ${leak} y`)).toBe('x ******** y');
  }
  expect(scrubber.scrub('abc')).toBe('abc');
});

test('another user', () => {
  const account = parsePasswd('www:x:1000:1001:,,,:/home/www:/bin/bash\n');
  expect(account).toEqual({ name: 'www', uid: 1000, gid: 1001, home: '/home/www', shell: '/bin/bash' });
  expect(setprivArguments(account, 'id', ['-u'])).toEqual(['--reuid=1000', '--regid=1001', '--init-groups', '--', 'id', '-u']);
});
