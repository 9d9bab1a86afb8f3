/** Runs stages: from the cache where the output is there and whole, else afresh. */
import { withCleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import { hashData } from '../kit/hash.ts';
import { StageCache, type Stored } from './cache.ts';
import type { Stage } from './stage.ts';
import type { StageCodes } from './stage-code.ts';

export interface StageResult<Output> {
  id: string;
  output: Output;
  cached: boolean;
  /** Seconds that it took now; 0 from the cache. */
  seconds: number;
}

export class Runner {
  readonly #ctx: Context;
  readonly #image: string;
  readonly #cache: StageCache;
  readonly #codes: StageCodes;
  readonly #remove: (folder: string) => Promise<void>;
  /** Stage name, with what it was run for where it runs more than once, to id, in order: for the provenance. */
  readonly ids: Record<string, string> = {};
  /** As `ids`, to the versions of outside programs when the output was made. */
  readonly tools: Record<string, Readonly<Record<string, string>>> = {};
  readonly #toolsNow: Readonly<Record<string, string>>;

  /**
   * @param remove removes a folder that may hold files of mapped users (user_namespaces(7))
   * @param tools versions of outside programs, to be recorded with what is made now
   */
  constructor(
    ctx: Context,
    image: string,
    codes: StageCodes,
    remove: (folder: string) => Promise<void>,
    tools: Readonly<Record<string, string>> = {},
  ) {
    this.#ctx = ctx;
    this.#image = image;
    this.#codes = codes;
    this.#cache = new StageCache(ctx);
    this.#remove = remove;
    this.#toolsNow = tools;
  }

  async run<Input, Output>(stage: Stage<Input, Output>, input: Input): Promise<StageResult<Output>> {
    const { events } = this.#ctx;
    this.#ctx.signal.throwIfAborted();
    const code = this.#codes[stage.name];
    if (code === undefined) throw new Error(`the build knows no code of stage ${stage.name}: is it exported as ${stage.name}Stage?`);
    const id = hashData({ stage: stage.name, code, inputs: await stage.inputs(input, this.#ctx) });
    const name = stage.instance === undefined ? stage.name : `${stage.name}/${stage.instance(input)}`;
    this.ids[name] = id;
    const stored = await this.#fromCache(stage, id, input);
    if (stored !== undefined) {
      this.tools[name] = stored.tools;
      events.emit({ type: 'stage-cached', stage: stage.name, id });
      return { id, output: stored.output, cached: true, seconds: 0 };
    }
    const expectedSeconds = await this.#cache.expectedSeconds(stage.name, this.#image);
    events.emit({ type: 'stage-started', stage: stage.name, id, ...(expectedSeconds === undefined ? {} : { expectedSeconds }) });
    const started = performance.now();
    const elapsed = (): number => (performance.now() - started) / 1000;
    try {
      const folder = await withCleanup(async (cleanup) => {
        const partial = await this.#cache.begin(stage.name, cleanup, this.#remove);
        await stage.run(input, partial, this.#ctx, cleanup);
        this.#ctx.signal.throwIfAborted();
        const made = { stage: stage.name, id, image: this.#image, seconds: elapsed(), tools: this.#toolsNow };
        return this.#cache.store(made, partial);
      });
      this.tools[name] = this.#toolsNow;
      const output = await stage.open(folder, input);
      events.emit({ type: 'stage-finished', stage: stage.name, id, seconds: elapsed() });
      return { id, output, cached: false, seconds: elapsed() };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      events.emit({ type: 'stage-failed', stage: stage.name, id, seconds: elapsed(), message });
      throw error;
    }
  }

  async #fromCache<Input, Output>(
    stage: Stage<Input, Output>,
    id: string,
    input: Input,
  ): Promise<{ output: Output; tools: Stored['tools'] } | undefined> {
    const found = await this.#cache.find(stage.name, id);
    if (found === undefined) return undefined;
    if ('damaged' in found) {
      this.#ctx.events.warn(`the cached result of ${stage.name} is damaged (${found.damaged}): it is made anew`);
      return undefined;
    }
    try {
      return { output: await stage.open(found.folder, input), tools: found.tools };
    } catch (error) {
      this.#ctx.signal.throwIfAborted();
      const why = error instanceof Error ? error.message : String(error);
      this.#ctx.events.warn(`the cached result of ${stage.name} cannot be opened (${why}): it is made anew`);
      return undefined;
    }
  }
}
