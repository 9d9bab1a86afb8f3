/**
 * What the builder puts onto a unit, beside packages: the engine's own files, first boot, the image's files, artifacts.
 * Built as a folder that stands for `/`; later parts win over earlier ones.
 */
import { chmod, copyFile, cp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { firewallFiles } from '../../firstboot/contract/firewall.ts';
import { KEYBOARD_FILE, keyboardFile } from '../../firstboot/contract/keyboard.ts';
import { orderingFiles, PRODUCT_TARGET, type UnitFile } from '../../firstboot/contract/ordering.ts';
import { type Release, UNIT_PATHS } from '../../firstboot/contract/unit.ts';
import type { LoadedImage } from '../definition/definition.ts';
import { unitOf } from '../definition/unit-json.ts';
import { hashData, hashTree } from '../kit/hash.ts';
import { packageRoot, templatePath } from '../kit/paths.ts';
import { folderBelow, pathBelow } from '../sources/inside.ts';

/** Where packages keep units, and where links enable them. */
const VENDOR_UNITS = '/usr/lib/systemd/system';
const OWN_UNITS = '/etc/systemd/system';
/** First boot's scripts, in firstboot/system/. */
const SCRIPTS = [
  'announce',
  'console',
  'console-text',
  'console-watch',
  'firewall',
  'identity',
  'load-container',
  'setup-certificate',
  'wait-ready',
] as const;

/** Units of the distribution that Debian leaves off and every unit needs, with the target that wants them. */
const DISTRIBUTION_UNITS = [
  ['systemd-networkd.service', 'multi-user.target'],
  ['systemd-networkd.socket', 'sockets.target'],
  ['systemd-networkd-wait-online.service', 'network-online.target'],
] as const;

/**
 * Units that cost every boot seconds and do nothing of use here: GRUB's record of a good boot (our menu has none), removal
 * of LVM snapshots (nor are there any), programs of other processors. And the log-in on tty1, where the unit has its screen.
 */
const MASKED_UNITS = [
  'grub-common.service',
  'e2scrub_reap.service',
  'systemd-binfmt.service',
  'proc-sys-fs-binfmt_misc.automount',
  'getty@tty1.service',
] as const;

/** Folders of an image that are copied below /usr/lib/unit as they are. */
const IMAGE_FOLDERS = { templates: UNIT_PATHS.templates, 'apply.d': UNIT_PATHS.applyDir, look: `${UNIT_PATHS.lib}/look` } as const;

/** Writes the engine's and the image's files below `root`. */
export async function writeUnitFiles(image: LoadedImage, release: Release, root: string): Promise<void> {
  await copyTree(root, '/', templatePath('system', 'rootfs'));
  await placeFirstBoot(root);
  for (const file of generatedFiles(image, release)) await placeText(root, file);
  for (const [folder, path] of Object.entries(IMAGE_FOLDERS)) await copyTree(root, path, join(image.folder, folder));
  await copyTree(root, '/', join(image.folder, 'rootfs'));
  await enableUnits(root);
}

async function placeFirstBoot(root: string): Promise<void> {
  const system = join(packageRoot(), 'firstboot', 'system');
  for (const script of SCRIPTS) await placeFile(root, `${UNIT_PATHS.lib}/${script}`, join(system, script), 0o755);
  await copyTree(root, VENDOR_UNITS, join(system, 'units'));
  await copyTree(root, '/usr/lib/sysusers.d', join(system, 'sysusers'));
  await placeFile(root, '/usr/lib/systemd/system-preset/10-unit.preset', join(system, '10-unit.preset'), 0o644);
  const built = join(packageRoot(), 'dist', 'firstboot');
  for (const bundle of ['unitctl.mjs', 'console-text.mjs', 'setup.mjs', 'cluster.mjs'])
    await placeFile(root, `${UNIT_PATHS.lib}/${bundle}`, join(built, bundle), 0o755);
  const parts = (await readdir(built)).filter((name) => /^unitctl-.+\.mjs$/.test(name));
  for (const name of [...parts, basename(UNIT_PATHS.bundled), basename(UNIT_PATHS.thirdParty)])
    await placeFile(root, `${UNIT_PATHS.lib}/${name}`, join(built, name), 0o644);
  await placeLink(root, '/usr/bin/unitctl', `${UNIT_PATHS.lib}/unitctl.mjs`);
}

/**
 * Makes the links that `systemctl enable` and `mask` would make, the engine's and the image's own units enabled as they say
 * themselves (systemd.unit(5)). The product's target waits for the unit to be finalised. What an image brings in the place
 * of a link stays. A unit that is a link (an alias, a mask) leads to what is on the unit, not here, and says nothing.
 */
async function enableUnits(root: string): Promise<void> {
  for (const name of MASKED_UNITS) await placeDefaultLink(root, `${OWN_UNITS}/${name}`, '/dev/null');
  for (const [name, target] of DISTRIBUTION_UNITS)
    await placeDefaultLink(root, `${OWN_UNITS}/${target}.wants/${name}`, `${VENDOR_UNITS}/${name}`);
  for (const folder of [VENDOR_UNITS, OWN_UNITS]) {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const { name } = entry;
      if (!entry.isFile() || name === PRODUCT_TARGET || !/\.(service|socket|timer|target)$/.test(name)) continue;
      const text = await readFile(join(root, folder, name), 'utf8');
      const wantedBy = /^WantedBy=(.+)$/m.exec(text)?.[1]?.split(/\s+/) ?? [];
      for (const target of wantedBy) await placeDefaultLink(root, `${OWN_UNITS}/${target}.wants/${name}`, `${folder}/${name}`);
    }
  }
}

/**
 * Hash of what a definition puts onto the unit: not of texts, sizes and formats that only the artefacts around the disk
 * show, so that a changed OVF description boots nothing again.
 */
export async function unitHash(image: LoadedImage): Promise<string> {
  const { base, kernel, packages, artifacts, cloudInit } = image.definition;
  const trees: Record<string, string> = {};
  for (const folder of [...Object.keys(IMAGE_FOLDERS), 'rootfs', 'scripts']) trees[folder] = await hashTree(join(image.folder, folder));
  const own = { unit: unitOf(image), base, kernel, packages, artifacts, cloudInit, settings: image.settingsSchema };
  return hashData({ own: JSON.stringify(own), trees });
}

/** Files made from the definition; owner root, mode 0644. */
export function generatedFiles(image: LoadedImage, release: Release): UnitFile[] {
  const { definition } = image;
  const json = (data: unknown): string => `${JSON.stringify(data, null, 2)}\n`;
  return [
    { path: UNIT_PATHS.definition, content: json(unitOf(image)) },
    { path: UNIT_PATHS.release, content: json(release) },
    ...(image.settingsSchema === undefined ? [] : [{ path: UNIT_PATHS.settingsSchema, content: json(image.settingsSchema) }]),
    ...orderingFiles(definition.services),
    ...firewallFiles(definition.ports),
    // Before anybody has set one: the code of the console is typed by it.
    ...(definition.look?.keyboard === undefined ? [] : [{ path: KEYBOARD_FILE, content: keyboardFile(definition.look.keyboard) }]),
    ...(definition.cloudInit === undefined
      ? []
      : [{ path: '/etc/cloud/cloud.cfg.d/60-image.cfg', content: `#cloud-config\n${json(definition.cloudInit)}` }]),
  ];
}

/** Links in the tree are replaced, never written through: fs.cp does so by itself. */
async function copyTree(root: string, path: string, from: string): Promise<void> {
  const entries = await readdir(from).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (entries.length === 0) return;
  await cp(from, await folderBelow(root, path), { recursive: true, preserveTimestamps: true, verbatimSymlinks: true, force: true });
}

async function placeFile(root: string, path: string, from: string, mode: number): Promise<void> {
  const target = await freePath(root, path);
  await copyFile(from, target);
  await chmod(target, mode);
}

async function placeLink(root: string, path: string, target: string): Promise<void> {
  await symlink(target, await freePath(root, path));
}

/** As `placeLink`, except where something has the name. */
async function placeDefaultLink(root: string, path: string, target: string): Promise<void> {
  try {
    await symlink(target, await pathBelow(root, path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

async function placeText(root: string, file: UnitFile): Promise<void> {
  await writeFile(await freePath(root, file.path), file.content, { mode: 0o644 });
}

/** Where `path` stands below `root`, with nothing there: a link that an artifact brought would be written through. */
async function freePath(root: string, path: string): Promise<string> {
  const target = await pathBelow(root, path);
  await rm(target, { recursive: true, force: true });
  return target;
}
