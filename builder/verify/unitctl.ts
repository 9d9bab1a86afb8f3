/** Talks to `unitctl` on a booted unit: sets it up with answers, as its owner would, and asks its probes. */
import { basename, dirname, resolve } from 'node:path';

import type { ApplyEvent } from '../../firstboot/contract/events.ts';
import type { ProbeResult } from '../../firstboot/contract/probe.ts';
import type { Context } from '../kit/context.ts';
import { ExitCode, UserError } from '../kit/errors.ts';
import type { Machine } from '../vm/machine.ts';

export interface StepTime {
  step: string;
  seconds: number;
  changed: boolean;
}

/** What a unit is reached by: a booted machine is one, and whatever else takes commands and files. */
export type Reachable = Pick<Machine, 'ssh' | 'output' | 'upload' | 'deadline'>;

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
const JOURNAL_LINES = 40;

/** Sets the unit up. @throws UserError(proof) with the failed step's log and the journal. */
export async function finaliseUnit(ctx: Context, machine: Reachable, options: FinaliseOptions): Promise<StepTime[]> {
  const answers = await bringAnswers(machine, resolve(options.answers));
  const times: StepTime[] = [];
  let failure: (ApplyEvent & { type: 'step-failed' }) | undefined;
  const { exitCode, stdout, stderr } = await machine.ssh(['unitctl', 'apply', '--answers', answers, '--json'], {
    timeout: machine.deadline(APPLY_SECONDS).seconds,
    onLine: (line, stream) => {
      const event = stream === 'stdout' ? parseEvent<ApplyEvent>(line) : undefined;
      if (event?.type === 'step-started') ctx.events.progress(`${event.index}/${event.count} ${event.title.en}`);
      else if (event?.type === 'step-finished') times.push({ step: event.step, seconds: event.seconds, changed: event.changed });
      else if (event?.type === 'step-failed') failure = event;
      else ctx.events.emit({ type: 'output', source: 'unitctl', line: event?.type === 'output' ? `${event.step}: ${event.line}` : line });
    },
  });
  if (exitCode === 0) return times;
  throw new UserError(
    failure === undefined ? 'The unit could not be set up with these answers' : `Step ${failure.step} failed on the unit`,
    {
      exitCode: ExitCode.proof,
      why: failure?.reason ?? lastLine(stderr || stdout),
      remedies: ['the log file has the whole output', ...options.remedies],
      excerpt: { title: 'Log of the step, and journal', lines: [...(failure?.log ?? []), ...(await journalOf(machine))] },
    },
  );
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
export async function probeUnit(machine: Reachable, set: 'smoke' | 'acceptance'): Promise<ProbeResult[]> {
  const { stdout, stderr } = await machine.ssh(['unitctl', 'probe', set, '--json'], { timeout: machine.deadline(PROBE_SECONDS).seconds });
  const results = parseProbeResults(stdout);
  if (results !== undefined) return results;
  throw new UserError(`unitctl could not ask the ${set} probes`, { exitCode: ExitCode.proof, why: lastLine(stderr || stdout) });
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

/** What the unit says about this boot: warnings, and units that failed. */
export async function journalOf(machine: Reachable): Promise<string[]> {
  const command = `journalctl --boot --no-pager --priority=warning --lines=${JOURNAL_LINES}; systemctl --failed --no-legend --plain`;
  const { stdout } = await machine.ssh(command);
  return stdout.trimEnd().split('\n');
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
