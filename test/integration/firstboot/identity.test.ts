/** Copies of a disk: whether a unit finds itself on another machine, and what it does then. The script runs on a folder. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const SCRIPT = readFileSync(join(import.meta.dirname, '../../../firstboot/system/identity'), 'utf8');
const OLD = '0f0f0f0f-1111-4222-8333-444444444444';
const NEW = 'abababab-5555-4666-8777-888888888888';
const MACHINE_ID = `${'a'.repeat(32)}\n`;

const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

interface Unit {
  at(path: string): string;
  run(...args: string[]): void;
}

function unit(files: Record<string, string>): Unit {
  const root = mkdtempSync(join(tmpdir(), 'unit-identity-'));
  roots.push(root);
  const at = (path: string): string => join(root, path);
  const all = { '/etc/ssh/ssh_host_ed25519_key': 'key', '/etc/machine-id': MACHINE_ID, '/var/lib/unit/setup/key.pem': 'key', ...files };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text);
  }
  // systemd-id128 may be missing here, and is not what is tried.
  const script = SCRIPT.replaceAll(/(?<![\w$}])\/(sys|etc|var|run)\//g, `${root}/$1/`).replace('systemd-id128 new', 'echo new-id');
  return {
    at,
    run: (...args) => {
      execFileSync('bash', ['-c', script, 'identity', ...args]);
    },
  };
}

const identity = ({ at }: Unit) => ({
  hostKey: existsSync(at('/etc/ssh/ssh_host_ed25519_key')),
  certificate: existsSync(at('/var/lib/unit/setup/key.pem')),
  code: existsSync(at('/var/lib/unit/claim-code')),
  machineId: readFileSync(at('/etc/machine-id'), 'utf8').trim(),
  clone: existsSync(at('/run/unit/clone')),
});
const KEPT = { hostKey: true, certificate: true, code: false, machineId: MACHINE_ID.trim(), clone: false };
const RENEWED = { ...KEPT, hostKey: false, certificate: false, machineId: 'new-id' };
const UUID = '/sys/class/dmi/id/product_uuid';
const KNOWN = '/var/lib/unit/machine';

describe('a unit', () => {
  test.each<[string, Record<string, string>, object]>([
    ['that boots first knows where it is', { [UUID]: `${OLD}\n` }, KEPT],
    ['that boots again is what it was', { [UUID]: `${OLD}\n`, [KNOWN]: `${OLD}\n` }, KEPT],
    [
      'that is not set up gets an identity on another machine',
      { [UUID]: `${NEW}\n`, [KNOWN]: `${OLD}\n`, '/var/lib/unit/claim-code': 'X' },
      RENEWED,
    ],
    ['that is finalised says so', { [UUID]: `${NEW}\n`, [KNOWN]: `${OLD}\n`, '/var/lib/unit/finalised': '' }, { ...KEPT, clone: true }],
    ['on a machine without a UUID stays', { [KNOWN]: `${OLD}\n` }, KEPT],
    ['on a machine with the UUID of many stays', { [UUID]: '03000200-0400-0500-0006-000700080009\n', [KNOWN]: `${OLD}\n` }, KEPT],
  ])('%s', (_what, files, expected) => {
    const subject = unit(files);
    subject.run();
    expect(identity(subject)).toEqual(expected);
    // The next boot on the same machine finds nothing to do.
    const machineId = readFileSync(subject.at('/etc/machine-id'), 'utf8');
    subject.run();
    expect(readFileSync(subject.at('/etc/machine-id'), 'utf8')).toBe(machineId);
  });

  test('that is finalised gets a new identity when its owner says so, and is at home then', () => {
    const subject = unit({ [UUID]: `${NEW}\n`, [KNOWN]: `${OLD}\n`, '/var/lib/unit/finalised': '' });
    subject.run();
    subject.run('new');
    expect(identity(subject)).toEqual(RENEWED);
    subject.run();
    expect(identity(subject)).toEqual(RENEWED);
    expect(readFileSync(subject.at(KNOWN), 'utf8').trim()).toBe(NEW);
  });
});
