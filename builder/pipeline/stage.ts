/**
 * A stage turns declared inputs into a folder of files. Its id is the hash of its name, its code and its inputs; a
 * stage whose folder is in the cache is not run again (the idea is osbuild's).
 */
import type { Cleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import type { Hashable } from '../kit/hash.ts';

export interface Stage<Input, Output> {
  /** Folder name in the cache and in messages: lower-case words. The stage is exported as `<name>Stage`. */
  name: string;
  /** For a stage that one bake runs several times: what for. */
  instance?(input: Input): string;
  /** Everything beside the stage's own code that determines the output. What is not here must not influence it. */
  inputs(input: Input, ctx: Context): Promise<Hashable> | Hashable;
  /** Writes the output into `folder` (empty, on the cache's file system); it appears in the cache only when this returns. */
  run(input: Input, folder: string, ctx: Context, cleanup: Cleanup): Promise<void>;
  /** The typed output, read from the finished folder. Throws where the folder is damaged: the stage is then run again. */
  open(folder: string, input: Input): Promise<Output> | Output;
}
