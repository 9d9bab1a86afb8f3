/** An entry of the one-time code: compared in constant time, slowed down, and good for one caller. */
import { setTimeout } from 'node:timers/promises';

import type { ClaimAnswer } from '../contract/helper.ts';
import { SETUP_PATHS } from '../contract/setup.ts';
import { readIfExists, writeFileAtomic } from '../kit/files.ts';
import type { System } from '../kit/system.ts';
import { codesMatch, consumeCode, currentCode } from './claim-code.ts';
import { bootSeconds } from './state.ts';
import { afterFailure, afterSuccess, CALM, delayOf, type Throttle, waitOf } from './throttle.ts';

export class Claims {
  readonly #system: System;
  /** Changes of the kept failures, one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(system: System) {
    this.#system = system;
  }

  /** Whether `code`, entered at `from`, makes its caller the owner. */
  async enter(code: string, from: string): Promise<ClaimAnswer> {
    // Counted as wrong before it is looked at: entries that come at once would all be the first otherwise.
    const admission = await this.#exclusively(async () => {
      const now = await bootSeconds();
      const throttle = await this.#read();
      const wait = waitOf(throttle, from, now);
      if (wait > 0) return { wait };
      await this.#write(afterFailure(throttle, from, now));
      return { wait, delay: delayOf(throttle, now) };
    });
    if (admission.delay === undefined) return { ok: false, wait: Math.ceil(admission.wait) };
    await setTimeout(admission.delay * 1000);
    const current = await currentCode(this.#system);
    // Compared in any case: an answer that comes sooner would tell that there is no code.
    const matches = codesMatch(code, current ?? '');
    if (current !== undefined && matches && (await consumeCode(this.#system))) {
      await this.#exclusively(async () => this.#write(afterSuccess(await this.#read(), from)));
      return { ok: true };
    }
    return { ok: false, wait: Math.ceil(waitOf(await this.#read(), from, await bootSeconds())) };
  }

  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work, work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** The file is what counts: a new code removes it, whether or not the helper runs. */
  async #read(): Promise<Throttle> {
    const text = await readIfExists(this.#system.path(SETUP_PATHS.throttle));
    return text === undefined ? CALM : (JSON.parse(text) as Throttle);
  }

  async #write(throttle: Throttle): Promise<void> {
    await writeFileAtomic(this.#system.path(SETUP_PATHS.throttle), JSON.stringify(throttle), { mode: 0o600 });
  }
}
