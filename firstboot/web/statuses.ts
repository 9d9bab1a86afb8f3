/** What the helper says about the unit, asked for at most every two seconds: strangers must not keep it busy. */
import type { UnitStatus } from '../contract/helper.ts';
import { settingAt } from '../settings/index.ts';
import type { Helper } from './helper-client.ts';

const FRESH_SECONDS = 2;

interface Kept<T> {
  value: Promise<T>;
  /** Milliseconds, of `now`. */
  at: number;
}

export class Statuses {
  readonly #helper: Helper;
  readonly #now: () => number;
  #status: Kept<UnitStatus> | undefined;
  #domain: Kept<string | undefined> | undefined;

  /** `now` in milliseconds, of a clock that nobody sets. */
  constructor(helper: Helper, now: () => number = () => performance.now()) {
    this.#helper = helper;
    this.#now = now;
  }

  /** @throws HelperGone, HelperError */
  async get(): Promise<UnitStatus> {
    this.#status = this.#fresh(this.#status, () => this.#helper.call('status', {}));
    return this.#status.value;
  }

  /** The names by which the unit may be called. */
  async names(): Promise<string[]> {
    this.#domain = this.#fresh(this.#domain, async () => {
      const domain = settingAt((await this.#helper.call('settings-read', {})).values, 'domain.name');
      return typeof domain === 'string' ? domain : undefined;
    });
    const { hostName } = await this.get();
    const domain = await this.#domain.value;
    return domain === undefined ? [hostName] : [hostName, domain];
  }

  /** Something has happened that changes the answers. */
  forget(): void {
    this.#status = undefined;
    this.#domain = undefined;
  }

  #fresh<T>(kept: Kept<T> | undefined, ask: () => Promise<T>): Kept<T> {
    const at = this.#now();
    if (kept !== undefined && at - kept.at < FRESH_SECONDS * 1000) return kept;
    return { value: ask(), at };
  }
}
