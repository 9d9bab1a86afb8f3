import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { BUILD } from '../../../../builder/sources/pypi/build.ts';
import { extractArgs, steps } from '../../../../builder/sources/pypi/virtualenv.ts';
import { throwAwayArguments } from '../../../../builder/sources/throw-away.ts';

describe('virtual environment', () => {
  it('runs the interpreter at its path on the unit, so that scripts name it', () => {
    const [create, install] = steps('/opt/app/venv');
    expect(create).toEqual(['/usr/bin/python3', '-I', '-m', 'venv', '--without-pip', '/opt/app/venv']);
    expect(install?.[0]).toBe('/opt/app/venv/bin/python3');
    expect(install).toContain('--no-index');
  });

  it('compiles what can be compiled, never to be compared with its source, and passes over the rest', () => {
    const path = mkdtempSync(join(tmpdir(), 'virtualenv-'));
    mkdirSync(join(path, 'lib'));
    writeFileSync(join(path, 'lib', 'good.py'), "pattern = '\\('\n");
    writeFileSync(join(path, 'lib', 'old.py'), "print 'Python 2'\n");
    const args = steps(path)[2]?.slice(1) ?? [];
    expect(execFileSync('python3', args, { encoding: 'utf8', stdio: 'pipe' })).toBe('');
    const cache = join(path, 'lib', '__pycache__');
    const [compiled = '', ...others] = readdirSync(cache);
    expect(compiled).toMatch(/^good\./);
    expect(others).toEqual([]);
    expect(readFileSync(join(cache, compiled)).readUInt32LE(4)).toBe(1);
  });

  it('takes the interpreter and its libraries out of the root file system, and not the whole of it', () => {
    const args = extractArgs('/r.tar', '/tree');
    expect(args).toContain('./usr/lib/python3*');
    expect(args).not.toContain('./usr');
  });
});

describe('build of source distributions', () => {
  const args = throwAwayArguments(['python3-pip', 'build-essential'], BUILD, '/cache/my repo');

  it('happens as nobody, without an index, and leaves no system behind', () => {
    const hook = args.find((arg) => arg.startsWith('--customize-hook=')) ?? '';
    expect(hook).toContain('--userspec=nobody');
    expect(hook).toContain('--no-index');
    expect(hook).toContain('--no-build-isolation');
    expect(args).toContain('--format=null');
  });

  it('has no path in a shell script, and quotes it for apt', () => {
    expect(args.filter((arg) => arg.includes('/cache'))).toEqual(['deb [trusted=yes] copy:/cache/my%20repo ./']);
  });
});
