import { expect, it } from 'vitest';

import { packagesOf } from '../../../../builder/sources/debian/source.ts';

it('tells packages that came as artifacts from other artifacts', () => {
  const files = (...names: string[]) => names.map((name) => ({ name, sha256: 'a'.repeat(64) }));
  expect(
    packagesOf([
      { locked: { kind: 'debian', files: files('vendor', 'vendor-common') } },
      { locked: { kind: 'container', files: files('libc6') } },
      { locked: { kind: 'debian', files: files('other') } },
    ]),
  ).toEqual(['vendor', 'vendor-common', 'other']);
});
