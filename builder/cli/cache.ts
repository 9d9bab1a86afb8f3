import { existsSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';

import type { Context } from '../kit/context.ts';
import { ExitCode } from '../kit/errors.ts';
import { takeBuildLock } from '../pipeline/build-lock.ts';
import { type CacheEntry, StageCache } from '../pipeline/cache.ts';
import { fileSize } from '../report/text.ts';
import { type KeptEntry, listKept, removeKept } from '../sources/kept.ts';
import { endCommand, keptMachines } from '../stages/bake/kept-machine.ts';
import { sweepCache } from '../stages/prepare.ts';
import { removeMappedTree } from '../tools/namespace.ts';
import type { Cli, Session } from './cli.ts';

const DAY = 24 * 3600 * 1000;
const GIB = 2 ** 30;

/** `unitsmith cache list|trim|clear|verify`. */
export function register(cli: Cli): void {
  const cache = cli.program
    .command('cache')
    .description('show and trim what earlier bakes left for the next ones')
    .addHelpText(
      'after',
      '\nExamples:\n  unitsmith cache list\n  unitsmith cache trim --days 7 --size 20\n  unitsmith cache verify\n  unitsmith cache clear',
    );

  cache
    .command('list')
    .description('stored stage outputs, least recently used first, what is kept beside them, and machines that failed bakes left')
    .addHelpText('after', '\nExamples:\n  unitsmith cache list\n  unitsmith cache list --json')
    .action(cli.run('cache list', listEntries));
  cache
    .command('trim')
    .description('remove what was not used for some days, then the oldest until the rest fits')
    .option('--days <n>', 'keep what was used in the last n days', wholeNumber, 14)
    .option('--size <GiB>', 'keep at most this much', wholeNumber, 40)
    .addHelpText('after', '\nExamples:\n  unitsmith cache trim\n  unitsmith cache trim --days 7 --size 20')
    .action(cli.run('cache trim', trim));
  cache
    .command('verify')
    .description('read every stored file and compare it with its record; remove damaged outputs')
    .addHelpText('after', '\nExamples:\n  unitsmith cache verify\n\nExit code: 0 where everything is whole, 1 where something was removed.')
    .action(cli.run('cache verify', verify));
  cache
    .command('clear')
    .description('remove everything, downloads too, but not what a command or a machine that runs is using')
    .addHelpText('after', '\nExamples:\n  unitsmith cache clear\n  unitsmith --cache-dir /var/tmp/cache cache clear')
    .action(cli.run('cache clear', clear));
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a whole number is wanted.');
  return Number(text);
}

async function listEntries({ ctx, print }: Session): Promise<ExitCode> {
  const entries = await new StageCache(ctx).list();
  const beside = sumsOf(await listKept(ctx.cacheDir));
  for (const entry of entries) print(describe(entry));
  for (const { kind, count, bytes } of beside) print(`${''.padEnd(16)}  ${fileSize(bytes).padStart(9)}  ${kind}: ${count}`);
  print(`${entries.length} outputs and what is kept beside them, ${fileSize(totalOf([...entries, ...beside]))} in ${ctx.cacheDir}`);
  const kept = await keptMachines(ctx.cacheDir);
  for (const { path, pid } of kept) print(pid === undefined ? `${path}: its machine has ended` : keptLine({ path, pid }));
  ctx.events.emit({ type: 'result', command: 'cache list', data: { cacheDir: ctx.cacheDir, entries, beside, kept } });
  return ExitCode.ok;
}

/** One sum a kind: of downloads there are thousands. */
function sumsOf(kept: readonly KeptEntry[]): { kind: string; count: number; bytes: number }[] {
  const kinds = [...new Set(kept.map(({ kind }) => kind))];
  return kinds.map((kind) => {
    const own = kept.filter((entry) => entry.kind === kind);
    return { kind, count: own.length, bytes: totalOf(own) };
  });
}

function totalOf(entries: readonly { bytes: number }[]): number {
  return Math.round(entries.reduce((sum, entry) => sum + entry.bytes, 0));
}

async function trim({ ctx, cleanup, print }: Session, options: { days: number; size: number }): Promise<ExitCode> {
  await takeBuildLock(ctx.cacheDir, cleanup);
  const limits = { now: Date.now(), days: options.days, bytes: options.size * GIB };
  const before = await everything(ctx);
  const removed: Trimmable[] = [];
  let left = before;
  // What an output had under a name of its own is free for removal when the output is gone.
  for (let doomed = chooseDoomed(left, limits); doomed.length > 0; doomed = chooseDoomed(left, limits)) {
    for (const entry of doomed) await ('stage' in entry ? removeMappedTree(ctx, entry.folder) : removeKept(entry, ctx));
    removed.push(...doomed);
    left = await everything(ctx);
  }
  const outputs = removed.filter((entry) => 'stage' in entry).length;
  const bytes = totalOf(before) - totalOf(left);
  print(`removed ${outputs} outputs and ${removed.length - outputs} of what was kept beside them, ${fileSize(bytes)}`);
  print(`${fileSize(totalOf(left))} are left in ${ctx.cacheDir}`);
  ctx.events.emit({ type: 'result', command: 'cache trim', data: { removed, bytes, left: totalOf(left) } });
  return ExitCode.ok;
}

type Trimmable = CacheEntry | KeptEntry;

/** All that can be trimmed, least recently used first. */
async function everything(ctx: Context): Promise<Trimmable[]> {
  const entries = [...(await new StageCache(ctx).list()), ...(await listKept(ctx.cacheDir))];
  return entries.sort((a, b) => a.lastUsed.getTime() - b.lastUsed.getTime());
}

/**
 * What trimming removes from `entries` (least recently used first): the old ones, then the oldest beyond `bytes`; nothing of
 * which only one of several names would go.
 */
export function chooseDoomed<Entry extends { bytes: number; lastUsed: Date; shared?: boolean }>(
  entries: readonly Entry[],
  limits: { now: number; days: number; bytes: number },
): Entry[] {
  const oldest = limits.now - limits.days * DAY;
  let total = totalOf(entries);
  return entries.filter((entry) => {
    const remove = entry.shared !== true && (entry.lastUsed.getTime() < oldest || total > limits.bytes);
    if (remove) total -= entry.bytes;
    return remove;
  });
}

async function verify({ ctx, cleanup, print }: Session): Promise<ExitCode> {
  await takeBuildLock(ctx.cacheDir, cleanup);
  const damaged = await new StageCache(ctx).verify(ctx.signal);
  for (const { entry, damaged: file } of damaged) {
    ctx.events.emit({
      type: 'finding',
      rule: 'cache',
      severity: 'warning',
      problem: { message: `${entry.stage}: ${file} is damaged; the output is removed`, where: { file: entry.folder } },
    });
    await removeMappedTree(ctx, entry.folder);
  }
  print(damaged.length === 0 ? 'every stored output is whole' : `${damaged.length} damaged outputs removed`);
  ctx.events.emit({ type: 'result', command: 'cache verify', data: { damaged } });
  return damaged.length === 0 ? ExitCode.ok : ExitCode.findings;
}

async function clear({ ctx, cleanup, print }: Session): Promise<ExitCode> {
  const kept: { path: string; pid: number }[] = [];
  const used: { path: string; pid: number }[] = [];
  if (existsSync(ctx.cacheDir)) {
    await takeBuildLock(ctx.cacheDir, cleanup);
    await sweepCache(ctx);
    for (const part of ['stages', 'downloads', 'apt']) await removeMappedTree(ctx, `${ctx.cacheDir}/${part}`);
    for (const { path, owner, old } of await new StageCache(ctx).temporary()) {
      // Where it is another container's or machine's only time tells that nobody needs it.
      const needed = owner?.state === 'lives' || (owner?.state === 'elsewhere' && !old);
      if (needed) used.push({ path, pid: owner.pid });
      else await removeMappedTree(ctx, path);
    }
    await rmdir(`${ctx.cacheDir}/tmp`).catch(() => undefined);
    for (const { path, pid } of await keptMachines(ctx.cacheDir)) {
      if (pid === undefined) await rm(path, { recursive: true });
      else kept.push({ path, pid });
    }
  }
  for (const machine of kept) print(keptLine(machine));
  for (const { path, pid } of used) print(`${path}: process ${pid} is using it`);
  print(kept.length + used.length === 0 ? `${ctx.cacheDir} is empty` : `nothing else is in ${ctx.cacheDir}`);
  ctx.events.emit({ type: 'result', command: 'cache clear', data: { cacheDir: ctx.cacheDir, kept, used } });
  return ExitCode.ok;
}

function keptLine(machine: { path: string; pid: number }): string {
  return `${machine.path}: its machine runs; end it and remove its files: ${endCommand(machine)}`;
}

function describe(entry: CacheEntry): string {
  return `${entry.lastUsed.toISOString().slice(0, 16)}  ${fileSize(entry.bytes).padStart(9)}  ${entry.stage.padEnd(8)}  ${entry.image.padEnd(12)}  ${entry.id.slice(0, 12)}`;
}
