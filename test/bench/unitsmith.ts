/** The built command as a user runs it: a process of its own, watched by its --json events. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { run } from '../../builder/kit/command.ts';
import type { Context } from '../../builder/kit/context.ts';
import { ToolError, UserError } from '../../builder/kit/errors.ts';
import type { StampedEvent } from '../../builder/kit/events.ts';
import { packageRoot } from '../../builder/kit/paths.ts';

export interface UnitsmithRun {
  /** Stages that ran, with their seconds, in order. */
  ran: { stage: string; seconds: number }[];
  /** Stages whose result came from the cache. */
  cached: string[];
  /** Files that the command says it wrote. */
  files: { path: string; bytes: number; sha256: string }[];
}

/** Seconds for its own cleanup after Ctrl-C, which ends a virtual machine and removes trees. */
const GRACE = 60;

/**
 * Runs `unitsmith --json ARGS`; its stages and progress appear as ours.
 * @param peakFile gets the most memory that the process had, in KiB
 * @throws UserError with its own words where it fails
 */
export async function unitsmith(ctx: Context, args: readonly string[], peakFile?: string): Promise<UnitsmithRun> {
  const seen: UnitsmithRun = { ran: [], cached: [], files: [] };
  let failure: Extract<StampedEvent, { type: 'error' }> | undefined;
  const preload = peakFile === undefined ? [] : ['--import', join(packageRoot(), 'test', 'bench', 'peak-memory.mjs')];
  const mirror = ctx.env.UNITSMITH_APT_MIRROR;
  const env = {
    ...(peakFile === undefined ? {} : { UNITSMITH_BENCH_PEAK: peakFile }),
    ...(mirror === undefined ? {} : { UNITSMITH_APT_MIRROR: mirror }),
  };
  const onLine = (line: string): void => {
    const event = parseEvent(line);
    if (event?.type === 'error') failure = event;
    else if (event !== undefined) take(event, seen, ctx);
  };
  try {
    await run(ctx, process.execPath, [...preload, bundle(), '--json', ...args], { env, onLine, quiet: true, grace: GRACE });
  } catch (error) {
    if (!(error instanceof ToolError) || failure === undefined) throw error;
    const { exitCode, message, why, remedies, excerpt } = failure;
    throw new UserError(`unitsmith ${args.join(' ')}: ${message}`, {
      exitCode: exitCode as UserError['exitCode'],
      ...(why === undefined ? {} : { why }),
      ...(remedies === undefined ? {} : { remedies }),
      ...(excerpt === undefined ? {} : { excerpt }),
      cause: error,
    });
  }
  return seen;
}

/** Bytes that `peakFile` tells. */
export async function peakBytes(peakFile: string): Promise<number> {
  return Number(await readFile(peakFile, 'utf8')) * 1024;
}

function bundle(): string {
  return join(packageRoot(), 'dist', 'unitsmith.mjs');
}

function parseEvent(line: string): StampedEvent | undefined {
  try {
    return JSON.parse(line) as StampedEvent;
  } catch {
    return undefined;
  }
}

function take(event: StampedEvent, seen: UnitsmithRun, ctx: Context): void {
  if (event.type === 'stage-finished') seen.ran.push({ stage: event.stage, seconds: event.seconds });
  if (event.type === 'stage-cached') seen.cached.push(event.stage);
  if (event.type === 'result') seen.files = (event.data as { files: UnitsmithRun['files'] }).files;
  if (event.type.startsWith('stage-') || event.type === 'progress' || event.type === 'message') ctx.events.emit(event);
}
