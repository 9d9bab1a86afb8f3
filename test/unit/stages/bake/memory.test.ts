import { expect, it } from 'vitest';

import { largestGuest } from '../../../../builder/stages/bake-image.ts';

it.each([
  ['512 MiB', 1.5 * 2 ** 30],
  ['4 GiB', 4 * 2 ** 30],
])('an image with %s needs the memory of its largest guest', (memory, bytes) => {
  expect(largestGuest({ hardware: { cpus: 1, memory, disk: '8 GiB' } })).toBe(bytes);
});
