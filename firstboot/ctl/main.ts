#!/usr/bin/node
/** unitctl's process edge: argv, streams, signals and the exit code. */
import { writeSync } from 'node:fs';

import { Interrupted } from '../kit/errors.ts';
import { runCtl } from './cli.ts';
import { commandsFor } from './index.ts';
import { terminalAsk } from './terminal.ts';

const controller = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => controller.abort(new Interrupted(signal)));

/** Written before the call returns: what was said stays said when the process is killed. A reader that went away is no error. */
function write(descriptor: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') return;
      // The other end of a pipe made it non-blocking and is slow to read.
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

const argv = process.argv.slice(2);
process.exitCode = await runCtl(
  {
    path: process.env.PATH ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    stdout: (text) => write(1, text),
    stderr: (text) => write(2, text),
    signal: controller.signal,
    ask: terminalAsk(write),
    editor: process.env.EDITOR,
  },
  await commandsFor(argv),
  argv,
);
