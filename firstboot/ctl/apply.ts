import { Option } from 'commander';

import { Journal } from '../apply/journal.ts';
import { run } from '../apply/run.ts';
import { saveOrigins, saveSettings } from '../apply/settings-store.ts';
import type { ApplyEvent } from '../contract/events.ts';
import { UNIT_PATHS } from '../contract/unit.ts';
import { ExitCode, UnitError } from '../kit/errors.ts';
import { readIfExists } from '../kit/files.ts';
import { LOCK, lock } from '../kit/lock.ts';
import { markDraft } from '../sources/draft.ts';
import type { Ctl, Session } from './cli.ts';
import { EventLog } from './event-log.ts';
import { type Prepared, prepare, prepareKept } from './prepared.ts';

interface Options {
  answers?: string;
  resume?: boolean;
  kept?: boolean;
}

export function register(ctl: Ctl): void {
  ctl.program
    .command('apply')
    .description('Set the unit up: save the answers, make every change that is due, start the services. Can be repeated.')
    .option('--answers <file>', 'answers file (YAML or JSON); the saved settings by default')
    .option('--resume', 'go on with a run that was interrupted or has failed; nothing to do is fine')
    .addOption(new Option('--kept', 'apply what the setup page has kept').conflicts(['answers', 'resume']).hideHelp())
    .option('--json', 'write events as JSON, one object a line')
    .addHelpText(
      'after',
      '\nExamples:\n  unitctl apply --answers answers.yaml\n  unitctl apply --answers answers.yaml --json\n  unitctl apply --resume',
    )
    .action(ctl.run((session, options: Options) => apply(session, options)));
}

async function apply(session: Session, options: Options): Promise<ExitCode> {
  const { system } = session;
  if (options.resume === true && options.answers !== undefined) {
    throw new UnitError('--resume goes on with the saved answers: leave --answers out, or --resume', { exitCode: ExitCode.usage });
  }
  const held = await lock(system, LOCK);
  try {
    if (options.resume === true && (await readIfExists(system.path(UNIT_PATHS.unfinished))) === undefined) {
      session.emit({ type: 'result', command: 'apply', data: { resumed: false } });
      session.print('There is no unfinished run.');
      return ExitCode.ok;
    }
    await applyPrepared(session, options.kept === true ? await prepareKept(system) : await prepare(system, options.answers));
    return ExitCode.ok;
  } finally {
    await held.release();
  }
}

/** Saves the settings and makes every change that is due. The caller holds the lock. */
export async function applyPrepared(session: Session, prepared: Prepared): Promise<void> {
  const { system } = session;
  await saveOrigins(system, prepared.origins);
  await saveSettings(system, prepared.settings, prepared.productSchema);
  if (prepared.fromDraft !== undefined) await markDraft(system, prepared.fromDraft);
  const journal = await Journal.open(system.path(UNIT_PATHS.journal), await system.bootId());
  const events = await EventLog.open(system);
  try {
    const ports = { system, unit: prepared.unit, settings: prepared.settings, secretSettings: prepared.facts.secretSettings };
    await run(prepared.plan, ports, journal, listener(session, events));
  } finally {
    events.close();
    await journal.close();
  }
}

/** Events as they are for machines and for the setup page, lines for people. */
function listener(session: Session, events: EventLog): (event: ApplyEvent) => void {
  return (event) => {
    events.write(event);
    session.emit(event);
    const line = describe(event);
    if (line !== undefined) session.print(line);
  };
}

export function describe(event: ApplyEvent): string | undefined {
  switch (event.type) {
    case 'step-started':
      return `[${event.index}/${event.count}] ${event.title.en}`;
    case 'step-finished':
      return `        ${event.changed ? 'done' : 'nothing to do'}, ${event.seconds.toFixed(1)} s`;
    case 'output':
      return `        ${event.line}`;
    case 'step-failed':
      return `        failed after ${event.seconds.toFixed(1)} s`;
    case 'state':
      return `state: ${event.state}`;
    default:
      return undefined;
  }
}
