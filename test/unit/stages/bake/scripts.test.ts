import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { listScripts } from '../../../../builder/stages/bake/scripts.ts';

function image(names: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
  mkdirSync(join(folder, 'scripts'));
  for (const name of names) writeFileSync(join(folder, 'scripts', name), '#!/bin/sh\n');
  return folder;
}

describe('listScripts', () => {
  it('sorts by name', async () => {
    expect((await listScripts(image(['20-b', '10-a.sh', '05-z']))).map(({ name }) => name)).toEqual(['05-z', '10-a.sh', '20-b']);
  });

  it('is empty without a folder', async () => {
    expect(await listScripts('/nonexistent')).toEqual([]);
  });

  it.each(['readme.md', "10-it's", '10-a b', '1-a', '10-$(reboot)'])('refuses %j by name', async (name) => {
    await expect(listScripts(image(['10-good', name]))).rejects.toMatchObject({
      exitCode: 3,
      problems: [{ message: `scripts/${name} is no script of the bake` }],
    });
  });

  it('refuses a link, which could lead out of the image', async () => {
    const folder = image([]);
    symlinkSync('/etc/passwd', join(folder, 'scripts', '10-link'));
    await expect(listScripts(folder)).rejects.toMatchObject({ exitCode: 3 });
  });
});
