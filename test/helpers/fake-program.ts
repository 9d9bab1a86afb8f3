import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for the front of PATH with a shell script of this name and body in it. */
export function fakeProgram(name: string, body: string, folder = mkdtempSync(join(tmpdir(), 'unitsmith-fake-'))): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return folder;
}
