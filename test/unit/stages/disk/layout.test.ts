import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { checkFits, derivedUuid, diskLayout } from '../../../../builder/stages/disk/layout.ts';

const GIB = 2 ** 30;

describe('diskLayout', () => {
  it('aligns, never overlaps, keeps the root last and room for the second GPT, whatever the size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2 ** 28, max: 2 ** 43 }), (bytes) => {
        const layout = diskLayout(bytes, 'seed');
        const { biosBoot, efiSystem, root } = layout.partitions;
        expect(layout.bytes).toBeLessThanOrEqual(bytes);
        expect(layout.bytes % 2 ** 20).toBe(0);
        expect(biosBoot.start + biosBoot.size).toBeLessThanOrEqual(efiSystem.start);
        expect(efiSystem.start + efiSystem.size).toBeLessThanOrEqual(root.start);
        expect((root.start + root.size) * 512).toBeLessThanOrEqual(layout.bytes - 33 * 512);
        expect(layout.rootOffset).toBe(root.start * 512);
        expect(layout.rootBytes % 4096).toBe(0);
        expect(layout.rootBytes).toBeLessThanOrEqual(root.size * 512);
        for (const { start } of [biosBoot, efiSystem, root]) expect((start * 512) % 2 ** 20).toBe(0);
      }),
    );
  });

  it('gives an EFI partition that is large enough for FAT32 with one sector a cluster', () => {
    expect(diskLayout(GIB, 's').partitions.efiSystem.size).toBeGreaterThan(65525 + 2 * 512);
  });

  it('follows from the seed', () => {
    expect(diskLayout(GIB, 'a')).toEqual(diskLayout(GIB, 'a'));
    expect(diskLayout(GIB, 'a').rootUuid).not.toBe(diskLayout(GIB, 'b').rootUuid);
  });

  it('makes UUIDs of version 8, each its own', () => {
    const uuids = ['a', 'b', 'c'].map((purpose) => derivedUuid('seed', purpose));
    for (const uuid of uuids) expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(uuids).size).toBe(3);
  });
});

describe('checkFits', () => {
  it('lets pass what fits', () => {
    expect(() => checkFits(diskLayout(4 * GIB, 's'), GIB)).not.toThrow();
  });

  it('says how large the disk must be', () => {
    expect(() => checkFits(diskLayout(GIB, 's'), GIB)).toThrow(
      expect.objectContaining({ exitCode: 3, remedies: ['set hardware.disk to 2 GiB or more in image.yaml'] }),
    );
  });
});
