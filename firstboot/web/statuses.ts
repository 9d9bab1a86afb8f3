/** What the helper says about the unit, asked for at most every two seconds: strangers must not keep it busy. */
import type { UnitStatus } from '../contract/helper.ts';
import type { Helper } from './helper-client.ts';

const FRESH_SECONDS = 2;

interface Kept {
  status: Promise<UnitStatus>;
  /** Milliseconds, of `now`. */
  at: number;
}

export class Statuses {
  readonly #helper: Helper;
  readonly #now: () => number;
  #kept: Kept | undefined;

  /** `now` in milliseconds, of a clock that nobody sets. */
  constructor(helper: Helper, now: () => number = () => performance.now()) {
    this.#helper = helper;
    this.#now = now;
  }

  /** @throws HelperGone, HelperError */
  async get(): Promise<UnitStatus> {
    const at = this.#now();
    if (this.#kept === undefined || at - this.#kept.at >= FRESH_SECONDS * 1000)
      this.#kept = { status: this.#helper.call('status', {}), at };
    return this.#kept.status;
  }

  /** The names by which the unit may be called. */
  async names(): Promise<string[]> {
    const { hostName, domain } = await this.get();
    return domain === undefined ? [hostName] : [hostName, domain];
  }

  /** Something has happened that changes the answers. */
  forget(): void {
    this.#kept = undefined;
  }
}
