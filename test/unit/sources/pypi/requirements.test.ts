import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { ExitCode, type UserError } from '../../../../builder/kit/errors.ts';
import { normaliseName, parseRequirement, readRequirements } from '../../../../builder/sources/pypi/requirements.ts';

const HASH = 'c'.repeat(64);

describe('parseRequirement', () => {
  it.each([
    ['Flask==3.0.3', { name: 'flask', version: '3.0.3', text: 'Flask==3.0.3', hashes: [] }],
    ['celery[redis, auth] == 5.4.0', { name: 'celery', version: '5.4.0', text: 'celery[redis, auth]==5.4.0', hashes: [] }],
    ['tomli==2.0 ; python_version < "3.11"', { name: 'tomli', version: '2.0', text: 'tomli==2.0 ; python_version < "3.11"', hashes: [] }],
    [`x==1 --hash=sha256:${HASH}`, { name: 'x', version: '1', text: 'x==1', hashes: [HASH] }],
    ['zope.interface===6.0+local', { name: 'zope-interface', version: '6.0+local', text: 'zope.interface==6.0+local', hashes: [] }],
  ])('%s', (text, expected) => {
    expect(parseRequirement(text)).toEqual(expected);
  });

  it.each([
    ['flask', /no exact version/],
    ['flask>=3', /no exact version/],
    ['flask==3.*', /no exact version/],
    ['flask==3,<4', /no exact version/],
    ['flask @ https://example.org/flask.whl', /no exact version/],
    ['-r other.txt', /options do not belong here: -r/],
    ['--index-url=https://example.org/simple', /options do not belong here: --index-url/],
    ['-e .', /options do not belong here: -e/],
    // Nothing would hold the file to it.
    [`x==1 --hash=sha512:${HASH}${HASH}`, /sha512:c+ is no SHA-256/],
    [`x==1 --hash=sha256:${HASH} --hash=sha256:abc`, /sha256:abc is no SHA-256/],
  ])('refuses %s', (text, message) => {
    expect(parseRequirement(text)).toMatchObject({ problem: expect.stringMatching(message), suggestion: expect.any(String) });
  });
});

describe('readRequirements', () => {
  const write = (text: string): string => {
    const file = join(mkdtempSync(join(tmpdir(), 'requirements-')), 'requirements.txt');
    writeFileSync(file, text);
    return file;
  };

  it('reads what pip-compile writes', async () => {
    const file = write(
      `# made by pip-compile\n\nflask==3.0.3 \\\n    --hash=sha256:${HASH} \\\n    --hash=sha256:${HASH}\n    # via -r in\nclick==8 # why\r\n`,
    );
    expect(await readRequirements(file)).toMatchObject([
      { name: 'flask', hashes: [HASH, HASH] },
      { name: 'click', version: '8', hashes: [] },
    ]);
  });

  it('reports every line at once, each with its number', async () => {
    const file = write('flask==3\n\nclick\n\n-r x\n');
    const error = (await readRequirements(file).catch((thrown: unknown) => thrown)) as UserError;
    expect(error.exitCode).toBe(ExitCode.definition);
    expect(error.problems.map(({ where }) => [where?.file, where?.line])).toEqual([
      [file, 3],
      [file, 5],
    ]);
  });
});

it('normalises names as PEP 503 does', () => {
  expect(['Flask_SQLAlchemy', 'zope.interface', 'a-_.B'].map(normaliseName)).toEqual(['flask-sqlalchemy', 'zope-interface', 'a-b']);
});
