import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { ToolError } from '../../../../builder/kit/errors.ts';
import { bakeFailure, plainLines } from '../../../../builder/stages/bake/failure.ts';
import { BakeProgress } from '../../../../builder/stages/bake/progress.ts';
import { testContext } from '../../../helpers/context.ts';

const error = (timedOut = false): ToolError =>
  new ToolError({ program: 'packer', args: [], exitCode: 1, signal: undefined, missing: false, timedOut, tail: ['tail'] });

function progress(): BakeProgress {
  return new BakeProgress(testContext().ctx, ['unpack', 'scripts/10-a', 'boot-loader', 'seal']);
}

function serialLog(text?: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'unitsmith-test-')), 'serial.log');
  if (text !== undefined) writeFileSync(file, text);
  return file;
}

describe('bakeFailure', () => {
  it("shows the failing script's own last lines, not Packer's after it", async () => {
    const seen = progress();
    seen.onMark({ mark: 'started', what: 'scripts/10-a' });
    seen.onMessage({ kind: 'message', text: 'making locale' });
    seen.onMessage({ kind: 'error', text: 'no such locale' });
    seen.onMark({ mark: 'failed', what: 'scripts/10-a', exitCode: 3 });
    seen.onMessage({ kind: 'say', text: 'Deleting output directory...' });
    expect(await bakeFailure(error(), seen, serialLog('console'), 10)).toMatchObject({
      exitCode: 6,
      message: 'scripts/10-a failed in the guest',
      why: 'it ended with exit code 3',
      excerpt: { lines: ['making locale', 'no such locale'] },
    });
  });

  it('shows the console where SSH never came up', async () => {
    const failure = await bakeFailure(error(), progress(), serialLog('\x1b[0;32mbooting\x1b[0m\r\nKernel panic\r\n'), 10);
    expect(failure.message).toContain('could not be reached by SSH');
    expect(failure.excerpt?.lines).toEqual(['booting', 'Kernel panic']);
  });

  it('shows what Packer says where QEMU did not even start', async () => {
    const seen = progress();
    seen.onMessage({ kind: 'error', text: 'qemu-system-x86_64: invalid accelerator kvm' });
    const failure = await bakeFailure(error(), seen, serialLog(), 10);
    expect(failure.message).toBe('Packer could not start the virtual machine');
    expect(failure.excerpt?.lines).toEqual(['qemu-system-x86_64: invalid accelerator kvm']);
  });

  it('tells a guest that was lost from a script that failed', async () => {
    const seen = progress();
    seen.onMark({ mark: 'started', what: 'seal' });
    expect(await bakeFailure(error(true), seen, serialLog('x'), 10)).toMatchObject({
      message: 'The guest was lost during "seal"',
      why: 'the bake did not end within 10 minutes',
    });
  });
});

it('plainLines drops control sequences, empty lines and what was overwritten', () => {
  expect(plainLines('a\x1b[2Jb\n\n50%\r100%\ndone\r\n')).toEqual(['ab', '100%', 'done']);
});
