import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { attribute, ovfEnvironment } from '../../../../builder/vm/seeds/ovf-environment.ts';
import { runs } from '../../../helpers/runs.ts';

/** What an XML parser that is not ours reads as the value of the one property. */
function readBack(document: string): string {
  const expression = 'string(/*[local-name()="Environment"]/*[local-name()="PropertySection"]/*/@*[local-name()="value"])';
  const { stdout, stderr, status } = spawnSync('xmllint', ['--xpath', expression, '-'], { input: document, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout.replace(/\n$/, '');
}

describe('OVF environment', () => {
  test.each(['plain', `<a href="x">&amp;</a> 'y'`, '$(reboot) `id` %s \\n', 'Копник 日本 🙂', 'first\nsecond\tthird\r\nend'])(
    '%j is read back',
    (value) => {
      expect(readBack(ovfEnvironment({ key: value }))).toBe(value);
    },
  );

  test('any text that XML can carry is read back', () => {
    const text = fc
      .string({ unit: 'binary' })
      .filter((value) => !/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/u.test(value) && !value.endsWith('\n'));
    fc.assert(
      fc.property(text, (value) => {
        expect(readBack(ovfEnvironment({ key: value }))).toBe(value);
      }),
      runs(40),
    );
  });

  test('what XML cannot carry is refused', () => {
    expect(() => attribute('a\0b')).toThrow('XML cannot carry');
    expect(() => attribute('\ud800')).toThrow('XML cannot carry');
  });

  test('keys and namespaces are as DSP0243 has them', () => {
    const document = ovfEnvironment({ 'unit.domain': 'x' });
    expect(document).toContain('xmlns="http://schemas.dmtf.org/ovf/environment/1"');
    expect(document).toContain('<Property oe:key="unit.domain" oe:value="x"/>');
  });
});
