import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';

import { ToolError } from '../../../../builder/kit/errors.ts';
import { explainInstallFailure, failedPackages } from '../../../../builder/stages/rootfs/failure.ts';

const tail = [
  'dpkg: error processing package broken (--configure):',
  'Errors were encountered while processing:',
  ' broken',
  ' other',
  'E: Sub-process',
];

function failure(lines: readonly string[], missing = false): ToolError {
  return new ToolError({ program: 'unshare', args: [], exitCode: 1, signal: undefined, missing, timedOut: false, tail: lines });
}

it('failedPackages reads the list at the end of dpkg', () => {
  expect(failedPackages(tail)).toEqual(['broken', 'other']);
  expect(failedPackages(['E: Unable to locate package'])).toEqual([]);
});

describe('explainInstallFailure', () => {
  it('names the packages that failed and shows the last lines', async () => {
    const error = await explainInstallFailure(failure(tail), tmpdir());
    expect(error).toMatchObject({ name: 'UserError', exitCode: 6, message: 'Could not install broken, other', excerpt: { lines: tail } });
  });

  it('leaves a missing program and a bug as they are', async () => {
    const missing = failure([], true);
    expect(await explainInstallFailure(missing, tmpdir())).toBe(missing);
    const bug = new TypeError('x');
    expect(await explainInstallFailure(bug, tmpdir())).toBe(bug);
  });
});
