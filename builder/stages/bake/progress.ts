/** Follows a bake by its marks: which step runs, what it said last, and how it ended. */
import type { Context } from '../../kit/context.ts';
import type { Mark, PackerMessage } from '../../tools/packer/messages.ts';

const LAST_LINES = 40;

export class BakeProgress {
  readonly #ctx: Context;
  readonly #steps: readonly string[];
  /** Undefined until the first step runs: then SSH works. */
  step: string | undefined;
  failed: { step: string; exitCode: number } | undefined;
  finished = 0;
  /** What the running step, or Packer before the first one, said last. */
  readonly lines: string[] = [];
  /** What Packer called an error. */
  readonly errors: string[] = [];

  constructor(ctx: Context, steps: readonly string[]) {
    this.#ctx = ctx;
    this.#steps = steps;
  }

  onMark(mark: Mark): void {
    if (mark.mark === 'started') {
      this.step = mark.what;
      this.lines.length = 0;
      this.#ctx.events.progress(`in the guest: ${mark.what}`, this.finished / this.#steps.length);
    } else if (mark.mark === 'finished') {
      this.finished += 1;
    } else {
      this.failed = { step: mark.what, exitCode: mark.exitCode };
    }
  }

  onMessage(message: PackerMessage): void {
    if (message.kind === 'other' || message.text.trim() === '') return;
    this.#ctx.events.emit({ type: 'output', source: this.step ?? 'packer', line: message.text });
    // After a failure Packer talks about its own tidying up.
    if (this.failed === undefined) keepLast(this.lines, message.text);
    if (message.kind === 'error') keepLast(this.errors, message.text);
  }
}

function keepLast(lines: string[], line: string): void {
  lines.push(line);
  if (lines.length > LAST_LINES) lines.shift();
}
