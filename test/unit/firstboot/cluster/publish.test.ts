import { describe, expect, it } from 'vitest';

import { bundleText } from '../../../../firstboot/cluster/leader/publish.ts';
import type { Bundle } from '../../../../firstboot/contract/cluster.ts';

const bundle = (path: string, data = 'YQ=='): Bundle => ({
  schemaVersion: 1,
  image: 'shop',
  role: 'core',
  trees: { '/var/shop': [{ path, mode: 0o644, data }] },
});

describe('what a leader gives out', () => {
  it('is what a follower takes', () => {
    expect(JSON.parse(bundleText(bundle('a.conf')))).toEqual(bundle('a.conf'));
  });

  it.each([
    ['larger than 32 MiB', bundle('a.conf', 'a'.repeat(32 * 1024 * 1024))],
    ['cannot be given out', bundle('a\nb')],
  ])('else the leader says so: %s', (why, wrong) => {
    expect(() => bundleText(wrong)).toThrow(why);
  });
});
