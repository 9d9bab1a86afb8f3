import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
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
import { ownedFolder, ownerMark, placeHere } from '../../../builder/kit/owner.ts';
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

  it('tells the versions of programs with which an output was made, and not those of today', async () => {
    const { ctx } = testContext();
    const { stage } = counting();
    const tools = async (packer: string): Promise<unknown> => {
      const runner = new Runner(ctx, 'image', CODES, remove, { packer });
      await runner.run(stage, { text: 'a' });
      return runner.tools;
    };
    expect(await tools('1.6.6')).toEqual({ write: { packer: '1.6.6' } });
    expect(await tools('1.14.0')).toEqual({ write: { packer: '1.6.6' } });
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

  it.each([
    ['leads elsewhere', (folder: string) => [rmSync(join(folder, 'link')), symlinkSync('other', join(folder, 'link'))]],
    ['is gone', (folder: string) => rmSync(join(folder, 'link'))],
    ['is a file now', (folder: string) => [rmSync(join(folder, 'link')), writeFileSync(join(folder, 'link'), 'tool')]],
    ['leads to what cannot be run any more', (folder: string) => chmodSync(join(folder, 'tool'), 0o644)],
    ['is beside a folder that is gone', (folder: string) => rmdirSync(join(folder, 'empty'))],
  ])('makes an output anew whose link %s', async (_how, damage) => {
    const { ctx } = testContext();
    let runs = 0;
    const linked: Stage<null, string> = {
      name: 'write',
      inputs: () => null,
      async run(_input, folder) {
        runs += 1;
        writeFileSync(join(folder, 'tool'), '#!/bin/sh\n', { mode: 0o755 });
        symlinkSync('tool', join(folder, 'link'));
        mkdirSync(join(folder, 'empty'));
      },
      open: (folder) => folder,
    };
    const runner = new Runner(ctx, 'image', CODES, remove);
    const { output } = await runner.run(linked, null);
    expect((await runner.run(linked, null)).cached).toBe(true);
    damage(output);
    expect((await runner.run(linked, null)).cached).toBe(false);
    expect(runs).toBe(2);
  });

  it('makes an output anew that cannot be opened, and says so', async () => {
    const { ctx, events } = testContext();
    const { stage, runs } = counting();
    await new Runner(ctx, 'image', CODES, remove).run(stage, { text: 'A' });
    let opened = 0;
    const picky = {
      ...stage,
      open: (folder: string) => {
        opened += 1;
        if (opened === 1) throw new Error('no version that is known');
        return { file: join(folder, 'out.txt') };
      },
    };
    expect((await new Runner(ctx, 'image', CODES, remove).run(picky, { text: 'A' })).cached).toBe(false);
    expect(runs()).toBe(2);
    expect(events).toContainEqual(expect.objectContaining({ level: 'warning', text: expect.stringContaining('no version that is known') }));
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

  it('sweeps temporary folders whose owner is gone, and none that one lives for, however old', async () => {
    const { ctx } = testContext();
    const cleanup = new Cleanup();
    const own = await ownedFolder(ctx.cacheDir, 'overlay', cleanup);
    const here = await placeHere();
    const mark = await ownerMark({ ...here, namespace: '00000000' });
    const [gone, other, unmarked] = ['overlay-1-999999999999-00000000-abcdef', `overlay-${mark}abcdef`, 'pip-abcdef'].map((name) =>
      join(ctx.cacheDir, 'tmp', name),
    ) as [string, string, string];
    for (const folder of [gone, other, unmarked]) await mkdir(folder);
    await new StageCache(ctx).sweep(remove);
    expect([own, gone, other, unmarked].map((folder) => existsSync(folder))).toEqual([true, false, true, true]);
    for (const folder of [own, other, unmarked]) utimesSync(folder, 1, 1);
    await new StageCache(ctx).sweep(remove);
    expect([own, other, unmarked].map((folder) => existsSync(folder))).toEqual([true, false, false]);
    await cleanup.run();
    expect(existsSync(own)).toBe(false);
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

  it.each([
    ['of another container', { namespace: '00000000' }],
    ['of another machine', { machine: '00000000', boot: '00000000' }],
  ])('does not take a lock %s, whose process it cannot ask for, and names its file', async (_whose, place) => {
    const { ctx } = testContext();
    const path = join(ctx.cacheDir, `lock.${await ownerMark({ ...(await placeHere()), ...place })}00000000`);
    writeFileSync(path, 'held\n');
    await expect(takeBuildLock(ctx.cacheDir, new Cleanup())).rejects.toMatchObject({
      exitCode: 9,
      why: expect.stringContaining('of another container or machine'),
      remedies: expect.arrayContaining([`where you know that it has ended: rm ${path}`]),
    });
    expect(existsSync(path)).toBe(true);
  });

  it('takes over from before this machine was started again', async () => {
    const { ctx } = testContext();
    const path = join(ctx.cacheDir, `lock.${await ownerMark({ ...(await placeHere()), boot: '00000000' })}00000000`);
    writeFileSync(path, 'held\n');
    const cleanup = new Cleanup();
    await takeBuildLock(ctx.cacheDir, cleanup);
    expect(existsSync(path)).toBe(false);
    await cleanup.run();
  });
});
