/** How far a run is: one connection follows it however many browsers watch. */
import type { ApplyEvent, UnitState } from '../contract/events.ts';
import type { EveryText, Texts } from '../contract/texts.ts';
import type { Helper } from './helper-client.ts';

/** Lines of a step's log that are kept for the page. */
const LOG_LINES = 200;

export interface StepProgress {
  id: string;
  title: Texts;
  state: 'waiting' | 'running' | 'changed' | 'same' | 'failed';
  seconds?: number;
  /** English. */
  reason?: string;
  texts?: EveryText;
  log: string[];
}

/** What has changed: one step, or all of it. */
export type Watcher = (change: { step: number } | 'all') => void;

export class Progress {
  readonly #helper: Helper;
  readonly #watchers = new Set<Watcher>();
  #steps: StepProgress[] = [];
  #state: UnitState | undefined;
  #following: { begun: Promise<void>; ended: Promise<void> } | undefined;

  constructor(helper: Helper) {
    this.#helper = helper;
  }

  get steps(): readonly StepProgress[] {
    return this.#steps;
  }

  /** Undefined until the run has said it. */
  get state(): UnitState | undefined {
    return this.#state;
  }

  /** Follows the run from its beginning, unless that is being done. Resolves once it is known how far a run is. */
  async follow(): Promise<void> {
    this.#following ??= this.#begin();
    await Promise.race([this.#following.begun, this.#following.ended]);
  }

  /** Resolves when the run that is followed has ended, or nobody tells about it any more. */
  async ended(): Promise<void> {
    await this.#following?.ended;
  }

  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #begin(): { begun: Promise<void>; ended: Promise<void> } {
    this.#steps = [];
    this.#state = undefined;
    let begin = (): void => undefined;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const onEvent = (event: ApplyEvent): void => {
      this.#take(event);
      begin();
    };
    const ended = this.#helper
      .call('follow', {}, { onEvent })
      .then(
        ({ state }) => {
          this.#state = state;
        },
        () => undefined,
      )
      .then(() => {
        this.#following = undefined;
        this.#tell('all');
      });
    return { begun, ended };
  }

  #take(event: ApplyEvent): void {
    if (event.type === 'plan') {
      this.#steps = event.steps.map(({ id, title }) => ({ id, title, state: 'waiting', log: [] }));
      this.#tell('all');
      return;
    }
    if (event.type === 'state') {
      this.#state = event.state;
      this.#tell('all');
      return;
    }
    const index = this.#steps.findIndex(({ id }) => id === event.step);
    const step = this.#steps[index];
    if (step === undefined) return;
    if (event.type === 'step-started') step.state = 'running';
    else if (event.type === 'output') step.log = [...step.log, event.line].slice(-LOG_LINES);
    else if (event.type === 'step-finished') Object.assign(step, { state: event.changed ? 'changed' : 'same', seconds: event.seconds });
    else Object.assign(step, { state: 'failed', seconds: event.seconds, reason: event.reason, texts: event.texts, log: [...event.log] });
    this.#tell({ step: index });
  }

  #tell(change: { step: number } | 'all'): void {
    for (const watcher of this.#watchers) watcher(change);
  }
}
