/** package-lock.json must be whole on every platform: `npm ci` refuses one that lacks what another platform would install. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { packageRoot } from '../../../builder/kit/paths.ts';

interface Entry {
  version?: string;
  resolved?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const { packages } = JSON.parse(readFileSync(join(packageRoot(), 'package-lock.json'), 'utf8')) as { packages: Record<string, Entry> };

test('has an entry for every dependency of every package', () => {
  const missing = Object.entries(packages).flatMap(([path, entry]) =>
    Object.keys({ ...entry.dependencies, ...entry.devDependencies, ...entry.optionalDependencies })
      .filter((name) => !placesOf(path, name).some((place) => packages[place]?.version !== undefined))
      .map((name) => `${path || 'the project'} needs ${name}`),
  );
  expect(missing).toEqual([]);
});

test('names no registry, so that each host uses its own', () => {
  expect(Object.values(packages).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
});

test('pins exact versions of what the project itself asks for', () => {
  const { dependencies, devDependencies } = packages[''] ?? {};
  for (const version of Object.values({ ...dependencies, ...devDependencies })) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});

/** Where Node looks for `name` from the package at `path`: its own node_modules, and those of all around it. */
function placesOf(path: string, name: string): string[] {
  const parts = path.split('/node_modules/');
  const around = path === '' ? [] : parts.map((_, index) => parts.slice(0, index + 1).join('/node_modules/'));
  return [`node_modules/${name}`, ...around.map((folder) => `${folder}/node_modules/${name}`)];
}
