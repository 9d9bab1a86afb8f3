/** A small image with a package archive that has all it needs, and stand-ins for the programs that would boot it. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

import { writeSkeleton } from '../../builder/definition/skeleton.ts';
import { basePackages } from '../../builder/payload/base.ts';
import { makeAptRepository } from './apt-repository.ts';
import type { Account } from './cli-bundle.ts';
import { onceARun } from './once.ts';

/** A flat archive that has what the engine and the skeleton ask for, by name; made once a run. */
export async function skeletonArchive(): Promise<string> {
  return onceARun('archive', async (archive) => {
    const skeleton = await writeSkeleton('probe', mkdtempSync(join(tmpdir(), 'probe-')));
    const { packages } = parse(readFileSync(join(skeleton, 'image.yaml'), 'utf8')) as { packages: string[] };
    const names = [...new Set([...basePackages({}), ...basePackages({ kernel: 'cloud' }), ...packages, 'apt'])];
    makeAptRepository(archive, [{ name: 'base-files', fields: ['Essential: yes'] }, ...names.map((name) => ({ name }))]);
  });
}

/** The address of such an archive as `--mirror` takes it. */
export function mirrorOf(address: string): string {
  return `deb [trusted=yes] ${address} ./`;
}

/** `images/shop` in the account's working folder; `edit` changes the text of its image.yaml. */
export async function writeShop(account: Account, edit: (text: string) => string = (text) => text): Promise<string> {
  const folder = await writeSkeleton('shop', join(account.cwd, 'images'));
  const file = join(folder, 'image.yaml');
  const small = readFileSync(file, 'utf8').replace('memory: 1 GiB', 'memory: 512 MiB').replace('disk: 8 GiB', 'disk: 4 GiB');
  writeFileSync(file, edit(small));
  return folder;
}

/** Adds an artifact of kind `url` to the text of an image.yaml. */
export function withUrlArtifact(text: string, url: string, sha256: string): string {
  return `${text}\nartifacts:\n  app:\n    kind: url\n    url: ${url}\n    sha256: ${sha256}\n    into: /opt/app\n    owner: root\n`;
}

/** Programs that only tell their version: what comes before the bake VM needs no more of them. */
export function fakeHost(account: Account): void {
  account.program('packer', 'echo 1.6.6');
  account.program('qemu-system-x86_64', 'echo "QEMU emulator version 7.2.0"');
  account.program('xorriso', 'exit 0');
  account.program('mmdebstrap', 'if [ "$1" = --version ]; then echo "mmdebstrap 1.4.3"; exit; fi; exit 1');
}

/** mmdebstrap that hangs with a child of its own, and says so by a file. `before` is shell that it runs before that. */
export function hangingMmdebstrap(account: Account, before = ''): string {
  const mark = join(account.root, 'installing');
  account.program(
    'mmdebstrap',
    `if [ "$1" = --version ]; then echo "mmdebstrap 1.4.3"; exit; fi
mkdir "$TMPDIR/tree"; echo half > "$TMPDIR/tree/file"
${before}
sleep 300 &
echo up > ${mark}
wait`,
  );
  return mark;
}
