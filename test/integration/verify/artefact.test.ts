import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { loadImage } from '../../../builder/definition/load.ts';
import { writeSkeleton } from '../../../builder/definition/skeleton.ts';
import { Cleanup } from '../../../builder/kit/cleanup.ts';
import { kindOf, openArtefact } from '../../../builder/verify/artefact.ts';
import { findOrigin } from '../../../builder/verify/origin.ts';
import { findTarget } from '../../../builder/verify/target.ts';
import { overlay } from '../../../builder/vm/overlay.ts';
import { testContext } from '../../helpers/context.ts';

const MIB = 2 ** 20;
let folder: string;
let cleanup: Cleanup;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unitsmith-artefact-'));
  cleanup = new Cleanup();
});
afterEach(async () => {
  await cleanup.run();
  rmSync(folder, { recursive: true, force: true });
});

function sh(program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
  return stdout;
}

/** A raw disk of 4 MiB with a boot signature and something to recognise. */
function rawDisk(): Buffer {
  const disk = Buffer.alloc(4 * MIB);
  disk.writeUInt16LE(0xaa55, 510);
  disk.write('recognise me', 3 * MIB);
  writeFileSync(join(folder, 'disk.raw'), disk);
  return disk;
}

/** What a guest would read from the opened artefact. */
function content(disk: string): Buffer {
  sh('qemu-img', 'convert', '-O', 'raw', disk, 'back.raw');
  return readFileSync(join(folder, 'back.raw'));
}

describe('openArtefact', () => {
  test.each(['raw', 'qcow2', 'vmdk', 'raw.zst', 'ova'] as const)('%s, whatever its name, has the disk that was packed', async (kind) => {
    const disk = rawDisk();
    const file = join(folder, 'artefact.bin');
    if (kind === 'raw') sh('cp', 'disk.raw', file);
    if (kind === 'qcow2') sh('qemu-img', 'convert', '-O', 'qcow2', 'disk.raw', file);
    if (kind === 'vmdk') sh('qemu-img', 'convert', '-O', 'vmdk', '-o', 'subformat=streamOptimized', 'disk.raw', file);
    if (kind === 'raw.zst') sh('zstd', '-q', 'disk.raw', '-o', file);
    if (kind === 'ova') {
      sh('qemu-img', 'convert', '-O', 'vmdk', '-o', 'subformat=streamOptimized', 'disk.raw', 'unit-disk1.vmdk');
      for (const name of ['unit.ovf', 'unit.mf', 'unit-disk2.vmdk']) writeFileSync(join(folder, name), 'x');
      sh('tar', '--format=ustar', '-cf', file, 'unit.ovf', 'unit.mf', 'unit-disk1.vmdk', 'unit-disk2.vmdk');
    }
    const { ctx } = testContext({ cacheDir: join(folder, 'cache') });
    const opened = await openArtefact(ctx, file, cleanup);
    expect(opened).toMatchObject({ kind, virtualSize: 4 * MIB });
    expect(content(opened.disk).equals(disk)).toBe(true);

    const before = readFileSync(file);
    const made = await overlay(ctx, opened.disk, cleanup, 6 * MIB);
    sh('qemu-io', '-f', 'qcow2', '-c', 'write -P 0x55 5M 64k', made.path);
    expect(content(made.path).length).toBe(6 * MIB);
    expect(readFileSync(file).equals(before)).toBe(true);

    await cleanup.run();
    expect(existsSync(made.path)).toBe(false);
    if (opened.disk !== file) expect(existsSync(opened.disk)).toBe(false);
    expect(existsSync(file)).toBe(true);
  });

  test.each([
    ['not there', undefined, /is not there/],
    ['a text', 'hello', /no disk image/],
    ['an archive without a disk', 'tar', /has no disk/],
    ['an archive that is cut off', 'cut', /cannot be read as an OVA/],
  ])('%s is refused', async (_what, kind, message) => {
    const file = join(folder, 'x.ova');
    if (kind === 'hello') writeFileSync(file, kind);
    if (kind === 'tar' || kind === 'cut') {
      writeFileSync(join(folder, 'a.ovf'), 'x');
      writeFileSync(join(folder, 'a.vmdk'), 'x'.repeat(20_000));
      sh('tar', '--format=ustar', '-cf', file, 'a.ovf', ...(kind === 'cut' ? ['a.vmdk'] : []));
      if (kind === 'cut') sh('truncate', '-s', '5000', file);
    }
    const { ctx } = testContext({ cacheDir: join(folder, 'cache') });
    await expect(openArtefact(ctx, file, cleanup)).rejects.toThrow(message);
  });

  test('names prove nothing', () => {
    expect(kindOf(Buffer.from('QFI\xfb', 'latin1'))).toBe('qcow2');
    expect(kindOf(Buffer.alloc(0))).toBeUndefined();
    expect(kindOf(Buffer.alloc(1024))).toBeUndefined();
  });
});

describe('findTarget', () => {
  test('the newest bake of an image, the qcow2 before the OVA, with the image’s answers', async () => {
    const image = join(folder, 'images', 'sphere');
    const places = { out: join(folder, 'out'), images: new Map([['sphere', image]]) };
    await mkdir(join(places.out, 'sphere'), { recursive: true });
    await mkdir(join(image, 'sample'), { recursive: true });
    writeFileSync(join(image, 'sample', 'answers.yaml'), '{}');
    for (const [name, time] of [
      ['sphere-1.0.0.qcow2', 1_000_000],
      ['sphere-1.1.0.ova', 2_000_100],
      ['sphere-1.1.0.qcow2', 2_000_101],
      ['SHA256SUMS', 3_000_000],
    ] as const) {
      writeFileSync(join(places.out, 'sphere', name), '');
      utimesSync(join(places.out, 'sphere', name), time, time);
    }
    expect(await findTarget('sphere', places)).toEqual({
      file: join(places.out, 'sphere', 'sphere-1.1.0.qcow2'),
      answers: join(image, 'sample', 'answers.yaml'),
      image,
    });
    expect((await findTarget(join(places.out, 'sphere'), places)).file).toBe(join(places.out, 'sphere', 'sphere-1.1.0.qcow2'));
    expect(await findTarget(join(places.out, 'sphere', 'sphere-1.0.0.qcow2'), places)).toMatchObject({ answers: undefined });
  });

  test('an image whose name begins with that of another is not taken for it', async () => {
    const out = join(folder, 'flat');
    await mkdir(out);
    for (const [name, time] of [
      ['sphere-1.0.0-amd64.ova', 1_000_000],
      ['sphere-extra-1.0.0-amd64.ova', 2_000_000],
    ] as const) {
      writeFileSync(join(out, name), '');
      utimesSync(join(out, name), time, time);
    }
    expect((await findTarget('sphere', { out, images: new Map() })).file).toBe(join(out, 'sphere-1.0.0-amd64.ova'));
  });

  test('nothing there says what to do', async () => {
    await expect(findTarget('sphere', { out: join(folder, 'out'), images: new Map() })).rejects.toMatchObject({
      message: 'there is nothing to boot under the name sphere',
      remedies: ['bake it first: unitsmith bake sphere', 'or name a file: unitsmith try FILE'],
    });
    await expect(findTarget('/no/such/file', { out: 'out', images: new Map() })).rejects.toThrow('nothing to boot');
  });
});

describe('findOrigin', () => {
  /** An image on this machine, and files that say of which definition they are. */
  async function baked(files: Record<string, string>): Promise<{ paths: string[]; images: Map<string, string>; hash: string }> {
    const image = await writeSkeleton('shop', folder);
    const { ctx } = testContext();
    const { hash } = await loadImage(image, ctx);
    const paths = Object.entries(files).map(([name, definition]) => {
      const provenance = { image: { name: name.split('-')[0], version: '0.1.0', definition: definition === 'own' ? hash : definition } };
      writeFileSync(
        join(folder, `${name.replace(/\.(ova|qcow2|raw\.zst)$|-disk1\.vmdk$/, '')}.provenance.json`),
        JSON.stringify(provenance),
      );
      return join(folder, name);
    });
    return { paths, images: new Map([['shop', image]]), hash };
  }

  test('is the image of that very definition, whatever the format', async () => {
    const { ctx, events } = testContext();
    const names = { 'shop-0.1.0-amd64.ova': 'own', 'shop-0.1.0-amd64.qcow2': 'own', 'shop-0.1.0-amd64-disk1.vmdk': 'own' };
    const { paths, images, hash } = await baked(names);
    const origin = await findOrigin(paths, images, ctx);
    expect(origin).toMatchObject({ image: { hash }, answers: join(folder, 'shop', 'sample', 'answers.yaml') });
    expect(events).toEqual([]);
  });

  test.each([
    ['a definition that has changed', { 'shop-0.1.0.ova': 'f'.repeat(64) }, /is not the one/],
    ['an image that is not here', { 'other-0.1.0.ova': 'own' }, /no valid definition of other/],
    ['files of several bakes', { 'shop-0.1.0.ova': 'own', 'shop-0.2.0.ova': 'f'.repeat(64) }, /several bakes/],
    ['a file of no format of ours', { 'shop-0.1.0.img': 'own' }, /no provenance\.json/],
  ])('is not known of %s', async (_what, names, why) => {
    const { paths, images } = await baked(names as Record<string, string>);
    expect(await findOrigin(paths, images, testContext().ctx)).toMatchObject({ unknown: expect.stringMatching(why) });
  });

  test('is not known without a provenance, or with one that is none', async () => {
    const { images } = await baked({});
    const file = join(folder, 'shop-0.1.0.ova');
    const unknown = { unknown: expect.stringMatching(/no provenance\.json/) };
    expect(await findOrigin([file], images, testContext().ctx)).toMatchObject(unknown);
    writeFileSync(join(folder, 'shop-0.1.0.provenance.json'), '{"image":{"name":1}}');
    expect(await findOrigin([file], images, testContext().ctx)).toMatchObject(unknown);
  });
});
