import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';

import type { Cli } from '../../../builder/cli/cli.ts';
import { type Edge, runCli } from '../../../builder/cli/runtime.ts';
import { ExitCode, Interrupted, ToolError, UserError } from '../../../builder/kit/errors.ts';

class Sink extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

function fakeEdge(): { edge: Edge; stdout: Sink; stderr: Sink; home: string; signal(name: 'SIGINT' | 'SIGTERM'): void } {
  const stdout = new Sink();
  const stderr = new Sink();
  const home = mkdtempSync(join(tmpdir(), 'cli-'));
  let callback: ((signal: 'SIGINT' | 'SIGTERM') => void) | undefined;
  const edge: Edge = {
    env: { HOME: home },
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: stderr as unknown as NodeJS.WriteStream,
    onSignal: (given) => {
      callback = given;
      return () => {
        callback = undefined;
      };
    },
  };
  return { edge, stdout, stderr, home, signal: (name) => callback?.(name) };
}

function commandThat(work: Parameters<Cli['run']>[1]): (cli: Cli) => void {
  return (cli) => {
    cli.program.command('work').action(cli.run('work', work));
  };
}

const tool = new ToolError({
  program: 'qemu-img',
  args: [],
  exitCode: 1,
  signal: undefined,
  missing: false,
  timedOut: false,
  tail: ['no space'],
});

describe('exit codes and messages', () => {
  it.each([
    [
      new UserError('No such image', { exitCode: ExitCode.definition, why: 'the folder is missing', remedies: ['unitsmith list'] }),
      3,
      ['No such image', 'why: the folder is missing', '→ unitsmith list'],
    ],
    [tool, 10, ['qemu-img failed with exit code 1', '| no space']],
    [Object.assign(new Error('write'), { code: 'ENOSPC' }), 4, ['The disk is full', '--cache-dir']],
    [new Error('unexpected'), 70, ['This is a bug', 'unexpected']],
    [new Interrupted('SIGINT'), 130, ['Interrupted']],
  ] as const)('%s gives %i', async (error, code, words) => {
    const { edge, stderr } = fakeEdge();
    const work = commandThat(async () => {
      throw error;
    });
    expect(await runCli(edge, '1.0.0', [work], ['work'])).toBe(code);
    for (const word of words) expect(stderr.text).toContain(word);
  });

  it('usage errors give 2, --help and --version 0', async () => {
    const { edge, stdout } = fakeEdge();
    const work = commandThat(async () => ExitCode.ok);
    expect(await runCli(edge, '1.0.0', [work], ['work', '--nonsense'])).toBe(2);
    expect(await runCli(edge, '1.0.0', [work], ['nonsense'])).toBe(2);
    expect(await runCli(edge, '1.0.0', [work], ['--version'])).toBe(0);
    expect(stdout.text).toContain('1.0.0');
  });
});

describe('a session', () => {
  it('prints results on standard output for people, events for machines', async () => {
    const work = commandThat(async ({ ctx, print }) => {
      print('made it');
      ctx.events.emit({ type: 'result', command: 'work', data: { made: 1 } });
      return ExitCode.ok;
    });
    const people = fakeEdge();
    await runCli(people.edge, '1', [work], ['work']);
    expect(people.stdout.text).toBe('made it\n');
    const machines = fakeEdge();
    await runCli(machines.edge, '1', [work], ['--json', 'work']);
    const events = machines.stdout.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(events.map((event) => event.type)).toEqual(['run-started', 'result']);
    expect(machines.stderr.text).toBe('');
  });

  it('writes a log that only its owner reads, named at the start', async () => {
    const { edge, stderr, home } = fakeEdge();
    await runCli(
      edge,
      '1',
      [
        commandThat(async ({ ctx }) => {
          ctx.events.debug('detail');
          return ExitCode.ok;
        }),
      ],
      ['work'],
    );
    const folder = join(home, '.local/state/unitsmith/log');
    const [name] = readdirSync(folder);
    expect(stderr.text).toContain(join(folder, name!));
    expect(readFileSync(join(folder, name!), 'utf8')).toContain('debug: detail');
  });

  it('cleans up in reverse order on a signal, and ends with its code', async () => {
    const { edge, signal } = fakeEdge();
    const order: string[] = [];
    const work = commandThat(async ({ ctx, cleanup }) => {
      cleanup.add('first', () => void order.push('first'));
      cleanup.add('second', () => void order.push('second'));
      signal('SIGTERM');
      ctx.signal.throwIfAborted();
      return ExitCode.ok;
    });
    expect(await runCli(edge, '1', [work], ['work'])).toBe(143);
    expect(order).toEqual(['second', 'first']);
  });

  it('says at once that it heard a signal, and the error when all is cleaned up, whatever signals come meanwhile', async () => {
    const { edge, signal, stderr } = fakeEdge();
    const shown: string[] = [];
    const work = commandThat(async ({ ctx, cleanup }) => {
      cleanup.add('folder', () => {
        shown.push(stderr.text);
        signal('SIGINT');
        throw new Error('not empty');
      });
      signal('SIGTERM');
      ctx.signal.throwIfAborted();
      return ExitCode.ok;
    });
    expect(await runCli(edge, '1', [work], ['work'])).toBe(143);
    expect(shown[0]).toMatch(/ending what was started\n$/);
    expect(stderr.text.slice(shown[0]?.length)).toMatch(/^warning: could not clean up folder: Error: not empty\nerror: Terminated\n$/);
  });

  it('honours NO_COLOR: no escape sequence even on a terminal', async () => {
    const { edge, stderr } = fakeEdge();
    Object.assign(stderr, { isTTY: true, columns: 80 });
    await runCli(
      { ...edge, env: { ...edge.env, NO_COLOR: '1' } },
      '1',
      [
        commandThat(async ({ ctx }) => {
          ctx.events.warn('careful');
          return ExitCode.ok;
        }),
      ],
      ['work'],
    );
    expect(stderr.text).not.toContain('\u001b[3');
  });
});
