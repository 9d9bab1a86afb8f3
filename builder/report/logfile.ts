/** The log of one run: everything, in plain text, whatever the screen shows. */
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import type { Listener, StampedEvent } from '../kit/events.ts';
import type { Secrets } from '../kit/secrets.ts';

const KEPT_LOGS = 50;

/**
 * Opens `<folder>/<command>-<time>.log`, and drops the oldest beyond fifty. Where the disk becomes full the log ends, and
 * the run goes on: it says by itself what it lacks.
 * @throws Error where the file cannot be made.
 */
export function openLog(folder: string, command: string, secrets: Secrets): { path: string; listener: Listener; close(): void } {
  mkdirSync(folder, { recursive: true });
  const old = readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .sort((a, b) => stampOf(a).localeCompare(stampOf(b)));
  for (const name of old.slice(0, Math.max(0, old.length - KEPT_LOGS + 1))) rmSync(join(folder, name), { force: true });
  const stamp = new Date().toISOString().replaceAll(':', '').replace('.', '-');
  const path = join(folder, `${command}-${stamp}-${process.pid}.log`);
  const file = openSync(path, 'a', 0o600);
  let whole = true;
  return {
    path,
    listener: (event) => {
      if (whole) whole = write(file, secrets.scrub(`${event.time} ${describe(event)}\n`));
    },
    close: () => closeSync(file),
  };
}

function write(file: number, line: string): boolean {
  try {
    writeSync(file, line);
    return true;
  } catch {
    return false;
  }
}

function stampOf(name: string): string {
  return /\d{4}-\d\d-\d\dT.*$/.exec(name)?.[0] ?? '';
}

function describe(event: StampedEvent): string {
  if (event.type === 'output') return `${event.source}: ${event.line}`;
  if (event.type === 'message') return `${event.level}: ${event.text}`;
  const { type, time: _time, ...rest } = event;
  return `${type} ${JSON.stringify(rest)}`;
}
