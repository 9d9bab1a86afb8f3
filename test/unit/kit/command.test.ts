import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { commandLine, run, start } from '../../../builder/kit/command.ts';
import { Interrupted, ToolError } from '../../../builder/kit/errors.ts';
import { testContext } from '../../helpers/context.ts';

/** Whether a process runs; a zombie that nobody has reaped yet counts as ended. */
function alive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('run', () => {
  it('gives output and exit code, and emits each line', async () => {
    const { ctx, events } = testContext();
    const result = await run(ctx, 'sh', ['-c', 'echo one; echo two >&2; exit 3'], { okExitCodes: [3] });
    expect(result).toEqual({ exitCode: 3, stdout: 'one', stderr: 'two' });
    expect(
      events
        .filter((event) => event.type === 'output')
        .map((event) => event.line)
        .sort(),
    ).toEqual(['one', 'two']);
  });

  it('passes arguments as they are, without a shell', async () => {
    const { ctx } = testContext();
    const { stdout } = await run(ctx, 'printf', ['%s', "a 'b' $HOME `id` \n;"]);
    expect(stdout).toBe("a 'b' $HOME `id` \n;");
  });

  it('keeps the environment small: a secret of the caller does not reach the program', async () => {
    const { ctx } = testContext({ env: { ...process.env, SECRET_TOKEN: 'hidden' } });
    expect((await run(ctx, 'env', [])).stdout).not.toContain('hidden');
  });

  it('reports a failing program with the end of what it said', async () => {
    const { ctx } = testContext();
    const error = (await failureOf(run(ctx, 'sh', ['-c', 'echo broken >&2; exit 7']))) as ToolError;
    expect(error).toBeInstanceOf(ToolError);
    expect(error.failure).toMatchObject({ exitCode: 7, missing: false, timedOut: false, tail: ['broken'] });
  });

  it('tells a missing program from a failing one', async () => {
    const { ctx } = testContext();
    const error = (await failureOf(run(ctx, 'no-such-program-here', []))) as ToolError;
    expect(error.failure.missing).toBe(true);
  });

  it('ends a program, and its children, that runs out of time', async () => {
    const { ctx } = testContext();
    const pids: number[] = [];
    const error = (await failureOf(
      run(ctx, 'sh', ['-c', 'sleep 1000 & echo $!; wait'], { timeout: 0.3, onLine: (line) => pids.push(Number(line)) }),
    )) as ToolError;
    expect(error.failure.timedOut).toBe(true);
    await expect.poll(() => alive(pids[0]!)).toBe(false);
  });

  /** Runs a script of bash, cancelled as soon as it has said the number of a process that it started. */
  async function cancelled(script: string): Promise<{ failure: unknown; pid: number }> {
    const { ctx, abort } = testContext();
    const pids: number[] = [];
    const onLine = (line: string): void => {
      pids.push(Number(line));
      abort(new Interrupted('SIGTERM'));
    };
    const failure = await failureOf(run(ctx, 'bash', ['-c', script], { grace: 0.3, onLine }));
    return { failure, pid: pids[0]! };
  }

  it('on cancellation ends the whole process group, hard where it does not listen', async () => {
    const { failure, pid } = await cancelled('trap "" TERM; (trap "" TERM; while :; do sleep 0.1; done) & echo $!; wait');
    expect(failure).toMatchObject({ name: 'Interrupted', exitCode: 143 });
    await expect.poll(() => alive(pid)).toBe(false);
  });

  it('does not wait for a stranger who holds the pipes of a program that was ended', async () => {
    const { failure, pid } = await cancelled("setsid sh -c 'echo $$; exec sleep 1000' & wait");
    expect(failure).toMatchObject({ name: 'Interrupted' });
    expect(alive(pid)).toBe(true);
    process.kill(pid);
  });
});

it('does not wait for a stranger who holds the pipes of a program that has ended by itself', async () => {
  const { ctx } = testContext();
  const lines: string[] = [];
  const script = "setsid sh -c 'echo $$; exec sleep 1000' & sleep 0.2; seq 20000; exit 3";
  const failure = await run(ctx, 'sh', ['-c', script], { onLine: (line) => lines.push(line) }).catch((error: unknown) => error);
  const pid = Number(lines[0]);
  expect(alive(pid)).toBe(true);
  process.kill(pid);
  expect(failure).toMatchObject({ name: 'ToolError', failure: { exitCode: 3 } });
  expect(lines).toHaveLength(20001);
});

describe('start', () => {
  it('keeps a program running until it is stopped', async () => {
    const { ctx } = testContext();
    const running = await start(ctx, 'sleep', ['1000']);
    expect(alive(running.pid)).toBe(true);
    await running.stop();
    expect(alive(running.pid)).toBe(false);
  });

  it('says so where the program is missing', async () => {
    const { ctx } = testContext();
    expect(await failureOf(start(ctx, 'no-such-program-here', []))).toBeInstanceOf(ToolError);
  });
});

describe('commandLine', () => {
  it.each([
    [['a', 'b=c'], 'prog a b=c'],
    [['two words'], "prog 'two words'"],
    [["it's"], "prog 'it'\\''s'"],
  ])('%j', (args, line) => expect(commandLine('prog', args)).toBe(line));
});
