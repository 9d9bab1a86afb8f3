import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import type { LoadedImage } from '../../../builder/definition/definition.ts';
import { ExitCode, ToolError } from '../../../builder/kit/errors.ts';
import { notUp, type ProofInput, proofStage, waitForPage } from '../../../builder/stages/proof.ts';
import { GuestFailure, type Machine } from '../../../builder/vm/machine.ts';
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

it('reports a unit that does not come up as such, with its console', () => {
  const excerpt = { title: 'Serial console', lines: ['You are in emergency mode'] };
  const failure = new GuestFailure('SSH never came up on x (waited 180 s)', { exitCode: ExitCode.tool, why: 'emergency mode', excerpt });
  expect(notUp(failure, 'look at the unit itself')).toMatchObject({
    exitCode: ExitCode.proof,
    message: 'The unit did not come up: SSH never came up on x (waited 180 s)',
    why: 'emergency mode',
    remedies: ['look at the unit itself'],
    excerpt,
  });
});

it('says that the setup page never answered, with the journal', async () => {
  const failure = { program: 'ssh', args: [], exitCode: undefined, signal: undefined, missing: false, timedOut: true, tail: [] };
  const machine = {
    output: async () => Promise.reject(new ToolError(failure)),
    ssh: async () => ({ exitCode: 0, stdout: 'unit-setup.service failed\n', stderr: '' }),
    deadline: (seconds: number) => ({ at: 0, seconds }),
  } as unknown as Machine;
  await expect(waitForPage(machine, ['look'])).rejects.toMatchObject({
    exitCode: ExitCode.proof,
    message: 'The setup page never answered',
    remedies: expect.arrayContaining(['look']),
    excerpt: { lines: ['unit-setup.service failed'] },
  });
});
