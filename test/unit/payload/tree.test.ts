import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';

import { loadImage } from '../../../builder/definition/load.ts';
import { packageRoot } from '../../../builder/kit/paths.ts';
import { generatedFiles, writeUnitFiles } from '../../../builder/payload/tree.ts';
import { KEYBOARD_FILE } from '../../../firstboot/contract/keyboard.ts';
import { PRODUCT_TARGET, type UnitFile } from '../../../firstboot/contract/ordering.ts';
import { testContext } from '../../helpers/context.ts';

const root = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
const link = (path: string): string => readlinkSync(join(root, path));
const exists = (path: string): boolean => lstatSync(join(root, path), { throwIfNoEntry: false }) !== undefined;

let filesWith: (look: object) => UnitFile[];
let writeOwn: (folder: string, target: string) => Promise<void>;

beforeAll(async () => {
  const image = await loadImage(join(packageRoot(), 'images', 'sphere'), testContext().ctx, { auditRules: [] });
  const release = {
    schemaVersion: 1,
    image: 'sphere',
    version: '1.0.0',
    architecture: 'amd64',
    definitionHash: 'a',
    lockHash: null,
    stepProtocol: 1,
    builder: 'test',
  } as const;
  writeOwn = (folder, target) => writeUnitFiles({ ...image, folder }, release, target);
  filesWith = (look) => generatedFiles({ ...image, definition: { ...image.definition, look } }, release);
  await writeUnitFiles(image, release, root);
});

it('enables what says itself who wants it, and the network of the distribution', () => {
  const wants = '/etc/systemd/system';
  expect(link(`${wants}/sysinit.target.wants/unit-firewall.service`)).toBe('/usr/lib/systemd/system/unit-firewall.service');
  expect(link(`${wants}/timers.target.wants/unit-certificate.timer`)).toBe('/usr/lib/systemd/system/unit-certificate.timer');
  expect(link(`${wants}/multi-user.target.wants/systemd-networkd.service`)).toBe('/usr/lib/systemd/system/systemd-networkd.service');
});

it('has the setup page there from the first boot, and the user that it runs as', () => {
  const wants = '/etc/systemd/system';
  for (const name of ['unit-setup-http.socket', 'unit-setup-https.socket', 'unit-setup-https-later.socket', 'unit-helper.socket'])
    expect(link(`${wants}/sockets.target.wants/${name}`)).toBe(`/usr/lib/systemd/system/${name}`);
  expect(link(`${wants}/multi-user.target.wants/unit-setup.service`)).toBe('/usr/lib/systemd/system/unit-setup.service');
  expect(readFileSync(join(root, '/usr/lib/sysusers.d/unit.conf'), 'utf8')).toMatch(/^u unit-setup /m);
});

it('leaves the product off until the unit is finalised', () => {
  expect(exists(`/etc/systemd/system/${PRODUCT_TARGET}`)).toBe(true);
  expect(exists(`/etc/systemd/system/multi-user.target.wants/${PRODUCT_TARGET}`)).toBe(false);
});

it('masks what only costs time', () => {
  expect(link('/etc/systemd/system/grub-common.service')).toBe('/dev/null');
  // The unit's own screen is there.
  expect(link('/etc/systemd/system/getty@tty1.service')).toBe('/dev/null');
});

it('puts unitctl where people look for it', () => {
  expect(link('/usr/bin/unitctl')).toBe('/usr/lib/unit/unitctl.mjs');
  for (const bundle of ['unitctl.mjs', 'console-text.mjs', 'setup.mjs'])
    expect(lstatSync(join(root, '/usr/lib/unit', bundle)).mode & 0o111).not.toBe(0);
  expect(execFileSync('node', [join(root, '/usr/lib/unit/unitctl.mjs'), 'apply', '--help'], { encoding: 'utf8' })).toContain('--answers');
});

it('puts the licences of what is bundled beside it, and the list of it', () => {
  const paths = ['THIRD-PARTY-LICENSES.txt', 'unitctl.packages.json'].map((name) => `/usr/lib/unit/${name}`);
  expect(paths.map((path) => lstatSync(join(root, path)).mode & 0o777)).toEqual([0o644, 0o644]);
});

it('leaves links that the image brings, and does not follow those of units into the host', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
  const units = join(folder, 'rootfs/etc/systemd/system');
  mkdirSync(join(units, 'multi-user.target.wants'), { recursive: true });
  writeFileSync(join(units, 'own.service'), '[Install]\nWantedBy=multi-user.target\n');
  symlinkSync('../own.service', join(units, 'multi-user.target.wants/own.service'));
  symlinkSync('/elsewhere', join(units, 'grub-common.service'));
  const host = join(folder, 'host.service');
  writeFileSync(host, '[Install]\nWantedBy=multi-user.target\n');
  symlinkSync(host, join(units, 'host.service'));
  symlinkSync('/usr/lib/systemd/system/only-on-the-unit.service', join(units, 'alias.service'));

  const target = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
  await writeOwn(folder, target);
  const placed = join(target, 'etc/systemd/system');
  expect(readlinkSync(join(placed, 'multi-user.target.wants/own.service'))).toBe('../own.service');
  expect(readlinkSync(join(placed, 'grub-common.service'))).toBe('/elsewhere');
  expect(readlinkSync(join(placed, 'host.service'))).toBe(host);
  expect(readdirSync(join(placed, 'multi-user.target.wants'))).not.toContain('host.service');
});

it('writes in the place of links that an artifact brought, and not through them', async () => {
  const outside = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
  writeFileSync(join(outside, 'file'), 'own', { mode: 0o600 });
  const target = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
  mkdirSync(join(target, 'usr/lib/unit'), { recursive: true });
  mkdirSync(join(target, 'usr/bin'), { recursive: true });
  for (const path of ['usr/lib/unit/release.json', 'usr/lib/unit/unitctl.mjs', 'usr/bin/unitctl'])
    symlinkSync(join(outside, 'file'), join(target, path));
  await writeOwn(mkdtempSync(join(tmpdir(), 'unitsmith-test-')), target);
  expect([readFileSync(join(outside, 'file'), 'utf8'), lstatSync(join(outside, 'file')).mode & 0o777]).toEqual(['own', 0o600]);
  expect(JSON.parse(readFileSync(join(target, 'usr/lib/unit/release.json'), 'utf8'))).toMatchObject({ image: 'sphere' });
  expect(readlinkSync(join(target, 'usr/bin/unitctl'))).toBe('/usr/lib/unit/unitctl.mjs');
});

it.each(['usr/lib/unit', 'usr/lib/unit/templates', 'etc/systemd'])('puts nothing below a link %s that leads out', async (path) => {
  const outside = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
  const target = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
  mkdirSync(dirname(join(target, path)), { recursive: true });
  symlinkSync(outside, join(target, path));
  const folder = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
  mkdirSync(join(folder, 'templates'));
  writeFileSync(join(folder, 'templates', 'a'), '');
  await expect(writeOwn(folder, target)).rejects.toThrow();
  expect(readdirSync(outside)).toEqual([]);
});

it("types by the image's keyboard until the owner sets one", () => {
  expect(exists(KEYBOARD_FILE)).toBe(false);
  expect(filesWith({ keyboard: 'jp' }).find(({ path }) => path === KEYBOARD_FILE)?.content).toContain('XKBLAYOUT="jp"');
});
