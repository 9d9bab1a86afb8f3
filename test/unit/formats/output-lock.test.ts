import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';

import { withOutputLock } from '../../../builder/formats/output-lock.ts';
import { ExitCode, Interrupted } from '../../../builder/kit/errors.ts';
import { testContext } from '../../helpers/context.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
});

it('lets one in after the other, leaves nothing, and says what it waits for', async () => {
  const { ctx, events } = testContext();
  const order: string[] = [];
  let leave = (): void => undefined;
  const first = withOutputLock(out, ctx, async () => {
    order.push('in');
    await new Promise<void>((resolve) => {
      leave = resolve;
    });
    order.push('out');
  });
  await expect.poll(() => order).toEqual(['in']);
  const second = withOutputLock(out, ctx, async () => order.push('second'));
  await expect.poll(() => JSON.stringify(events)).toContain(`waiting for another build that writes into ${out}`);
  leave();
  await Promise.all([first, second]);
  expect(order).toEqual(['in', 'out', 'second']);
  expect(readdirSync(out)).toEqual([]);
});

it('is busy where another does not end, and its wait ends with Ctrl-C', async () => {
  const { ctx, abort } = testContext();
  const inside = (patience?: number): Promise<void> => withOutputLock(out, ctx, async () => undefined, patience);
  await withOutputLock(out, ctx, async () => {
    await expect(inside(0)).rejects.toMatchObject({
      exitCode: ExitCode.busy,
      message: `Another build is writing into ${out}`,
      remedies: expect.arrayContaining(['or let this one write elsewhere: --out FOLDER']),
    });
    const waiting = inside();
    setTimeout(() => abort(new Interrupted('SIGINT')), 50);
    await expect(waiting).rejects.toThrow(Interrupted);
  });
});

it('takes over from a build that was killed', async () => {
  writeFileSync(join(out, '.unitsmith-lock.1-999999999999-00000000'), 'held\n');
  expect(await withOutputLock(out, testContext().ctx, async () => 'in', 0)).toBe('in');
  expect(readdirSync(out)).toEqual([]);
});
