/** Every rule, proved on the bytes of an OVA that breaks it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type InspectReport, inspect } from '../../../builder/inspect/inspect.ts';
import { rules } from '../../../builder/inspect/rules/index.ts';
import { testContext } from '../../helpers/context.ts';
import { membersOf, ovfOptions, packTiny, readOva, tarOf, tinyDisk } from '../../helpers/tiny-ova.ts';
import { BREAKAGES, type Breakage, settle, signedWell } from './breakages.ts';

const folder = mkdtempSync(join(tmpdir(), 'inspect-rules-'));
const disk = join(folder, 'disk.raw');
let good: Buffer;

beforeAll(async () => {
  tinyDisk(disk);
  good = readOva(await packTiny(disk, ovfOptions()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function inspected(ova: Buffer): Promise<InspectReport> {
  const path = join(folder, 'tiny.ova');
  writeFileSync(path, ova);
  return inspect(path, testContext({ cacheDir: folder }).ctx);
}

async function broken(breakage: Breakage): Promise<Buffer> {
  const settled = settle(membersOf(good), breakage);
  const members = breakage.members?.(settled, folder) ?? settled;
  const ova = await tarOf(members);
  return breakage.archive?.(ova) ?? ova;
}

describe('an OVA of our own', () => {
  it.each(['vmware', 'virtualbox'] as const)('for %s breaks no rule', async (profile) => {
    const ova = profile === 'vmware' ? good : readOva(await packTiny(disk, ovfOptions({ profile })));
    expect((await inspected(ova)).findings).toEqual([]);
  });

  it.each([
    { firmware: 'efi' as const },
    { controller: 'lsilogic' as const, nic: 'E1000' as const },
    { controller: 'lsisas1068' as const, nic: 'E1000e' as const },
    { controller: 'ahci' as const, hardwareVersion: 11 },
    { controller: 'nvme' as const, hardwareVersion: 19 },
    { hardwareVersion: 11, system: 'ubuntu' as const },
    { cdrom: false, properties: [] },
  ])('with %j breaks none', async (options) => {
    const [ovf] = membersOf(readOva(await packTiny(disk, ovfOptions(options))));
    const members = settle(membersOf(good), { what: 'the descriptor of other options', xml: () => ovf!.data.toString() });
    expect((await inspected(await tarOf(members))).findings).toEqual([]);
  });

  it('with a signature breaks none', async () => {
    expect((await inspected(await broken({ what: 'signed', members: signedWell }))).findings).toEqual([]);
  });
});

describe('the table', () => {
  it('has a breakage for each rule', () => {
    expect(Object.keys(BREAKAGES)).toEqual(rules.map(({ name }) => name));
  });

  const cases = Object.entries(BREAKAGES).flatMap(([rule, list]) => list.map((breakage) => [rule, breakage.what, breakage] as const));
  it.each(cases)('%s: %s', async (rule, _what, breakage) => {
    const { findings } = await inspected(await broken(breakage));
    expect([...new Set(findings.map((finding) => finding.rule))].sort()).toEqual([rule, ...(breakage.also ?? [])].sort());
    const own = findings.filter((finding) => finding.rule === rule);
    if (breakage.says !== undefined) expect(own.map(({ message }) => message).join('\n')).toContain(breakage.says);
    for (const { severity, message, where, remedy } of findings) {
      expect(['error', 'warning', 'info']).toContain(severity);
      expect(where.file.startsWith(join(folder, 'tiny.ova'))).toBe(true);
      for (const text of [message, remedy]) expect(text).toMatch(/^\S.*\S$/s);
    }
  });
});
