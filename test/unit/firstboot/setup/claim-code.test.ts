import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { codesMatch, formatCode, normaliseCode } from '../../../../firstboot/setup/claim-code.ts';

const CODE = '0A1BCDXZ9TV7';

describe('what people type for the code', () => {
  test.each([
    ['0A1B-CDXZ-9TV7'],
    ['0a1bcdxz9tv7'],
    ['  OaIb cdXZ 9tv7\n'],
    ['0aLb-cdxz-9tv7'],
    ['0-A-1-B-C-D-X-Z-9-T-V-7-'],
    ['0A1B\u00a0CDXZ\u20039TV7'],
  ])('%j is the code', (typed) => expect(codesMatch(typed, CODE)).toBe(true));

  test.each([
    ['', 'nothing'],
    ['----', 'no character'],
    ['0A1BCDXZ9TV', 'a character too few'],
    ['0A1BCDXZ9TV77', 'one too many'],
    ['0A1BCDXZ9TV8', 'another'],
    ['0A1BCDXZ9TV7\0', 'a character that no code has'],
    ['UA1BCDXZ9TV7', 'a U'],
    ['０A1BCDXZ9TV7', 'a wide digit'],
  ])('%j (%s) is not', (typed) => expect(codesMatch(typed, CODE)).toBe(false));

  test('nothing matches where there is no code but nothing, which no caller compares', () => {
    expect(normaliseCode('')).toBeUndefined();
    expect(normaliseCode(' - ')).toBeUndefined();
    expect(formatCode('ABCDEFGHJKMN')).toBe('ABCD-EFGH-JKMN');
    expect(formatCode('ABCDEFGHJK')).toBe('ABCD-EFGH-JK');
  });

  test('is read the same however it is typed (property)', () => {
    const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
    const looks: Record<string, string> = { 0: '0oO', 1: '1iIlL' };
    const typed = fc.array(fc.tuple(fc.integer({ min: 0, max: 31 }), fc.nat(), fc.constantFrom('', '-', ' ', '--', '\t')), {
      minLength: 1,
      maxLength: 64,
    });
    fc.assert(
      fc.property(typed, (parts) => {
        const code = parts.map(([index]) => letters[index] as string).join('');
        const text = parts
          .map(([index, pick, gap]) => {
            const letter = letters[index] as string;
            const forms = looks[letter] ?? letter + letter.toLowerCase();
            return `${forms[pick % forms.length]}${gap}`;
          })
          .join('');
        expect(normaliseCode(text)).toBe(code);
        expect(normaliseCode(formatCode(code))).toBe(code);
      }),
    );
  });

  test('any text is a code of the alphabet or none (property)', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
        expect(normaliseCode(text) ?? '0').toMatch(/^[0-9A-HJKMNP-TV-Z]+$/);
      }),
    );
  });
});
