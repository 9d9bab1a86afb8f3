/** The package that `npm install -g unitsmith` brings. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { packageRoot } from '../../../builder/kit/paths.ts';

it('holds every document that README.md and the guides link to', () => {
  // npm runs `prepack` even for a dry run; what is in dist/ does not matter here.
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: packageRoot(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ files }] = JSON.parse(output) as [{ files: { path: string }[] }];
  const shipped = files.map(({ path }) => path);
  const guides = shipped.filter((path) => /^builder\/formats\/guides\/.+\.md$/.test(path));
  expect(guides).not.toEqual([]);
  const targets = ['README.md', ...guides].flatMap((file) =>
    [...readFileSync(join(packageRoot(), file), 'utf8').matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^[a-z]+:/.test(target))
      .map((target) => join(file, '..', target)),
  );
  expect(targets.filter((target) => !shipped.includes(target))).toEqual([]);
});
