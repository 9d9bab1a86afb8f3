import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { treeDue, writeTree } from '../../../../firstboot/apply/variables/tree.ts';
import { System } from '../../../../firstboot/kit/system.ts';

const OWNER = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const file = (path: string) => ({ path, mode: 0o644, data: Buffer.from('text').toString('base64') });

describe('a tree of files', () => {
  let root = '';
  let system: System;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'unit-tree-'));
    system = new System({ root, path: '', signal: new AbortController().signal });
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('is written below its folder', async () => {
    await writeTree(system, '/var/shop', [file('conf/..a/b..')], OWNER);
    expect(readFileSync(join(root, 'var/shop/conf/..a/b..'), 'utf8')).toBe('text');
    expect(await treeDue(system, '/var/shop', [file('conf/..a/b..')], OWNER)).toBeUndefined();
  });

  it.each(['../evil', 'x\n/../../../etc/evil', 'missing/../link/evil', 'a/..'])('%j is refused, and nothing is written', async (path) => {
    mkdirSync(join(root, 'etc'));
    const files = [file('good'), file(path)];
    await expect(treeDue(system, '/var/shop', files, OWNER)).rejects.toThrow('outside /var/shop');
    await expect(writeTree(system, '/var/shop', files, OWNER)).rejects.toThrow('outside /var/shop');
    expect(existsSync(join(root, 'var'))).toBe(false);
  });
});
