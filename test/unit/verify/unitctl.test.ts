import { describe, expect, it } from 'vitest';

import { ExitCode, ToolError, UserError } from '../../../builder/kit/errors.ts';
import { finaliseUnit, journalOf, probeUnit, type Reachable } from '../../../builder/verify/unitctl.ts';
import { testContext } from '../../helpers/context.ts';

const STARTED = JSON.stringify({ type: 'step-started', step: 'certificate', index: 2, count: 9, title: { en: 'Certificate' } });

function sshFailure(more: Partial<ToolError['failure']>): ToolError {
  const none = { program: 'ssh', args: [], exitCode: undefined, signal: undefined, missing: false, timedOut: false, tail: [] };
  return new ToolError({ ...none, ...more });
}

/** A unit of which `fails` does not end; its journal is told while `answers`. */
function unit(fails: 'apply' | 'probe' | 'mkdir', error: Error, answers = true): Reachable {
  const ssh: Reachable['ssh'] = async (command, options) => {
    const line = typeof command === 'string' ? command : command.join(' ');
    if (line.startsWith('journalctl')) {
      if (!answers) throw sshFailure({ exitCode: 255 });
      return { exitCode: 0, stdout: 'nginx: no certificate\n', stderr: '' };
    }
    if (line.includes(`unitctl ${fails}`)) {
      options?.onLine?.(STARTED, 'stdout');
      throw error;
    }
    return { exitCode: 0, stdout: '', stderr: '' };
  };
  return {
    ssh,
    output: async (command) => {
      if (String(command).includes(fails)) throw error;
      return '';
    },
    upload: async () => undefined,
    deadline: (seconds) => ({ at: Date.now() + seconds * 1000, seconds }),
    serialTail: async () => ['login:'],
  };
}

const options = { answers: '/tmp/answers.yaml', remedies: ['look at it'] };
const late = sshFailure({ timedOut: true });

describe('a unit that cannot be set up', () => {
  it('names the step that does not end, with the journal and what to do', async () => {
    await expect(finaliseUnit(testContext().ctx, unit('apply', late), options)).rejects.toMatchObject({
      exitCode: ExitCode.proof,
      message: 'Step certificate did not end on the unit',
      why: 'it took longer than it may',
      remedies: expect.arrayContaining(['look at it']),
      excerpt: { lines: ['nginx: no certificate', 'login:'] },
    });
  });

  it('shows the console of one that was lost', async () => {
    const lost = sshFailure({ exitCode: 255, tail: ['Connection reset'] });
    await expect(finaliseUnit(testContext().ctx, unit('apply', lost, false), options)).rejects.toMatchObject({
      exitCode: ExitCode.proof,
      why: 'ssh failed with exit code 255: Connection reset',
      excerpt: { lines: ['login:'] },
    });
  });

  it('says which command failed there before unitctl ran', async () => {
    const failed = new UserError('on the unit, `mkdir` failed with exit code 1: read-only', { exitCode: ExitCode.tool });
    await expect(finaliseUnit(testContext().ctx, unit('mkdir', failed), options)).rejects.toMatchObject({
      exitCode: ExitCode.proof,
      message: 'The unit could not be set up',
      why: 'on the unit, `mkdir` failed with exit code 1: read-only',
    });
  });

  it('does not blame the unit for a host without ssh', async () => {
    const missing = sshFailure({ missing: true });
    await expect(finaliseUnit(testContext().ctx, unit('apply', missing), options)).rejects.toBe(missing);
  });
});

it('says that the probes did not end', async () => {
  await expect(probeUnit(unit('probe', late), 'smoke', ['look at it'])).rejects.toMatchObject({
    exitCode: ExitCode.proof,
    message: 'The smoke probes did not end on the unit',
    remedies: expect.arrayContaining(['look at it']),
  });
});

it('takes the console where the journal cannot be had', async () => {
  expect(await journalOf(unit('probe', late))).toEqual(['nginx: no certificate']);
  expect(await journalOf(unit('probe', late, false))).toEqual(['login:']);
});
