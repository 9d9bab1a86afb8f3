import { expect, it } from 'vitest';

import type { ResolvedPackage } from '../../../builder/sources/debian/stanza.ts';
import { type ThrowAwaySystem, throwAwayHash } from '../../../builder/sources/throw-away.ts';

it('hashes whatever decides what comes out: script, packages, and what the archive makes of them', () => {
  const system = (packages: string[], sha256: string) =>
    ({ packages, solution: { packages: [{ sha256 } as ResolvedPackage], stanzas: {} } }) as unknown as ThrowAwaySystem;
  const [one, two] = ['a'.repeat(64), 'b'.repeat(64)];
  const hashes = [
    throwAwayHash(system(['gcc'], one), 'make'),
    throwAwayHash(system(['gcc'], one), 'make all'),
    throwAwayHash(system(['gcc', 'g++'], one), 'make'),
    throwAwayHash(system(['gcc'], two), 'make'),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
  expect(throwAwayHash(system(['gcc'], one), 'make')).toBe(hashes[0]);
});
