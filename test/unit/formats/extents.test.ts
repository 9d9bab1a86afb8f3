import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { BATCH_GRAINS, batchesOf } from '../../../builder/formats/vmdk/batches.ts';
import { GRAIN_BYTES, TABLE_ENTRIES } from '../../../builder/formats/vmdk/layout.ts';
import { type Extent, toExtents } from '../../../builder/tools/disk-map.ts';

const BATCH_BYTES = BATCH_GRAINS * GRAIN_BYTES;

describe('toExtents', () => {
  const entry = { data: true, zero: false, depth: 0 };

  it('joins neighbours that stand together in the file, and leaves holes out', () => {
    expect(
      toExtents([
        { ...entry, start: 0, length: 10, offset: 100 },
        { ...entry, start: 10, length: 10, offset: 110 },
        { ...entry, start: 20, length: 10, offset: 500 },
        { ...entry, start: 30, length: 10, data: false, zero: true },
        { ...entry, start: 40, length: 10, offset: 900, zero: true },
        { ...entry, start: 50, length: 10, offset: 510 },
      ]),
    ).toEqual([
      { start: 0, length: 20, offset: 100 },
      { start: 20, length: 10, offset: 500 },
      { start: 50, length: 10, offset: 510 },
    ]);
  });

  it.each([
    ['data without a place (compressed)', { ...entry, start: 0, length: 10 }],
    ['data of a backing file', { ...entry, start: 0, length: 10, offset: 0, depth: 1 }],
  ])('gives up where there is %s', (_what, first) => {
    expect(toExtents([first, { ...entry, start: 10, length: 10, offset: 20 }])).toBeUndefined();
  });
});

describe('batchesOf', () => {
  const extents = fc
    .array(fc.record({ gap: fc.nat(3 * BATCH_BYTES), length: fc.integer({ min: 1, max: 3 * BATCH_BYTES }), offset: fc.nat(2 ** 40) }), {
      maxLength: 12,
    })
    .map((parts) => {
      let end = 0;
      return parts.map(({ gap, length, offset }): Extent => {
        const start = end + gap;
        end = start + length;
        return { start, length, offset };
      });
    });

  it('covers each byte of the extents once, in order, and never crosses a grain table', () => {
    fc.assert(
      fc.property(extents, (list) => {
        const batches = [...batchesOf(list)];
        const pieces = batches.flatMap(({ first, pieces: of }) =>
          of.map(({ at, length, position }) => ({
            start: first * GRAIN_BYTES + at,
            length,
            offset: position,
            within: at + length <= BATCH_BYTES,
          })),
        );
        expect(pieces.every(({ within }) => within)).toBe(true);
        expect(batches.map(({ first }) => first)).toEqual([...new Set(batches.map(({ first }) => first))].sort((a, b) => a - b));
        expect(batches.every(({ first }) => (first % TABLE_ENTRIES) + BATCH_GRAINS <= TABLE_ENTRIES && first % BATCH_GRAINS === 0)).toBe(
          true,
        );
        // Pieces joined again are the extents.
        const joined: Extent[] = [];
        for (const { start, length, offset } of pieces) {
          const last = joined.at(-1);
          const continues = last !== undefined && last.start + last.length === start && last.offset + last.length === offset;
          if (continues && !list.some((extent) => extent.start === start)) last.length += length;
          else joined.push({ start, length, offset });
        }
        expect(joined).toEqual(list);
      }),
    );
  });
});
