import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type AuditFinding, applyExceptions } from '../../../builder/audit/audit.ts';
import { parseStatus } from '../../../builder/audit/dpkg-status.ts';
import { globToRegExp } from '../../../builder/audit/glob.ts';
import { auditRuleNames } from '../../../builder/audit/index.ts';
import { RULES } from '../../../builder/audit/rules/index.ts';

describe('rules', () => {
  it('have names of their own, a title and a remedy that read as sentences', () => {
    expect(new Set(auditRuleNames()).size).toBe(RULES.length);
    for (const { name, title, remedy } of RULES) {
      expect(name).toMatch(/^[a-z][a-z-]+$/);
      expect(title).toMatch(/^([A-Z]|cloud-init ).*[^.]$/s);
      expect(remedy).toMatch(/^[A-Z].*\.$/s);
    }
  });
});

describe('globs of exceptions', () => {
  it.each([
    ['/opt/app/*.pem', '/opt/app/key.pem', true],
    ['/opt/app/*.pem', '/opt/app/sub/key.pem', false],
    ['/opt/**/key.pem', '/opt/app/sub/key.pem', true],
    ['/opt/app/?', '/opt/app/a', true],
    ['/opt/app/?', '/opt/app/ab', false],
    ['/opt/a.b', '/opt/aXb', false],
    ['/opt/[a]', '/opt/a', false],
    ['/opt/two*', '/opt/two\nlines', true],
  ])('%s on %s: %s', (glob, path, matches) => {
    expect(globToRegExp(glob).test(path)).toBe(matches);
  });

  it('match exactly themselves where they have no wildcard', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        fc.pre(!/[*?]/.test(a));
        return globToRegExp(`/${a}`).test(`/${b}`) === (a === b);
      }),
    );
  });
});

describe('exceptions', () => {
  const finding: AuditFinding = { rule: 'logs', severity: 'error', path: '/var/log/a', message: 'is a log', remedy: 'Remove it.' };

  it('are of one rule only', () => {
    const judged = applyExceptions([finding], [{ rule: 'caches', path: '/var/log/a', reason: 'another rule' }]);
    expect(judged.map(({ severity, rule }) => [severity, rule])).toEqual([
      ['error', 'logs'],
      ['warning', 'caches'],
    ]);
  });

  it('are no warning where they are for what may be put there', () => {
    expect(applyExceptions([], [{ rule: 'logs', path: 'core:/app/**', reason: 'of the real one', optional: true }])).toEqual([]);
  });

  it('turn an error into information that keeps the reason', () => {
    expect(applyExceptions([finding], [{ rule: 'logs', path: '/var/log/*', reason: 'needed by the product' }])).toEqual([
      { ...finding, severity: 'info', excepted: 'needed by the product' },
    ]);
  });
});

describe('dpkg status', () => {
  it('gives source, Built-Using and conffiles', () => {
    const [busybox, plain] = parseStatus(`Package: zplain
Status: deinstall ok config-files
Architecture: all
Version: 1:2-3

Package: busybox
Status: install ok installed
Installed-Size: 10
Architecture: amd64
Source: busybox-src (1:1.37.0-6)
Version: 1:1.37.0-6+b3
Built-Using: glibc (= 2.41-12), gcc-14 (= 14.2.0-19)
Static-Built-Using: rustc (= 1.85.0+dfsg3-1)
Conffiles:
 /etc/busybox.conf d41d8cd98f00b204e9800998ecf8427e
 /etc/old file 0123456789abcdef0123456789abcdef obsolete
Description: short
 Conffiles: of a description do not count
`);
    expect(busybox).toMatchObject({
      ...{ name: 'busybox', state: 'installed', source: 'busybox-src', sourceVersion: '1:1.37.0-6', installedBytes: 10240 },
      builtUsing: [
        { name: 'glibc', version: '2.41-12' },
        { name: 'gcc-14', version: '14.2.0-19' },
        { name: 'rustc', version: '1.85.0+dfsg3-1' },
      ],
      conffiles: [
        ['/etc/busybox.conf', 'd41d8cd98f00b204e9800998ecf8427e'],
        ['/etc/old file', '0123456789abcdef0123456789abcdef'],
      ],
    });
    expect(plain).toMatchObject({ name: 'zplain', state: 'config-files', source: 'zplain', sourceVersion: '1:2-3' });
  });
});
