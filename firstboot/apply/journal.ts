/**
 * What was done on this unit, one JSON object a line, each on disk before the next thing happens. A power cut can leave
 * a torn last line: it is cut off, which is safe because every step is checked again anyway.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';

import { makeFolder, readIfExists, syncFolder } from '../kit/files.ts';

export type JournalRecord =
  | { type: 'begin'; plan: string; release?: string }
  | { type: 'start'; step: string }
  /** `aside`: what was changed is nothing that services read. */
  | { type: 'done'; step: string; changed: boolean; aside?: true; fingerprint: string; seconds: number }
  | { type: 'failed'; step: string; reason: string; log: readonly string[] }
  | { type: 'end'; outcome: 'finalised' | 'failed' };
/** `boot` and `clock` (CLOCK_MONOTONIC in microseconds) tell what came before what, also when the wall clock is set. */
export type StampedRecord = JournalRecord & { time: string; boot: string; clock: number };

export class Journal {
  readonly #handle: FileHandle;
  readonly records: StampedRecord[];

  readonly #boot: string;

  private constructor(handle: FileHandle, records: StampedRecord[], boot: string) {
    this.#handle = handle;
    this.records = records;
    this.#boot = boot;
  }

  /** Opens or creates the journal (mode 0600) for appending. The caller closes it. */
  static async open(path: string, boot: string): Promise<Journal> {
    await makeFolder(dirname(path));
    const text = (await readIfExists(path)) ?? '';
    const handle = await open(path, 'a+', 0o600);
    await syncFolder(dirname(path));
    const whole = text.lastIndexOf('\n') + 1;
    if (whole < text.length) {
      await handle.truncate(Buffer.byteLength(text.slice(0, whole)));
      await handle.sync();
    }
    return new Journal(handle, parseJournal(text), boot);
  }

  /** Returns when the record is on disk. Texts in it are scrubbed by then. */
  async append(record: JournalRecord): Promise<void> {
    const stamped: StampedRecord = { time: new Date().toISOString(), boot: this.#boot, clock: monotonicNow(), ...record };
    await this.#handle.appendFile(`${JSON.stringify(stamped)}\n`);
    await this.#handle.datasync();
    this.records.push(stamped);
  }

  /**
   * When the present run began and last changed something, in this boot. A run goes on from an earlier one that was
   * interrupted or failed, as long as its plan is the same.
   */
  progress(): { began: number; lastChange: number | undefined } {
    const present = this.records.findLast((record) => record.type === 'begin');
    let first = this.records.length;
    for (let index = this.records.length - 1; index >= 0; index -= 1) {
      const record = this.records[index];
      if (record?.boot !== this.#boot || (record.type === 'end' && record.outcome === 'finalised')) break;
      if (record.type === 'begin' && record.plan !== present?.plan) break;
      if (record.type === 'begin') first = index;
    }
    const run = this.records.slice(first);
    const change = run.findLast((record) => record.type === 'done' && record.changed && record.aside !== true);
    return { began: run[0]?.clock ?? monotonicNow(), lastChange: change?.clock };
  }

  /** Fingerprint of the parameters with which a step was last applied. */
  lastFingerprint(step: string): string | undefined {
    const last = this.records.findLast((record) => record.type === 'done' && record.step === step);
    return last?.type === 'done' ? last.fingerprint : undefined;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Microseconds of CLOCK_MONOTONIC, the clock of systemd's time stamps. */
export function monotonicNow(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** Whole, readable lines; a line that a power cut tore or blanked is left out. */
export function parseJournal(text: string): StampedRecord[] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .flatMap((line) => {
      try {
        const record = JSON.parse(line) as StampedRecord | null;
        return typeof record === 'object' && record !== null && typeof record.type === 'string' ? [record] : [];
      } catch {
        return [];
      }
    });
}

export interface LastRun {
  /** `open` where it was cut off or is under way. */
  outcome: 'open' | 'finalised' | 'failed';
  /** The step that was begun last. */
  step?: string;
  failure?: StampedRecord & { type: 'failed' };
}

/** How the last run went: undefined where none began. */
export function lastRun(records: readonly StampedRecord[]): LastRun | undefined {
  const begin = records.findLastIndex((record) => record.type === 'begin');
  if (begin < 0) return undefined;
  const run = records.slice(begin);
  const end = run.findLast((record) => record.type === 'end');
  const failure = run.findLast((record) => record.type === 'failed');
  const outcome = end?.type === 'end' ? end.outcome : 'open';
  if (failure?.type === 'failed' && outcome === 'failed') return { outcome, failure };
  const step = run.findLast((record) => record.type === 'start');
  return outcome === 'open' && step?.type === 'start' ? { outcome, step: step.step } : { outcome };
}
