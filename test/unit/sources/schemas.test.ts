import { describe, expect, it } from 'vitest';

import { compileSchema } from '../../../builder/kit/schema.ts';
import { Artifact } from '../../../builder/sources/artifact.ts';

const sha256 = 'a'.repeat(64);
const url = 'https://example.org/x.tgz';
/** One definition a kind that has files of its own on the unit. */
const KINDS: Record<string, (more: object) => object> = {
  file: (more) => ({ kind: 'file', path: 'app', ...more }),
  git: (more) => ({ kind: 'git', url: 'https://example.org/x.git', commit: 'b'.repeat(40), ...more }),
  maven: (more) => ({ kind: 'maven', coordinates: ['org.example:app:1.0'], ...more }),
  npm: (more) => ({ kind: 'npm', path: 'app', ...more }),
  pypi: (more) => ({ kind: 'pypi', requirements: 'requirements.txt', ...more }),
  url: (more) => ({ kind: 'url', url, sha256, ...more }),
};
const accepts = (definition: object): boolean => compileSchema(Artifact)(definition).length === 0;
const inContainer = (artifact: object): object => ({ kind: 'container', build: { packages: [], artifacts: { app: artifact } } });

describe.each(Object.entries(KINDS))('kind %s', (kind, definition) => {
  it.each([
    ['/', true],
    ['/opt/app', true],
    ['/opt/..app/a..', true],
    ['opt/app', false],
    ['/..', false],
    ['/../../home/me', false],
    ['/opt/../../home/me', false],
    ['/opt/..', false],
    ['/opt\n/../../home/me', false],
  ])('into %j: %s', (into, right) => {
    expect(accepts(definition({ into }))).toBe(right);
    if (kind !== 'maven') expect(accepts(inContainer(definition({ into })))).toBe(right);
  });
});

it('keeps virtual environments on the unit, and results in the project', () => {
  expect(accepts(KINDS['pypi']?.({ virtualenv: '/opt/venv' }) ?? {})).toBe(true);
  expect(accepts(KINDS['pypi']?.({ virtualenv: '/opt/../../venv' }) ?? {})).toBe(false);
  const results = ['dist', './dist', '.next', '/dist', '../dist', 'a/../../dist'];
  expect(results.map((result) => accepts(KINDS['npm']?.({ into: '/opt', result }) ?? {}))).toEqual([true, true, true, false, false, false]);
});

it.each(['https://example.org/a b', 'https://example.org/a\nupload-file = "/etc/passwd"', 'https://example.org/a\n', 'https://'])(
  'takes no address %j',
  (address) => {
    expect(accepts({ kind: 'url', url: address, sha256, into: '/opt' })).toBe(false);
    expect(accepts({ kind: 'debian', packages: [{ url: address, sha256 }] })).toBe(false);
  },
);

it('takes whole addresses', () => {
  expect(accepts({ kind: 'url', url: 'file:///home/me/my%20file', sha256, into: '/opt' })).toBe(true);
  expect(accepts({ kind: 'debian', packages: [{ url, sha256 }] })).toBe(true);
});
