import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';

import { writeLayer } from '../../../../builder/sources/container/layer.ts';

let lab: string;
let tree: string;

beforeEach(() => {
  lab = mkdtempSync(join(tmpdir(), 'layer-'));
  tree = join(lab, 'tree');
  mkdirSync(join(tree, 'usr', 'bin'), { recursive: true });
  mkdirSync(join(tree, 'usr', 'share', 'doc', 'old'), { recursive: true });
  mkdirSync(join(tree, 'dev'));
  writeFileSync(join(tree, 'usr', 'bin', 'tool'), 'one');
  writeFileSync(join(tree, 'usr', 'share', 'doc', 'old', 'copyright'), 'free');
});

/** As mmdebstrap writes it: sorted, pax. */
function tarOf(name: string): string {
  const file = join(lab, `${name}.tar`);
  execFileSync('tar', ['--create', '--format=pax', '--sort=name', '--file', file, '--directory', tree, '.']);
  return file;
}

const names = (file: string): string[] => execFileSync('tar', ['--list', '--file', file], { encoding: 'utf8' }).trim().split('\n');

describe('writeLayer', () => {
  it('is all of a tree without a base, but for devices', async () => {
    writeFileSync(join(tree, 'dev', 'null'), '');
    await writeLayer(undefined, tarOf('whole'), join(lab, 'layer'));
    expect(names(join(lab, 'layer'))).toEqual(names(tarOf('whole')).filter((name) => name !== './dev/null'));
  });

  it('holds what is new or other, the folders that lead there, and whiteouts of what is gone', async () => {
    const base = tarOf('base');
    writeFileSync(join(tree, 'usr', 'bin', 'tool'), 'two');
    chmodSync(join(tree, 'usr'), 0o700);
    symlinkSync('tool', join(tree, 'usr', 'bin', 'alias'));
    rmSync(join(tree, 'usr', 'share', 'doc', 'old'), { recursive: true });
    await writeLayer(base, tarOf('whole'), join(lab, 'layer'));
    expect(names(join(lab, 'layer'))).toEqual(['./', './usr/', './usr/bin/', './usr/bin/alias', './usr/bin/tool', 'usr/share/doc/.wh.old']);
  });

  it('takes a file with another time for the same, and a folder with another mode for another', async () => {
    const base = tarOf('base');
    utimesSync(join(tree, 'usr', 'bin', 'tool'), 1, 1);
    await writeLayer(base, tarOf('whole'), join(lab, 'layer'));
    expect(readFileSync(join(lab, 'layer')).every((byte) => byte === 0)).toBe(true);
    chmodSync(join(tree, 'dev'), 0o700);
    await writeLayer(base, tarOf('whole'), join(lab, 'layer'));
    expect(names(join(lab, 'layer'))).toEqual(['./', './dev/']);
  });

  it('holds the first name of a hard link with every other name', async () => {
    const base = tarOf('base');
    linkSync(join(tree, 'usr', 'bin', 'tool'), join(tree, 'usr', 'bin', 'twin'));
    await writeLayer(base, tarOf('whole'), join(lab, 'layer'));
    expect(names(join(lab, 'layer'))).toEqual(['./', './usr/', './usr/bin/', './usr/bin/tool', './usr/bin/twin']);
  });

  it('reads names that are too long for a header', async () => {
    const long = join('usr', 'share', 'x'.repeat(120), 'y'.repeat(120));
    const base = tarOf('base');
    mkdirSync(join(tree, long), { recursive: true });
    await writeLayer(base, tarOf('whole'), join(lab, 'layer'));
    expect(names(join(lab, 'layer'))).toContain(`./${long}/`);
    expect(names(join(lab, 'layer'))).not.toContain('./usr/bin/tool');
  });
});
