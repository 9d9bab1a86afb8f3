/** The run that the page starts: planned here, carried out by a service of its own that outlives page and helper. */
import { open, rm, watch } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { unitStatus } from '../apply/systemd.ts';
import type { ApplyEvent } from '../contract/events.ts';
import { SETUP_PATHS, SETUP_UNITS } from '../contract/setup.ts';
import { prepareKept } from '../ctl/prepared.ts';
import { readState, runIsUnderWay } from '../ctl/state.ts';
import { readUnit } from '../ctl/unit-files.ts';
import { ignoreMissing, makeFolder } from '../kit/files.ts';
import { LOCK, lock } from '../kit/lock.ts';
import type { System } from '../kit/system.ts';
import type { Action } from './action.ts';

/** Seconds between two looks at whether the run that is followed still lives, where it says nothing. */
const PULSE = 3;
const CHUNK = 64 * 1024;

export const plan: Action<'plan'> = async (_parameters, { system }) => {
  const prepared = await prepareKept(system);
  return { steps: prepared.plan.entries.map(({ id, title, words }) => ({ id, title, words })) };
};

export const apply: Action<'apply'> = async (_parameters, { system }) => {
  // What is wrong with the answers is said here, before there is a run.
  await prepareKept(system);
  const held = await lock(system, LOCK);
  try {
    // Whoever follows from now on must not be shown how an earlier run ended.
    await rm(system.path(SETUP_PATHS.events), { force: true });
  } finally {
    await held.release();
  }
  // Not `start`: a run that has let go of the unit, and is about to end, would be taken for the new one.
  await system.run('systemctl', ['restart', '--', SETUP_UNITS.apply]);
  return { started: true };
};

export const follow: Action<'follow'> = async (_parameters, { system, emit, signal }) => {
  const path = system.path(SETUP_PATHS.events);
  await makeFolder(dirname(path));
  const reader = new LineReader(path);
  const changed = new Bell();
  const stop = new AbortController();
  const watching = ring(path, changed, AbortSignal.any([signal, stop.signal]));
  try {
    for (;;) {
      signal.throwIfAborted();
      // Asked before the file is read: what a run has written by its end is then in the file.
      const alive = await runIsUnderWay(system);
      for (const event of await reader.read()) {
        await emit(event);
        if (event.type === 'state' && event.state !== 'applying') return { state: event.state };
      }
      if (!alive) return { state: (await readState(system, await readUnit(system))).state };
      await changed.wait(PULSE, signal);
    }
  } finally {
    stop.abort();
    await watching;
    await reader.close();
  }
};

/** True while the run that the page started goes on, from the moment that it was started. */
export async function pagesRunIsActive(system: System): Promise<boolean> {
  return ['active', 'activating'].includes((await unitStatus(system, SETUP_UNITS.apply)).active);
}

/** The events of a file that grows; whole lines alone. */
class LineReader {
  readonly #path: string;
  #handle: Awaited<ReturnType<typeof open>> | undefined;
  #rest = Buffer.alloc(0);

  constructor(path: string) {
    this.#path = path;
  }

  /** What has come since the last call; nothing while there is no file. */
  async read(): Promise<ApplyEvent[]> {
    this.#handle ??= await open(this.#path, 'r').catch(ignoreMissing);
    if (this.#handle === undefined) return [];
    const buffer = Buffer.alloc(CHUNK);
    for (;;) {
      const { bytesRead } = await this.#handle.read(buffer, 0, CHUNK);
      if (bytesRead === 0) break;
      this.#rest = Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)]);
    }
    const end = this.#rest.lastIndexOf('\n') + 1;
    const lines = this.#rest.subarray(0, end).toString('utf8').split('\n');
    this.#rest = this.#rest.subarray(end);
    return lines.flatMap((line) => (line === '' ? [] : [JSON.parse(line) as ApplyEvent]));
  }

  async close(): Promise<void> {
    await this.#handle?.close();
  }
}

/** Something has happened since the last wait, or happens during it. */
class Bell {
  #rung = false;
  #wake: () => void = () => undefined;

  ring(): void {
    this.#rung = true;
    this.#wake();
  }

  async wait(seconds: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const rung = this.#rung
      ? Promise.resolve()
      : new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    const late = setTimeout(seconds * 1000, undefined, { signal: AbortSignal.any([over.signal, signal]) });
    await Promise.race([rung, late]).finally(() => {
      over.abort();
      late.catch(() => undefined);
    });
    this.#rung = false;
  }
}

/** Rings at every change of the file, by inotify(7) on its folder: the file comes and goes. Where it cannot, the pulse is left. */
async function ring(path: string, bell: Bell, signal: AbortSignal): Promise<void> {
  try {
    for await (const { filename } of watch(dirname(path), { signal })) if (filename === basename(path)) bell.ring();
  } catch {
    // Ended, or there are more watches than the kernel allows (inotify(7), max_user_watches).
  }
}
