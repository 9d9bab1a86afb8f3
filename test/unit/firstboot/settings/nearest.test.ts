import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { editDistance, similarNames } from '../../../../firstboot/settings/nearest.ts';

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['abc', 'abc', 0],
    ['abc', 'abd', 1],
    ['abc', 'acb', 1],
    ['abc', 'ab', 1],
    ['abc', 'abcd', 1],
    ['kitten', 'sitting', 3],
  ])('%s to %s takes %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  it('is symmetric, and zero for equal texts only', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
      }),
    );
  });
});

describe('similarNames', () => {
  it('gives the nearest first, three at most, and never the name itself', () => {
    const names = ['nginx', 'nginx-light', 'ngins', 'ngix', 'nginxx', 'postgresql'];
    expect(similarNames('nginx', names)).toEqual(['ngins', 'nginxx', 'ngix']);
  });

  it('gives nothing where nothing is near', () => {
    expect(similarNames('qwertyuiop', ['nginx', 'postgresql'])).toEqual([]);
  });
});
