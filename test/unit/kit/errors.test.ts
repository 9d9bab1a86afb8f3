import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { ExitCode } from '../../../builder/kit/errors.ts';
import { packageRoot } from '../../../builder/kit/paths.ts';

it('the table of exit codes in builder/README.md is the code', () => {
  const text = readFileSync(join(packageRoot(), 'builder', 'README.md'), 'utf8');
  const rows = [...text.matchAll(/^\| (\d+) +\| (\w+) +\|/gm)].map(([, code, name]) => [name, Number(code)]);
  expect(Object.fromEntries(rows)).toEqual(ExitCode);
});
