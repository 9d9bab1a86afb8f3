/** Talks to `unitctl` on a booted unit: sets it up with answers, as its owner would, and asks its probes. */
import { basename, dirname, resolve } from 'node:path';

import type { ApplyEvent } from '../../firstboot/contract/events.ts';
import type { ProbeResult } from '../../firstboot/contract/probe.ts';
import type { Context } from '../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../kit/errors.ts';
import type { Machine } from '../vm/machine.ts';

export interface StepTime {
  step: string;
  seconds: number;
  changed: boolean;
}

/** What a unit is reached by: a booted machine is one, and whatever else takes commands and files. */
export type Reachable = Pick<Machine, 'ssh' | 'output' | 'upload' | 'deadline'> & Partial<Pick<Machine, 'serialTail'>>;

export interface FinaliseOptions {
  /** Answers file of the host. Where it is in an image's sample/, that folder goes along: acceptance commands are there. */
  answers: string;
  /** How the user can look closer at what failed. */
  remedies: readonly string[];
}

/** Folder on the unit with what a proof brings; in memory, and not `noexec` as /run itself is. */
const PROOF_FOLDER = '/run/unit-proof';

/** Seconds, as on hardware virtualisation. */
const APPLY_SECONDS = 900;
const PROBE_SECONDS = 600;
const JOURNAL_SECONDS = 30;
const JOURNAL_LINES = 40;
const CONSOLE_LINES = 40;

/** Sets the unit up. @throws UserError(proof) with the step that failed or did not end, its log and the journal. */
export async function finaliseUnit(ctx: Context, machine: Reachable, options: FinaliseOptions): Promise<StepTime[]> {
  let step: string | undefined;
  const lost = (): string => (step === undefined ? 'The unit could not be set up' : `Step ${step} did not end on the unit`);
  const set = await onUnit(machine, lost, options.remedies, async () => {
    const answers = await bringAnswers(machine, resolve(options.answers));
    return await apply(ctx, machine, answers, (started) => {
      step = started;
    });
  });
  if (set.exitCode === 0) return set.times;
  const { failure } = set;
  throw new UserError(
    failure === undefined ? 'The unit could not be set up with these answers' : `Step ${failure.step} failed on the unit`,
    {
      exitCode: ExitCode.proof,
      why: failure?.reason ?? set.lastLine,
      remedies: ['the log file has the whole output', ...options.remedies],
      excerpt: { title: 'Log of the step, and journal', lines: [...(failure?.log ?? []), ...(await journalOf(machine))] },
    },
  );
}

/** What `unitctl apply` did. */
interface Applied {
  exitCode: number;
  times: StepTime[];
  failure: (ApplyEvent & { type: 'step-failed' }) | undefined;
  lastLine: string;
}

/** @param started is told of each step */
async function apply(ctx: Context, machine: Reachable, answers: string, started: (step: string) => void): Promise<Applied> {
  const times: StepTime[] = [];
  let failure: Applied['failure'];
  const { exitCode, stdout, stderr } = await machine.ssh(['unitctl', 'apply', '--answers', answers, '--json'], {
    timeout: machine.deadline(APPLY_SECONDS).seconds,
    onLine: (line, stream) => {
      const event = stream === 'stdout' ? parseEvent<ApplyEvent>(line) : undefined;
      if (event?.type === 'step-started') {
        started(event.step);
        ctx.events.progress(`${event.index}/${event.count} ${event.title.en}`);
      } else if (event?.type === 'step-finished') times.push({ step: event.step, seconds: event.seconds, changed: event.changed });
      else if (event?.type === 'step-failed') failure = event;
      else ctx.events.emit({ type: 'output', source: 'unitctl', line: event?.type === 'output' ? `${event.step}: ${event.line}` : line });
    },
  });
  return { exitCode, times, failure, lastLine: lastLine(stderr || stdout) };
}

/**
 * Runs `work` on a unit. Where that ends without the unit's own answer, because it takes too long, the connection is lost or a
 * command fails that must not, says so with the unit's last words: ssh(1) alone would say that it did not finish.
 * @throws UserError(proof) with the message `lost`; whatever else `work` throws
 */
export async function onUnit<T>(machine: Reachable, lost: () => string, remedies: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const why = unitFault(error);
    if (why === undefined) throw error;
    throw new UserError(lost(), {
      exitCode: ExitCode.proof,
      why,
      remedies: ['the log file has the whole output', ...remedies],
      excerpt: {
        title: 'Journal, and end of the console',
        lines: [...((await journalIfAny(machine)) ?? []), ...(await consoleOf(machine))],
      },
      cause: error,
    });
  }
}

/** What the unit did wrong; undefined for an error that it did not cause. */
function unitFault(error: unknown): string | undefined {
  if (error instanceof UserError) return error.exitCode === ExitCode.tool ? error.message : undefined;
  if (!(error instanceof ToolError) || error.failure.missing) return undefined;
  if (error.failure.timedOut) return 'it took longer than it may';
  return [error.message, ...error.failure.tail.slice(-1)].filter((line) => line !== '').join(': ');
}

/** Until the next boot, services of the unit may take as much longer as this host is slower. */
export async function allowTime(machine: Reachable): Promise<void> {
  await machine.output(`mkdir -p /run/unit && echo ${Math.max(1, Math.round(machine.deadline(1).seconds))} > /run/unit/timeout-factor`);
}

/** @returns the answers' path on the unit. */
async function bringAnswers(machine: Reachable, answers: string): Promise<string> {
  await machine.output(`mkdir -p ${PROOF_FOLDER} && mount -t tmpfs -o mode=0700,nosuid,nodev unit-proof ${PROOF_FOLDER}`);
  await allowTime(machine);
  const folder = dirname(answers);
  if (basename(folder) === 'sample') {
    await machine.upload(folder, `${PROOF_FOLDER}/`);
    return `${PROOF_FOLDER}/sample/${basename(answers)}`;
  }
  await machine.upload(answers, `${PROOF_FOLDER}/answers.yaml`);
  return `${PROOF_FOLDER}/answers.yaml`;
}

/**
 * Asks all probes of a set, each until it passes or its time is over.
 * @throws UserError(proof) where unitctl has no result: probes that do not pass are in it.
 */
export async function probeUnit(machine: Reachable, set: 'smoke' | 'acceptance', remedies: readonly string[] = []): Promise<ProbeResult[]> {
  const { stdout, stderr } = await onUnit(
    machine,
    () => `The ${set} probes did not end on the unit`,
    remedies,
    () => machine.ssh(['unitctl', 'probe', set, '--json'], { timeout: machine.deadline(PROBE_SECONDS).seconds }),
  );
  const results = parseProbeResults(stdout);
  if (results !== undefined) return results;
  throw new UserError(`unitctl could not ask the ${set} probes`, { exitCode: ExitCode.proof, why: lastLine(stderr || stdout), remedies });
}

/** The result of `unitctl probe --json`; undefined where it never came. */
export function parseProbeResults(stdout: string): ProbeResult[] | undefined {
  for (const line of stdout.split('\n')) {
    const event = parseEvent<{ type: 'result'; data?: { results?: ProbeResult[] } }>(line);
    if (event?.type === 'result') return event.data?.results;
  }
  return undefined;
}

/** An event of unitctl's NDJSON; undefined for what is none, as the words of a program that it ran. */
export function parseEvent<T extends { type: string }>(line: string): T | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const data = JSON.parse(line) as { type?: unknown };
    return typeof data.type === 'string' ? (data as T) : undefined;
  } catch {
    return undefined;
  }
}

/** What the unit says about this boot: warnings, and units that failed; where it no longer answers, the end of its console. */
export async function journalOf(machine: Reachable): Promise<string[]> {
  return (await journalIfAny(machine)) ?? (await consoleOf(machine));
}

async function journalIfAny(machine: Reachable): Promise<string[] | undefined> {
  const command = `journalctl --boot --no-pager --priority=warning --lines=${JOURNAL_LINES}; systemctl --failed --no-legend --plain`;
  try {
    const { stdout } = await machine.ssh(command, { timeout: machine.deadline(JOURNAL_SECONDS).seconds });
    return stdout.trim() === '' ? undefined : stdout.trimEnd().split('\n');
  } catch (error) {
    if (error instanceof ToolError) return undefined;
    throw error;
  }
}

async function consoleOf(machine: Reachable): Promise<string[]> {
  return (await machine.serialTail?.(CONSOLE_LINES)) ?? [];
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
