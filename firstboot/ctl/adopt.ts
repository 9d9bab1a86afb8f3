import { announce } from '../apply/run.ts';
import { UNIT_PATHS } from '../contract/unit.ts';
import { ExitCode, type Problem, ProgramError, UnitError } from '../kit/errors.ts';
import { readIfExists } from '../kit/files.ts';
import { LOCK, lock } from '../kit/lock.ts';
import { applyNetwork, networkWanted } from '../sections/network/interfaces.ts';
import { networkViolations } from '../sections/network/rules.ts';
import type { Network } from '../sections/network/schema.ts';
import { applyDefaults, mergeAnswers, type SourceName } from '../settings/index.ts';
import { readDraft, writeDraft } from '../sources/draft.ts';
import { sources } from '../sources/index.ts';
import { writeRefused } from '../sources/refused.ts';
import type { Reading, SourceContext } from '../sources/source.ts';
import { applyPrepared } from './apply.ts';
import type { Ctl, Session } from './cli.ts';
import { check, withPlan } from './prepared.ts';
import { readProductSchema, readUnit } from './unit-files.ts';

/** `nothing`: no source says anything. `closed`: sources are not read any more, or not now. */
type Result = { outcome: 'nothing' | 'closed' } | { outcome: 'draft' | 'applied'; sources: SourceName[]; missing: Problem[] };

export function register(ctl: Ctl): void {
  ctl.program
    .command('adopt')
    .description(
      'Take up answers from vApp properties, cloud-init and a labelled disk. Whole ones with `unattended: true` are applied, others kept. A finalised unit takes none.',
    )
    .option('--json', 'write events as JSON, one object a line')
    .addHelpText(
      'after',
      '\nExamples:\n  unitctl adopt\n  unitctl adopt --json\n\nExit code: 0 applied, or there are no answers; 7 kept as a draft; 3 answers that do not fit, of which nothing is kept.',
    )
    .action(ctl.run(adopt));
}

async function adopt(session: Session): Promise<ExitCode> {
  const { system } = session;
  await readUnit(system);
  if (await isClosed(session)) return finish(session, { outcome: 'closed' });
  const context: SourceContext = { system, productSchema: await readProductSchema(system), note: (line) => session.print(line) };
  const readings = await readAll(context);
  // Without the lock: where nothing is to be done, a run of the owner must not be turned away.
  const silent = [...readings.values()].every(({ layers, problems }) => layers.length + problems.length === 0);
  if (silent && (await readDraft(system)).length === 0) return finishWithNothing(session);
  const held = await lock(system, LOCK);
  try {
    if (await isClosed(session)) return finish(session, { outcome: 'closed' });
    return await take(session, context, readings);
  } finally {
    await held.release();
  }
}

/** Says why, where it is so. */
async function isClosed({ system, print }: Session): Promise<boolean> {
  const there = async (path: string): Promise<boolean> => (await readIfExists(system.path(path))) !== undefined;
  if (await there(UNIT_PATHS.finalised)) {
    print('This unit is finalised: outside sources are not read any more.');
    return true;
  }
  if (!(await there(UNIT_PATHS.unfinished))) return false;
  print('A run was begun and has not ended: `unitctl apply --resume` goes on with it.');
  return true;
}

async function readAll(context: SourceContext): Promise<Map<SourceName, Reading>> {
  const readings = new Map<SourceName, Reading>();
  for (const source of sources) {
    const reading = await source.read(context);
    if (reading !== undefined) readings.set(source.name, reading);
  }
  return readings;
}

async function take(session: Session, context: SourceContext, readings: ReadonlyMap<SourceName, Reading>): Promise<ExitCode> {
  const { system } = session;
  const { productSchema } = context;
  const draft = await readDraft(system);
  // What an owner types on the setup page may be half of it, or wrong: the page judges it, and the owner applies it.
  const page = draft.filter(({ source }) => source === 'wizard');
  const layers = [
    ...draft.filter(({ source }) => source !== 'wizard' && !readings.has(source)),
    ...[...readings.values()].flatMap((reading) => reading.layers),
  ];
  const checked = layers.length === 0 ? { missing: [], wrong: [] } : await check(system, layers, productSchema);
  const wrong = [...readings.values()].flatMap(({ problems }) => problems).concat('wrong' in checked ? checked.wrong : []);
  await writeRefused(system, wrong);
  if (wrong.length > 0) {
    await announce(system, 'waiting');
    throw new UnitError('answers from outside do not fit this unit: nothing was kept of them', {
      exitCode: ExitCode.answers,
      problems: wrong,
    });
  }
  await writeDraft(system, [...layers, ...page]);
  for (const reading of readings.values()) if (reading.layers.length > 0) await reading.clear(context);
  if (layers.length === 0) return finishWithNothing(session);
  const names = [...new Set(layers.map(({ source }) => source))];
  const unattended = page.length === 0 && mergeAnswers(layers, productSchema).answers['unattended'] === true;
  if ('settings' in checked && unattended) {
    session.print(`Setting this unit up with the answers from ${names.join(', ')}.`);
    await applyPrepared(session, await withPlan(system, productSchema, { ...checked, fromDraft: true }));
    return finish(session, { outcome: 'applied', sources: names, missing: [] });
  }
  await takeUpNetwork(session, applyDefaults(mergeAnswers(layers, productSchema).answers, productSchema).network);
  await announce(system, 'waiting');
  const missing = 'missing' in checked ? checked.missing : [];
  // Whoever wanted no page looks at the console.
  if (unattended) throw new UnitError('set-up without a page needs more answers', { exitCode: ExitCode.waiting, problems: missing });
  session.print(
    `Answers from ${names.join(', ')} are kept. They are applied by \`unitctl apply\`${missing.length === 0 ? '' : ' once these are given'}.`,
  );
  for (const { message } of missing) session.print(`  ${message}`);
  return finish(session, { outcome: 'draft', sources: names, missing });
}

/** At once: in a network without DHCP nobody could reach the unit to give the rest. What fails here fails in the plan again. */
async function takeUpNetwork(session: Session, network: Network): Promise<void> {
  const wanted = networkWanted(network);
  if (networkViolations(network).length > 0 || wanted.interfaces.length + wanted.servers.length + wanted.search.length === 0) return;
  try {
    await applyNetwork(session.system, wanted, (line) => session.print(line));
  } catch (error) {
    if (!(error instanceof UnitError || error instanceof ProgramError)) throw error;
    session.print(`The network is not as the answers want it: ${error.message}`);
  }
}

function finishWithNothing(session: Session): ExitCode {
  session.print('No outside source has answers: the unit waits.');
  return finish(session, { outcome: 'nothing' });
}

function finish(session: Session, result: Result): ExitCode {
  session.emit({ type: 'result', command: 'adopt', data: result });
  return result.outcome === 'draft' ? ExitCode.waiting : ExitCode.ok;
}
