#!/usr/bin/env node
/** The process edge: argv, real streams and signals, and the exit code. */
import { commands } from './cli/index.ts';
import { type Edge, runCli } from './cli/runtime.ts';
import { ExitCode } from './kit/errors.ts';
import { builderVersion } from './kit/paths.ts';

const edge: Edge = {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  onSignal(callback) {
    const onInterrupt = (): void => callback('SIGINT');
    const onTerminate = (): void => callback('SIGTERM');
    process.on('SIGINT', onInterrupt);
    process.on('SIGTERM', onTerminate);
    // The terminal was closed, or the connection to it broke.
    process.on('SIGHUP', onTerminate);
    // As it ends other programs; node itself ignores the signal.
    const onError = ({ code }: NodeJS.ErrnoException): void => {
      if (code === 'EPIPE') callback('SIGPIPE');
    };
    for (const stream of [process.stdout, process.stderr]) stream.on('error', onError);
    return () => {
      for (const stream of [process.stdout, process.stderr]) stream.off('error', onError);
      process.off('SIGINT', onInterrupt);
      process.off('SIGTERM', onTerminate);
      process.off('SIGHUP', onTerminate);
    };
  },
};

// A reader or a terminal that went away must not keep the run from cleaning up: it is heard by its log only.
const GONE = ['EPIPE', 'EIO'];
process.stderr.on('error', () => undefined);
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (GONE.includes(error.code ?? '')) return;
  process.stderr.write(`error: the result could not be written: ${error.message}\n`);
  // Heard after the run has ended: a result that is lost, for want of space, is no success.
  process.on('exit', () => {
    process.exitCode ||= ExitCode.host;
  });
});

process.exitCode = await runCli(edge, builderVersion(), commands, process.argv.slice(2));
