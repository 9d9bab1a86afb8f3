/** Questions to whoever sits at the terminal, or answers from standard input where there is none. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

import type { Ask } from './cli.ts';

/** Questions go to standard error, so that standard output stays data. */
export function terminalAsk(write: (descriptor: number, text: string) => void): Ask {
  return async (question, options = {}) => {
    const terminal = process.stdin.isTTY === true;
    if (terminal) write(2, question);
    // readline echoes what is typed to its output: into nothing where it is to be hidden.
    const echo = new Writable({
      write(chunk: Buffer, _encoding, done) {
        if (options.hidden !== true) write(2, chunk.toString());
        done();
      },
    });
    const lines = createInterface({ input: process.stdin, output: echo, terminal });
    try {
      return await new Promise<string | undefined>((resolve) => {
        lines.once('line', resolve);
        lines.once('close', () => resolve(undefined));
      });
    } finally {
      lines.close();
      if (terminal && options.hidden === true) write(2, '\n');
    }
  };
}
