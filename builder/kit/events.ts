/**
 * What the builder says while it works. Code emits; only listeners (builder/report/) print. `--json` writes these
 * objects one a line, so a change of a field is a change of a public interface.
 */
import type { Problem } from './errors.ts';

export type BuildEvent =
  /** `log` is absent where none can be written. */
  | { type: 'run-started'; command: string; log?: string }
  | { type: 'stage-started'; stage: string; id: string; expectedSeconds?: number }
  | { type: 'stage-cached'; stage: string; id: string }
  | { type: 'stage-finished'; stage: string; id: string; seconds: number }
  | { type: 'stage-failed'; stage: string; id: string; seconds: number; message: string }
  /** Where a long task stands. `fraction` runs from 0 to 1 and is left out where it cannot be known. */
  | { type: 'progress'; message: string; fraction?: number }
  | { type: 'message'; level: 'debug' | 'info' | 'warning'; text: string }
  /** One line of an outside program, or of a guest's console: for the log, and for the screen with --verbose. */
  | { type: 'output'; source: string; line: string }
  /** Something that a check found (audit, inspect, verify, check, doctor). */
  | { type: 'finding'; rule: string; severity: 'error' | 'warning' | 'info'; problem: Problem }
  /** The command's result, for machines: what `--json` users wait for. */
  | { type: 'result'; command: string; data: unknown }
  | {
      type: 'error';
      message: string;
      exitCode: number;
      why?: string;
      remedies?: readonly string[];
      problems?: readonly Problem[];
      excerpt?: { title: string; lines: readonly string[] };
    };

/** An event with the moment it was emitted (ISO 8601, UTC). */
export type StampedEvent = BuildEvent & { time: string };

export type Listener = (event: StampedEvent) => void;

/** Fans events out to listeners, in the order in which they were added. */
export class Events {
  readonly #listeners: Listener[] = [];

  listen(listener: Listener): void {
    this.#listeners.push(listener);
  }

  emit(event: BuildEvent): void {
    const stamped: StampedEvent = { ...event, time: new Date().toISOString() };
    for (const listener of this.#listeners) listener(stamped);
  }

  info(text: string): void {
    this.emit({ type: 'message', level: 'info', text });
  }

  warn(text: string): void {
    this.emit({ type: 'message', level: 'warning', text });
  }

  debug(text: string): void {
    this.emit({ type: 'message', level: 'debug', text });
  }

  progress(message: string, fraction?: number): void {
    this.emit(fraction === undefined ? { type: 'progress', message } : { type: 'progress', message, fraction });
  }
}
