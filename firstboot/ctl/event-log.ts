/** The events of a run, for whoever follows it: the setup page, also one that comes later or comes back. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { ApplyEvent } from '../contract/events.ts';
import { SETUP_PATHS } from '../contract/setup.ts';
import { makeFolder } from '../kit/files.ts';
import type { System } from '../kit/system.ts';

/** Bytes of output that are kept: the file is in memory. The journal has the whole of it. */
const MAX_OUTPUT = 4 * 1024 * 1024;

export class EventLog {
  readonly #descriptor: number;
  #output = 0;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Begins anew, in a file of its own: who follows an earlier run is not given parts of this one. */
  static async open(system: System): Promise<EventLog> {
    const path = system.path(SETUP_PATHS.events);
    await makeFolder(dirname(path));
    await rm(path, { force: true });
    return new EventLog(openSync(path, 'ax', 0o600));
  }

  write(event: ApplyEvent): void {
    const line = `${JSON.stringify(event)}\n`;
    if (event.type === 'output') this.#output += line.length;
    if (event.type !== 'output' || this.#output <= MAX_OUTPUT) writeSync(this.#descriptor, line);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
