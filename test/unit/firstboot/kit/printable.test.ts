import { expect, test } from 'vitest';

import { printable } from '../../../../firstboot/kit/printable.ts';

test.each([
  ['core-1, 設定, сервер', 'core-1, 設定, сервер'],
  ['a\u001b[2Jb', 'a [2Jb'],
  ['a\r\nb\u0085\u202ec', 'a b c'],
])('%j is %j', (text, shown) => expect(printable(text)).toBe(shown));
