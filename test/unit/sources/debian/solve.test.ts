import { expect, it } from 'vitest';

import { parseUris } from '../../../../builder/sources/debian/solve.ts';

it('reads what apt-get --print-uris prints', () => {
  const text = [
    'Reading package lists...',
    `'http://x/pool/z/zlib1g_1.3%2b1_amd64.deb' zlib1g_1%3a1.3+1_amd64.deb 88720 SHA256:${'b'.repeat(64)}`,
    `'file:/a/b.deb' foo_2.0~rc1_all.deb 656 `,
    '',
  ].join('\n');
  expect(parseUris(text)).toEqual([
    { url: 'http://x/pool/z/zlib1g_1.3%2b1_amd64.deb', name: 'zlib1g', version: '1:1.3+1', sha256: 'b'.repeat(64) },
    { url: 'file:/a/b.deb', name: 'foo', version: '2.0~rc1', sha256: undefined },
  ]);
});
