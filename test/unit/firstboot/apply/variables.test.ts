import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { replaceVariables } from '../../../../firstboot/apply/variables/replace.ts';

const values = new Map([
  ['DOMAIN', 'example.org'],
  ['REG_MASTER_IP_ADDRESS', '192.0.2.1'],
  ['IP_ADDRESS', '192.0.2.9'],
]);
const replaced = (text: string, file = 'a.yml'): string => replaceVariables(text, values, file).text;

describe('variables', () => {
  it.each([
    ['https://reg.DOMAIN/', 'https://reg.example.org/'],
    ['DOMAIN-bundle.crt', 'example.org-bundle.crt'],
    ['"REG_MASTER_IP_ADDRESS:6379:6379"', '"192.0.2.1:6379:6379"'],
    ['MY_DOMAIN DOMAINS DOMAIN2 ${DOMAIN_NAME}', 'MY_DOMAIN DOMAINS DOMAIN2 ${DOMAIN_NAME}'],
    ['domain: DOMAIN\n', 'domain: example.org\n'],
  ])('%j becomes %j', (before, after) => {
    expect(replaced(before)).toBe(after);
  });

  it('what a value brings along is no variable', () => {
    expect(
      replaceVariables(
        'A B',
        new Map([
          ['A', 'B'],
          ['B', 'A'],
        ]),
        'x',
      ).text,
    ).toBe('B A');
  });

  it('says which it found', () => {
    expect([...replaceVariables('DOMAIN', values, 'x').used]).toEqual(['DOMAIN']);
  });

  it('in JSON every value is the text that it is', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const { text } = replaceVariables('{ "a": "b DOMAIN c" }', new Map([['DOMAIN', value]]), 'conf/a.json');
        expect(JSON.parse(text)).toEqual({ a: `b ${value} c` });
      }),
    );
  });

  it.each(['a"b', "a'b", 'a;b', 'a\nb', '$a', 'a{b', 'a#b'])('elsewhere %j is refused, and not shown', (value) => {
    const replace = (): unknown => replaceVariables('x DOMAIN', new Map([['DOMAIN', value]]), 'nginx.conf');
    expect(replace).toThrow('the value of DOMAIN has a character that nginx.conf cannot take');
  });
});
