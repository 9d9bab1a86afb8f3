import { describe, expect, test } from 'vitest';

import { QUOTES, sqlIdentifier, Unquotable } from '../../../../firstboot/apply/template/quote.ts';
import type { TemplateFormat } from '../../../../firstboot/contract/step.ts';

describe('literals', () => {
  test.each<[TemplateFormat, unknown, string]>([
    ['json', 'a"\n', '"a\\"\\n"'],
    ['json', [1, { a: null }], '[1,{"a":null}]'],
    ['yaml', 'no', '"no"'],
    ['yaml', '\u0085\u2028', '"\\u0085\\u2028"'],
    ['yaml', true, 'true'],
    ['python', "it's\\\n", "'it\\'s\\\\\\n'"],
    ['python', [true, null, 1.5, { a: 'b' }], "[True, None, 1.5, {'a': 'b'}]"],
    ['shell', "it's $HOME", "'it'\\''s $HOME'"],
    ['ini', '100% é', '100%% é'],
    ['ini', false, 'false'],
    ['nginx', 'a "b" \\', '"a \\"b\\" \\\\"'],
    ['properties', ' a:b=é\n', '\\ a\\:b\\=\\u00e9\\n'],
    ['xml', '<a & "b">\n', '&lt;a &amp; &quot;b&quot;&gt;&#10;'],
    ['sql', "O'Brien", "'O''Brien'"],
    ['sql', "\\'", " E'\\\\'''"],
    ['sql', null, 'NULL'],
    ['sql', true, 'TRUE'],
    ['text', 'a\n$', 'a\n$'],
    ['text', 5, '5'],
  ])('%s %j', (format, value, literal) => expect(QUOTES[format](value, '')).toBe(literal));

  test('systemd doubles the dollar on command lines only', () => {
    expect(QUOTES.systemd('$a %n', 'ExecStart=/bin/x ')).toBe('"$$a %%n"');
    expect(QUOTES.systemd('$a %n', 'Environment=A=')).toBe('"$a %%n"');
  });

  test('identifiers', () => expect(sqlIdentifier('a"b')).toBe('"a""b"'));
});

describe('what a format cannot hold is refused', () => {
  test.each<[TemplateFormat, unknown]>([
    ['ini', 'a\n[section]'],
    ['ini', ' edge'],
    ['ini', 'a ;b'],
    ['ini', '#a'],
    ['nginx', 'a$b'],
    ['xml', '\u0001'],
    ['shell', '\0'],
    ['sql', '\0'],
    ['json', '\ud800'],
    ['text', undefined],
    ['ini', ['a']],
    ['shell', { a: 1 }],
  ])('%s %j', (format, value) => expect(() => QUOTES[format](value, '')).toThrow(Unquotable));

  test('the message does not hold the value', () => expect(() => QUOTES.nginx('top$ecret', '')).toThrow(/^(?!.*ecret)/));
});
