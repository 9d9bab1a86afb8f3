import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import type { LoadedImage } from '../../../builder/definition/definition.ts';
import { type ProofInput, proofStage } from '../../../builder/stages/proof.ts';
import { testContext } from '../../helpers/context.ts';

const folder = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));

async function inputs(hardware: { cpus: number; memory: string }): Promise<string> {
  const image = { folder, definition: { hardware } } as unknown as LoadedImage;
  const input: ProofInput = { image, disk: 'd', bakeId: 'b', acceleration: { kind: 'tcg', cpuModel: 'max', reason: '', timeoutFactor: 1 } };
  return JSON.stringify(await proofStage.inputs(input, testContext().ctx));
}

it('is proved again on other hardware, though the disk is the same', async () => {
  const before = await inputs({ cpus: 2, memory: '2 GiB' });
  expect(await inputs({ cpus: 2, memory: '2048 MiB' })).toBe(before);
  expect(await inputs({ cpus: 1, memory: '2 GiB' })).not.toBe(before);
  expect(await inputs({ cpus: 2, memory: '1 GiB' })).not.toBe(before);
});
