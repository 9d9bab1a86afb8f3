import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { Cleanup } from '../../../builder/kit/cleanup.ts';
import { takeBuildLock } from '../../../builder/pipeline/build-lock.ts';
import { StageCache } from '../../../builder/pipeline/cache.ts';
import { Runner } from '../../../builder/pipeline/runner.ts';
import type { Stage } from '../../../builder/pipeline/stage.ts';
import { testContext } from '../../helpers/context.ts';

/** What the build would say of these tests' stages. */
const CODES = { write: 'a', fail: 'a' };

const remove = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });

function counting(): { stage: Stage<{ text: string }, { file: string }>; runs: () => number } {
  let runs = 0;
  const stage: Stage<{ text: string }, { file: string }> = {
    name: 'write',
    inputs: ({ text }) => ({ text }),
    async run({ text }, folder) {
      runs += 1;
      writeFileSync(join(folder, 'out.txt'), text);
    },
    open: (folder) => ({ file: join(folder, 'out.txt') }),
  };
  return { stage, runs: () => runs };
}

describe('Runner', () => {
  it('runs a stage once for equal inputs, and again for others', async () => {
    const { ctx, events } = testContext();
    const { stage, runs } = counting();
    const runner = new Runner(ctx, 'image', CODES, remove);
    const first = await runner.run(stage, { text: 'a' });
    const second = await runner.run(stage, { text: 'a' });
    expect([first.cached, second.cached, runs()]).toEqual([false, true, 1]);
    expect(second.output).toEqual(first.output);
    await runner.run(stage, { text: 'b' });
    expect(runs()).toBe(2);
    expect(events.map((event) => event.type)).toEqual([
      'stage-started',
      'stage-finished',
      'stage-cached',
      'stage-started',
      'stage-finished',
    ]);
  });

  it('keeps the id of every instance of a stage that runs several times', async () => {
    const { ctx } = testContext();
    const { stage } = counting();
    const runner = new Runner(ctx, 'image', CODES, remove);
    const several = { ...stage, instance: ({ text }: { text: string }) => text };
    const ids = [await runner.run(several, { text: 'a' }), await runner.run(several, { text: 'b' })].map(({ id }) => id);
    expect(runner.ids).toEqual({ 'write/a': ids[0], 'write/b': ids[1] });
  });

  it('runs a stage again whose code has changed', async () => {
    const { ctx } = testContext();
    const { stage, runs } = counting();
    for (const write of ['a', 'a', 'b']) await new Runner(ctx, 'image', { write }, remove).run(stage, { text: 'a' });
    expect(runs()).toBe(2);
    await expect(new Runner(ctx, 'image', {}, remove).run(stage, { text: 'a' })).rejects.toThrow('exported as writeStage');
  });

  it.each([
    ['changed', (file: string) => writeFileSync(file, 'B')],
    ['cut short', (file: string) => writeFileSync(file, '')],
    ['gone', (file: string) => rmSync(file)],
  ])('makes an output anew whose file is %s, and says so', async (_how, damage) => {
    const { ctx, events } = testContext();
    const { stage, runs } = counting();
    const runner = new Runner(ctx, 'image', CODES, remove);
    const { output } = await runner.run(stage, { text: 'A' });
    damage(output.file);
    const again = await runner.run(stage, { text: 'A' });
    expect(runs()).toBe(2);
    expect(readFileSync(again.output.file, 'utf8')).toBe('A');
    expect(events.some((event) => event.type === 'message' && event.level === 'warning')).toBe(true);
  });

  it('leaves nothing of a stage that failed, after undoing its work in reverse order', async () => {
    const { ctx } = testContext();
    const undone: string[] = [];
    const failing: Stage<null, null> = {
      name: 'fail',
      inputs: () => null,
      async run(_input, folder, _ctx, cleanup) {
        writeFileSync(join(folder, 'half'), 'x');
        cleanup.add('first', () => void undone.push('first'));
        cleanup.add('second', () => void undone.push('second'));
        throw new Error('broken');
      },
      open: () => null,
    };
    await expect(new Runner(ctx, 'image', CODES, remove).run(failing, null)).rejects.toThrow('broken');
    expect(undone).toEqual(['second', 'first']);
    expect(readdirSync(join(ctx.cacheDir, 'stages', 'fail'))).toEqual([]);
  });

  it('knows how long a stage took for the image', async () => {
    const { ctx } = testContext();
    const { stage } = counting();
    await new Runner(ctx, 'image', CODES, remove).run(stage, { text: 'a' });
    const cache = new StageCache(ctx);
    expect(await cache.expectedSeconds('write', 'image')).toBeGreaterThanOrEqual(0);
    expect(await cache.expectedSeconds('write', 'other')).toBeUndefined();
  });
});

describe('StageCache', () => {
  it('sweeps what a killed build left, and keeps whole outputs', async () => {
    const { ctx } = testContext();
    const { stage } = counting();
    const { output } = await new Runner(ctx, 'image', CODES, remove).run(stage, { text: 'a' });
    const left = join(ctx.cacheDir, 'stages', 'write', '.partial-abc');
    await mkdir(left);
    await new StageCache(ctx).sweep(remove);
    expect([existsSync(left), existsSync(output.file)]).toEqual([false, true]);
  });

  it.each([
    ['the data', 0x113_4567],
    ['a hole', 0x234_5678],
    ['the last byte', 0x400_0004],
  ])('finds one byte of a large file that was changed in %s, whatever its times say', async (_where, at) => {
    const { ctx } = testContext();
    const cache = new StageCache(ctx);
    const disk: Stage<null, string> = {
      name: 'write',
      inputs: () => null,
      async run(_input, folder) {
        writeFileSync(join(folder, 'disk'), Buffer.alloc(0x120_0000, 7));
        truncateSync(join(folder, 'disk'), 0x400_0005);
      },
      open: (folder) => join(folder, 'disk'),
    };
    const { output } = await new Runner(ctx, 'image', CODES, remove).run(disk, null);
    expect(await cache.verify(ctx.signal)).toEqual([]);
    const { atime, mtime } = statSync(output);
    const file = openSync(output, 'r+');
    writeSync(file, Buffer.of(1), 0, 1, at);
    closeSync(file);
    utimesSync(output, atime, mtime);
    expect(await cache.verify(ctx.signal)).toMatchObject([{ damaged: 'disk' }]);
  });
});

/** Lock of the process 1 of another boot. */
const GONE = 'lock.1-999999999999-00000000';

/** Ten builds of one cache, at about the same time. */
async function race(left: string | undefined): Promise<void> {
  const { ctx } = testContext();
  if (left !== undefined) writeFileSync(join(ctx.cacheDir, left), '');
  const cleanup = new Cleanup();
  const tries = await Promise.allSettled(
    Array.from({ length: 10 }, async () => {
      await setTimeout(Math.random() * 4);
      await takeBuildLock(ctx.cacheDir, cleanup);
    }),
  );
  expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  await cleanup.run();
  expect(readdirSync(ctx.cacheDir)).toEqual([]);
}

describe('takeBuildLock', () => {
  it.each([
    ['is free', undefined],
    ['is left by an owner that is gone', GONE],
  ])('lets one of many in that come at once where the lock %s', async (_how, left) => {
    // Many rounds, each in another order: a build that comes in between two steps of another is what goes wrong.
    for (let round = 0; round < 12; round += 1) await race(left);
  });

  it('lets one build in, names the holder to the second, and the next in after it', async () => {
    const { ctx } = testContext();
    const first = new Cleanup();
    await takeBuildLock(ctx.cacheDir, first);
    await expect(takeBuildLock(ctx.cacheDir, new Cleanup())).rejects.toMatchObject({
      exitCode: 9,
      why: expect.stringContaining(String(process.pid)),
    });
    await first.run();
    const third = new Cleanup();
    await takeBuildLock(ctx.cacheDir, third);
    await third.run();
  });

  it('takes over from an owner that is gone, also where its pid was given to another process', async () => {
    const { ctx } = testContext();
    writeFileSync(join(ctx.cacheDir, GONE), '');
    const cleanup = new Cleanup();
    await takeBuildLock(ctx.cacheDir, cleanup);
    expect(readdirSync(ctx.cacheDir)).toEqual([expect.stringMatching(new RegExp(`^lock\\.${process.pid}-`))]);
    await cleanup.run();
  });
});
