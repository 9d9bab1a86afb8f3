/** Screen and keyboard of a virtual machine: what a person before it sees and types. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Machine } from '../../builder/vm/machine.ts';
import { waitFor } from '../../builder/vm/wait.ts';
import { pictureFile } from './chromium.ts';

/** Bytes of a picture that the blinking cursor, a line below a character 8 pixels wide, may change: here and where it was. */
const CURSOR = 2 * 8 * 3 * 3;
/** Seconds, as on hardware virtualisation. */
const PATIENCE = 10;

/** QEMU's names of keys (QKeyCode), where they are not the character itself. */
const KEYS: Readonly<Record<string, readonly string[]>> = { '.': ['dot'], '/': ['slash'], ' ': ['spc'], ':': ['shift', 'semicolon'] };

export class Screen {
  readonly #machine: Machine;
  readonly #signal: AbortSignal;
  readonly #file = join(mkdtempSync(join(tmpdir(), 'screen-')), 'now.ppm');

  constructor(machine: Machine, signal: AbortSignal) {
    this.#machine = machine;
    this.#signal = signal;
  }

  /** Keeps a picture as `name`.png, beside those of the pages. */
  async picture(name: string): Promise<void> {
    await this.#machine.execute('screendump', { filename: pictureFile(name), format: 'png' });
  }

  /** Presses keys, one after the other, and waits until the screen has changed and stands still. */
  async press(...keys: readonly string[]): Promise<void> {
    const before = await this.#look();
    for (const key of keys) await this.#key([key]);
    await this.#settled(before);
  }

  async type(text: string): Promise<void> {
    const before = await this.#look();
    for (const character of text) await this.#key(KEYS[character] ?? [character]);
    await this.#settled(before);
  }

  async #key(names: readonly string[]): Promise<void> {
    await this.#machine.execute('send-key', { keys: names.map((data) => ({ type: 'qcode', data })) });
  }

  async #settled(before: Buffer): Promise<void> {
    let last = before;
    const still = async (): Promise<true | undefined> => {
      const now = await this.#look();
      const same = different(now, last) <= CURSOR;
      last = now;
      return same && different(now, before) > CURSOR ? true : undefined;
    };
    const settled = await waitFor(still, this.#machine.deadline(PATIENCE), this.#signal, 1000);
    if (settled === undefined) throw new Error('the screen did not change, or does not stand still');
  }

  async #look(): Promise<Buffer> {
    await this.#machine.execute('screendump', { filename: this.#file });
    return readFileSync(this.#file);
  }
}

function different(one: Buffer, other: Buffer): number {
  if (one.length !== other.length) return one.length;
  let count = 0;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) count += 1;
  return count;
}
