#!/usr/bin/env node
/** The process edge: argv, real streams and signals, and the exit code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { commands } from './cli/index.ts';
import { type Edge, runCli } from './cli/runtime.ts';
import { packageRoot } from './kit/paths.ts';

const edge: Edge = {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  onSignal(callback) {
    const onInterrupt = (): void => callback('SIGINT');
    const onTerminate = (): void => callback('SIGTERM');
    process.on('SIGINT', onInterrupt);
    process.on('SIGTERM', onTerminate);
    return () => {
      process.off('SIGINT', onInterrupt);
      process.off('SIGTERM', onTerminate);
    };
  },
};

const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
process.exitCode = await runCli(edge, version, commands, process.argv.slice(2));
