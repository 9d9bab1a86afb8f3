/** Vagrant boxes, read by programs that know nothing of ours: tar, qemu-img, xorriso, xmllint. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { pack } from '../../../builder/formats/pack.ts';
import { withCleanup } from '../../../builder/kit/cleanup.ts';
import { sha256File } from '../../../builder/kit/hash.ts';
import { testContext } from '../../helpers/context.ts';
import { ovfOptions, tinyDisk } from '../../helpers/tiny-ova.ts';

const folder = mkdtempSync(join(tmpdir(), 'vagrant-'));
const at = (name: string): string => join(folder, name);
const sh = (program: string, ...args: string[]): string => execFileSync(program, args, { cwd: folder, encoding: 'utf8' });

async function packed(out: string): Promise<void> {
  const { ctx } = testContext({ cacheDir: at('cache') });
  const formats = ['vagrant-libvirt', 'vagrant-virtualbox'] as const;
  const request = { disk: at('disk.raw'), baseName: 'tiny', formats, out: at(out), compression: 'zlib', ovaFolder: false } as const;
  const ovf = ovfOptions({ system: 'ubuntu' });
  await withCleanup((cleanup) => pack({ ...request, ovf, mtime: new Date('2026-01-02T03:04:05Z') }, ctx, cleanup));
}

/** Unpacks a box; gives its parts in their order. */
function unpack(box: string): string[] {
  mkdirSync(at(`${box}-parts`));
  sh('tar', '--extract', '--file', join('out', box), '--directory', `${box}-parts`);
  return sh('tar', '--list', '--file', join('out', box)).trim().split('\n');
}

const text = (box: string, name: string): string => readFileSync(at(join(`${box}-parts`, name)), 'utf8');

beforeAll(async () => {
  tinyDisk(at('disk.raw'));
  await packed('out');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each([
  ['tiny.libvirt.box', ['metadata.json', 'Vagrantfile', 'EULA.txt', 'seed.iso', 'box.img'], 'box.img'],
  ['tiny.virtualbox.box', ['metadata.json', 'Vagrantfile', 'box.ovf', 'EULA.txt', 'seed.iso', 'tiny-disk1.vmdk'], 'tiny-disk1.vmdk'],
])('%s', (box, parts, disk) => {
  it('has the disk as it is, and the key beside it only', () => {
    expect(unpack(box)).toEqual(parts);
    expect(sh('qemu-img', 'compare', 'disk.raw', join(`${box}-parts`, disk))).toContain('Images are identical.');
    const seed = join(`${box}-parts`, 'seed.iso');
    sh('xorriso', '-osirrox', 'on', '-indev', seed, '-extract', '/user-data', `${box}.user-data`);
    expect(readFileSync(at(`${box}.user-data`), 'utf8')).toMatch(/^#cloud-config\n[\s\S]*ssh-rsa \S+ vagrant insecure public key\n$/);
    expect(sh('xorriso', '-indev', seed, '-pvd_info')).toMatch(/Volume Id +: CIDATA/i);
  });

  it('has a Vagrantfile that attaches the seed which is beside it', () => {
    const vagrantfile = text(box, 'Vagrantfile');
    expect(vagrantfile).toContain('File.expand_path("seed.iso", File.dirname(__FILE__))');
    expect(vagrantfile).toMatch(box.includes('libvirt') ? /storage :file, device: :cdrom, path: seed/ : /"storageattach".*seed\]/);
    expect(vagrantfile).toContain(`machine.memory = ${ovfOptions().memoryMiB}\n`);
    expect(vagrantfile).not.toContain('{{');
  });
});

it('tells libvirt format and size, and VirtualBox its machine', () => {
  expect(JSON.parse(text('tiny.libvirt.box', 'metadata.json'))).toEqual({ provider: 'libvirt', format: 'qcow2', virtual_size: 1 });
  expect(JSON.parse(text('tiny.virtualbox.box', 'metadata.json'))).toEqual({ provider: 'virtualbox' });
  const ovf = text('tiny.virtualbox.box', 'box.ovf');
  sh('xmllint', '--noout', 'tiny.virtualbox.box-parts/box.ovf');
  expect(ovf).toContain('ovf:href="tiny-disk1.vmdk"');
  expect(ovf).toContain('virtualbox-2.2');
  expect(ovf).toContain('<OperatingSystemSection ovf:id="94">');
  expect(ovf).not.toContain('CD/DVD');
});

it('has the licence agreement as a file, and asks nothing on import, which Vagrant could not answer', () => {
  const ovf = text('tiny.virtualbox.box', 'box.ovf');
  expect(ovf).not.toContain('EulaSection');
  expect(ovf).not.toContain('ovf:userConfigurable');
  for (const box of ['tiny.libvirt.box', 'tiny.virtualbox.box']) expect(text(box, 'EULA.txt')).toBe('You may.');
});

it('gives the same box of VirtualBox once more, and sums that hold', async () => {
  await packed('again');
  const box = 'tiny.virtualbox.box';
  expect(await sha256File(at(join('again', box)))).toBe(await sha256File(at(join('out', box))));
  execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: at('out') });
});
