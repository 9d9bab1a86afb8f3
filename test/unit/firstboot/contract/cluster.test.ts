import { describe, expect, it } from 'vitest';

import { Bundle } from '../../../../firstboot/contract/cluster.ts';
import { validateBy } from '../../../../firstboot/settings/index.ts';

const isGood = (path: string): boolean =>
  validateBy(Bundle, {
    schemaVersion: 1,
    image: 'shop',
    role: 'core',
    trees: { '/var/shop': [{ path, mode: 0o644, data: '' }] },
  }).length === 0;

describe('names in the files of a leader', () => {
  it.each(['a', 'conf/a.json', '.hidden', 'a..b/..c/d..', '設定/файл'])('%j is one', (path) => expect(isGood(path)).toBe(true));

  it.each([
    '',
    '/etc/passwd',
    '..',
    '../a',
    'a/..',
    'a/../../b',
    './a',
    'x\n/../../../../etc/cron.d/evil',
    'x\u2028/../../evil',
    'a\nb',
    'a\u0000',
    'a\u001b[2J',
    'a\u007f',
  ])('%j is none', (path) => expect(isGood(path)).toBe(false));
});
