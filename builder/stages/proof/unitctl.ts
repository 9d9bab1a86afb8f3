/** Talks to `unitctl` on a booted unit: finalises it, asks its probes, and tells what failed and why. */
import type { Context } from '../../kit/context.ts';
import { ExitCode, UserError } from '../../kit/errors.ts';
import type { Machine } from '../../vm/machine.ts';

export interface StepTime {
  step: string;
  seconds: number;
  changed: boolean;
}

/** The events of `unitctl apply --json` that are used here (firstboot/apply/events.ts); others are passed over. */
type ApplyEvent =
  | { type: 'step-started'; step: string; title: { en: string }; index: number; count: number }
  | { type: 'step-finished'; step: string; changed: boolean; seconds: number }
  | { type: 'step-failed'; step: string; reason: string; log: string[]; seconds: number }
  | { type: 'output'; step: string; line: string };

const APPLY_SECONDS = 900;
const PROBE_SECONDS = 600;
const JOURNAL_LINES = 40;

/**
 * Finalises the unit with an answers file that is on it.
 * @param remedy how the user can look at such a unit
 * @throws UserError(proof) with the step's log and the journal
 */
export async function applyOnUnit(ctx: Context, machine: Machine, answers: string, remedy: string): Promise<StepTime[]> {
  const times: StepTime[] = [];
  let failure: (ApplyEvent & { type: 'step-failed' }) | undefined;
  const result = await machine.ssh(['unitctl', 'apply', '--answers', answers, '--json'], {
    timeout: machine.deadline(APPLY_SECONDS).seconds,
    onLine: (line, stream) => {
      const event = stream === 'stdout' ? parseEvent(line) : undefined;
      if (event?.type === 'step-started') ctx.events.progress(`${event.index}/${event.count} ${event.title.en}`);
      else if (event?.type === 'step-finished') times.push({ step: event.step, seconds: event.seconds, changed: event.changed });
      else if (event?.type === 'step-failed') failure = event;
      else ctx.events.emit({ type: 'output', source: 'unitctl', line: event?.type === 'output' ? `${event.step}: ${event.line}` : line });
    },
  });
  if (result.exitCode === 0) return times;
  throw new UserError(
    failure === undefined ? 'The unit could not be finalised with the sample answers' : `Step ${failure.step} failed on the unit`,
    {
      exitCode: ExitCode.proof,
      why: failure?.reason ?? lastLine(result.stderr || result.stdout),
      remedies: ['the log file has the whole output', remedy],
      excerpt: { title: 'Log of the step, and journal', lines: [...(failure?.log ?? []), ...(await journal(machine))] },
    },
  );
}

/** Asks all probes of a kind on the unit; `remedy` as above. @throws UserError(proof) naming those that did not pass. */
export async function probeOnUnit(
  ctx: Context,
  machine: Machine,
  kind: 'smoke' | 'acceptance',
  remedy: string,
): Promise<{ title: string; seconds: number }[]> {
  ctx.events.progress(`${kind} probes`);
  const { exitCode, stdout, stderr } = await machine.ssh(['unitctl', 'probe', kind, '--json'], {
    timeout: machine.deadline(PROBE_SECONDS).seconds,
  });
  const results = parseProbes(stdout);
  const failed = results.filter((result) => !result.passed);
  if (exitCode === 0 && failed.length === 0) return results.map(({ title, seconds }) => ({ title, seconds }));
  throw new UserError(`${failed.length} of ${results.length} ${kind} probes did not pass`, {
    exitCode: ExitCode.proof,
    ...(results.length === 0 ? { why: lastLine(stderr || stdout) } : {}),
    problems: failed.map(({ title, message }) => ({ message: `${title}: ${message}` })),
    remedies: [remedy],
    excerpt: { title: 'Journal', lines: await journal(machine) },
  });
}

/** Exported for its test: undefined for what is no event. */
export function parseEvent(line: string): ApplyEvent | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const data = JSON.parse(line) as { type?: unknown };
    return typeof data.type === 'string' ? (data as ApplyEvent) : undefined;
  } catch {
    return undefined;
  }
}

function parseProbes(stdout: string): { title: string; passed: boolean; message: string; seconds: number }[] {
  try {
    const data = JSON.parse(stdout) as { probes?: { title: string; passed: boolean; message: string; seconds: number }[] };
    return data.probes ?? [];
  } catch {
    return [];
  }
}

async function journal(machine: Machine): Promise<string[]> {
  const command = `journalctl --boot --no-pager --priority=warning --lines=${JOURNAL_LINES}; systemctl --failed --no-legend --plain`;
  const { stdout } = await machine.ssh(command);
  return stdout.trimEnd().split('\n');
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
