/** `unitsmith inspect`: what it takes, what it refuses, what it says to people and to machines. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { register } from '../../../builder/cli/inspect.ts';
import { type Edge, runCli } from '../../../builder/cli/runtime.ts';
import { inspect } from '../../../builder/inspect/inspect.ts';
import { rules } from '../../../builder/inspect/rules/index.ts';
import { testContext } from '../../helpers/context.ts';
import { membersOf, ovfOptions, packTiny, readOva, tarOf, tinyDisk } from '../../helpers/tiny-ova.ts';
import { settle } from '../inspect/breakages.ts';

const folder = mkdtempSync(join(tmpdir(), 'inspect-command-'));
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  tinyDisk(at('disk.raw'));
  const out = await packTiny(at('disk.raw'), ovfOptions(), { ovaFolder: true });
  writeFileSync(at('tiny.ova'), readOva(out));
  mkdirSync(at('parts'));
  for (const name of readdirSync(join(out, 'tiny-ova'))) writeFileSync(at(`parts/${name}`), readFileSync(join(out, 'tiny-ova', name)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const text = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr'): NodeJS.WriteStream =>
    ({
      write: (chunk: string) => {
        text[name] += chunk;
        return true;
      },
    }) as NodeJS.WriteStream;
  const env = { HOME: folder, NO_COLOR: '1' };
  const edge: Edge = { env, stdout: sink('stdout'), stderr: sink('stderr'), onSignal: () => () => undefined };
  return { code: await runCli(edge, '1.0.0', [register], args), ...text };
}

describe('what it takes', () => {
  it.each([
    ['an OVA', 'tiny.ova', ['file', 'archive', 'manifest', 'descriptor', 'disk']],
    ['a descriptor with its files beside it', 'parts/tiny.ovf', ['file', 'manifest', 'descriptor', 'disk']],
    ['a disk alone', 'parts/tiny-disk1.vmdk', ['file', 'disk']],
  ])('%s, held to the rules for such a thing', async (_what, file, scopes) => {
    const held = rules.filter(({ scope }) => scopes.includes(scope));
    expect(await run('inspect', at(file))).toMatchObject({ code: 0, stdout: `${at(file)}: nothing found by ${held.length} rules\n` });
  });

  it('by content, whatever the name', async () => {
    for (const file of ['tiny.ova', 'parts/tiny.ovf', 'parts/tiny-disk1.vmdk']) {
      writeFileSync(at('thing.bin'), readFileSync(at(file)));
      expect((await inspect(at('thing.bin'), testContext({ cacheDir: folder }).ctx)).kind).toBe(extname(file).slice(1));
    }
  });
});

describe('what is none of the three', () => {
  it.each([
    ['is not there', 'nothing.ova', () => undefined, /cannot be read[\s\S]*ENOENT/],
    ['is a folder', 'folder.ova', (path: string) => mkdirSync(path), /cannot be read[\s\S]*it is a folder/],
    ['is a pipe', 'pipe.ova', (path: string) => execFileSync('mkfifo', [path]), /cannot be read[\s\S]*no plain file/],
    ['is empty', 'empty.ova', (path: string) => writeFileSync(path, ''), /is empty/],
    ['is a text', 'notes.txt', (path: string) => writeFileSync(path, 'hello'), /no OVA, OVF or VMDK/],
    [
      'is compressed',
      'tiny.ova.gz',
      (path: string) => execFileSync('sh', ['-c', `gzip -c "${at('tiny.ova')}" > "${path}"`]),
      /unpack it first/,
    ],
    [
      'is a qcow2',
      'x.qcow2',
      (path: string) => execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', path, '1M']),
      /no OVA, OVF or VMDK/,
    ],
  ])('a file that %s ends with 2', async (_what, name, make, message) => {
    make(at(name));
    const { code, stdout, stderr } = await run('inspect', at(name));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('no file at all ends with 2', async () => {
    expect(await run('inspect')).toMatchObject({ code: 2, stderr: expect.stringContaining('no file to inspect') as string });
  });
});

describe('a damaged file is a report, not a crash', () => {
  it.each([1, 100, 511, 512, 513, 4000, 66_000, 100_000])('cut to %i bytes', async (size) => {
    writeFileSync(at('cut.ova'), readFileSync(at('tiny.ova')));
    truncateSync(at('cut.ova'), size);
    const { code, stderr } = await run('inspect', at('cut.ova'));
    expect(code).toBe(1);
    expect(stderr).toContain('error [tar-complete] ');
  });

  it.each([1, 511, 512, 1024, 12_000, 65_536, 65_540, 66_000])('a disk cut to %i bytes', async (size) => {
    writeFileSync(at('cut.vmdk'), readFileSync(at('parts/tiny-disk1.vmdk')));
    truncateSync(at('cut.vmdk'), size);
    const { code, stderr } = await run('inspect', at('cut.vmdk'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/error \[vmdk-(header|descriptor|ending)\] /);
  });

  it('any byte of the OVA may be another one', async () => {
    const good = readFileSync(at('tiny.ova'));
    const { ctx } = testContext({ cacheDir: folder });
    // Steps of a prime cover headers, texts, markers and streams alike.
    for (let byte = 0; byte < good.length; byte += 2999) {
      const bad = Buffer.from(good);
      bad[byte] = ~(bad[byte] as number) & 0xff;
      writeFileSync(at('flipped.ova'), bad);
      expect(Array.isArray((await inspect(at('flipped.ova'), ctx)).findings)).toBe(true);
    }
  });

  it('a record that claims gigabytes does not fill memory', async () => {
    const members = membersOf(readFileSync(at('tiny.ova')));
    const claim = (type: string) => (header: Buffer) => {
      header.write(type, 156);
      header.fill(0x20, 148, 156);
      const sum = header.reduce((total, value) => total + value, 0);
      header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
      return header;
    };
    writeFileSync(at('records.ova'), await tarOf([{ name: 'x', data: Buffer.alloc(64 << 20), header: claim('x') }, ...members]));
    const allocated = vi.spyOn(Buffer, 'alloc');
    const report = await inspect(at('records.ova'), testContext({ cacheDir: folder }).ctx);
    const largest = Math.max(...allocated.mock.calls.map(([size]) => size));
    allocated.mockRestore();
    expect(largest).toBeLessThanOrEqual(4 << 20);
    expect(report.findings.map(({ rule }) => rule)).toContain('tar-dialect');
  });
});

describe('what it says', () => {
  it('to people: severity, rule, place and remedy of each finding, and the sum', async () => {
    const members = settle(membersOf(readFileSync(at('tiny.ova'))), { what: '', xml: (ovf) => ovf.replace('>VmxNet3<', '>virtio<') });
    writeFileSync(at('bad.ova'), await tarOf(members));
    const { code, stdout, stderr } = await run('inspect', at('bad.ova'));
    expect(code).toBe(1);
    expect(stdout).toBe(`${at('bad.ova')}: 1 error, 0 warnings, 0 notes from ${rules.length} rules\n`);
    expect(stderr).toMatch(/^error \[ovf-network\] .*bad\.ova\/tiny\.ovf:\d+.*virtio.*\n.*Take VmxNet3 or E1000\./m);
  });

  it('to machines: an event for each finding, and the report as the result', async () => {
    const { code, stdout, stderr } = await run('--json', 'inspect', at('bad.ova'));
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(events.map(({ type }) => type)).toEqual(['run-started', 'finding', 'result']);
    expect(events[1]).toMatchObject({
      rule: 'ovf-network',
      severity: 'error',
      problem: {
        message: expect.stringContaining('virtio') as string,
        where: { file: at('bad.ova/tiny.ovf') },
        suggestion: 'Take VmxNet3 or E1000.',
      },
    });
    expect(events[2]).toMatchObject({ command: 'inspect', data: { kind: 'ova', findings: [{ rule: 'ovf-network' }] } });
  });

  it('warnings alone end with 0', async () => {
    const members = membersOf(readFileSync(at('tiny.ova'))).filter(({ name }) => name !== 'tiny.mf');
    writeFileSync(at('warned.ova'), await tarOf(members));
    const { code, stdout } = await run('inspect', at('warned.ova'));
    expect(code).toBe(0);
    expect(stdout).toContain('0 errors, 1 warning,');
  });

  it('no control character of the file', async () => {
    const members = settle(membersOf(readFileSync(at('tiny.ova'))), { what: '', manifest: (text) => `${text}\u001b[2Jx\n` });
    writeFileSync(at('escape.ova'), await tarOf(members));
    const { stderr } = await run('inspect', at('escape.ova'));
    expect(stderr).toContain('\\x1b[2Jx');
    expect(stderr).not.toContain('\u001b');
  });

  it('--rules lists each with its demand', async () => {
    const { code, stdout } = await run('inspect', '--rules');
    expect(code).toBe(0);
    for (const { name, severity } of rules) expect(stdout).toMatch(new RegExp(`^${name} +${severity} +`, 'm'));
    for (const { demand } of rules) expect(stdout).toContain(demand);
    expect(stdout.trimEnd().split('\n')).toHaveLength(rules.length);
  });

  it('nothing on Ctrl-C', async () => {
    const { ctx, abort } = testContext({ cacheDir: folder });
    abort(new Error('enough'));
    await expect(inspect(at('tiny.ova'), ctx)).rejects.toThrow('enough');
  });
});
