import { lstat, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { isActive, notReady, order, unitsAndGates } from '../apply/systemd.ts';
import { PRODUCT_TARGET, startOrder } from '../contract/ordering.ts';
import { unitOf } from '../contract/service.ts';
import type { PluginKind, Unit } from '../contract/unit.ts';
import { ExitCode, UnitError } from '../kit/errors.ts';
import { ignoreMissing, removeFile, writeFileAtomic } from '../kit/files.ts';
import { LOCK, lock } from '../kit/lock.ts';
import type { System } from '../kit/system.ts';
import type { Ctl, Session } from './cli.ts';
import { readUnit } from './unit-files.ts';

export function register(ctl: Ctl): void {
  const plugin = ctl.program.command('plugin').description('Files that you add to the product. They stay when the unit is upgraded.');
  plugin
    .command('list')
    .description('Show the kinds that there are, and what was added.')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl plugin list\n  unitctl plugin list --json')
    .action(ctl.run((session) => list(session)));
  plugin
    .command('add <file>')
    .description('Add a file, or put another in the place of one of its name; what uses it is restarted.')
    .option('--kind <name>', 'which kind, where the product has several')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl plugin add my-log-in.jar\n  unitctl plugin add --kind authentication my-log-in.jar')
    .action(ctl.run((session, file: string, options: { kind?: string }) => add(session, file, options.kind)));
  plugin
    .command('remove <name>')
    .description('Take one out again; what used it is restarted.')
    .option('--kind <name>', 'which kind, where several have one of this name')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl plugin remove my-log-in.jar')
    .action(ctl.run((session, name: string, options: { kind?: string }) => remove(session, name, options.kind)));
}

interface Added {
  kind: string;
  name: string;
  path: string;
  bytes: number;
}

async function list(session: Session): Promise<ExitCode> {
  const kinds = kindsOf(await readUnit(session.system));
  const added = await allAdded(session.system, kinds);
  session.emit({ type: 'result', command: 'plugin list', data: added });
  for (const [kind, { title, suffix }] of kinds) {
    session.print(`${kind} (${title.en}, *${suffix})`);
    for (const { name, bytes } of added.filter((each) => each.kind === kind)) session.print(`  ${name.padEnd(40)} ${bytes} bytes`);
  }
  return ExitCode.ok;
}

async function add(session: Session, file: string, wanted: string | undefined): Promise<ExitCode> {
  const { system } = session;
  const unit = await readUnit(system);
  const name = basename(file);
  const [kind, { into, suffix }] = chosenKind(kindsOf(unit), wanted, ({ suffix: own }) => name.endsWith(own), name);
  if (!name.endsWith(suffix) || !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
    throw new UnitError(`${name} is no name for the kind ${kind}`, {
      exitCode: ExitCode.usage,
      remedies: [`Name it with letters, digits, dots and hyphens, and ${suffix} at its end.`],
    });
  }
  const content = await readFile(file).catch((error: unknown) => {
    throw new UnitError(`${file} cannot be read`, { exitCode: ExitCode.usage, cause: error, remedies: ['Check the path.'] });
  });
  return alone(system, async () => {
    await writeFileAtomic(system.path(join(into, name)), content, { mode: 0o644 });
    return finish(session, unit, kind, { verb: 'add', name });
  });
}

async function remove(session: Session, name: string, wanted: string | undefined): Promise<ExitCode> {
  const { system } = session;
  const unit = await readUnit(system);
  const kinds = kindsOf(unit);
  const found = (await allAdded(system, kinds)).filter((each) => each.name === name);
  const [kind] = chosenKind(kinds, wanted, (each) => found.some(({ path }) => path === join(each.into, name)), name);
  const target = found.find((each) => each.kind === kind);
  if (target === undefined) throw new UnitError(`there is no ${name} of the kind ${kind}`, { exitCode: ExitCode.usage, remedies: [SEE] });
  return alone(system, async () => {
    await removeFile(system.path(target.path));
    return finish(session, unit, kind, { verb: 'remove', name });
  });
}

/** Not while settings are applied: both start and stop services. */
async function alone(system: System, work: () => Promise<ExitCode>): Promise<ExitCode> {
  const held = await lock(system, LOCK);
  try {
    return await work();
  } finally {
    await held.release();
  }
}

const SEE = 'See `unitctl plugin list`.';

function kindsOf({ plugins = {} }: Unit): [string, PluginKind][] {
  const kinds = Object.entries(plugins);
  if (kinds.length === 0) throw new UnitError('this product takes no plugins', { exitCode: ExitCode.usage });
  return kinds;
}

/** The kind that is named, else the one that fits. */
function chosenKind(
  kinds: [string, PluginKind][],
  wanted: string | undefined,
  fits: (kind: PluginKind) => boolean,
  name: string,
): [string, PluginKind] {
  const names = kinds.map(([kind]) => kind).join(', ');
  const candidates = wanted === undefined ? kinds.filter(([, kind]) => fits(kind)) : kinds.filter(([kind]) => kind === wanted);
  const [only, another] = candidates;
  if (only !== undefined && another === undefined) return only;
  const message =
    wanted !== undefined ? `there is no kind ${wanted}` : only === undefined ? `${name} is of no kind` : `${name} may be of several kinds`;
  throw new UnitError(message, { exitCode: ExitCode.usage, remedies: [`Say which: --kind, one of ${names}.`, SEE] });
}

async function allAdded(system: System, kinds: [string, PluginKind][]): Promise<Added[]> {
  const lists = kinds.map(async ([kind, { into, suffix }]): Promise<Added[]> => {
    const names = (await readdir(system.path(into)).catch(ignoreMissing)) ?? [];
    const files = names.filter((name) => name.endsWith(suffix)).sort();
    return Promise.all(
      files.map(async (name) => ({ kind, name, path: join(into, name), bytes: (await lstat(system.path(join(into, name)))).size })),
    );
  });
  return (await Promise.all(lists)).flat();
}

/** Restarts what uses plugins of this kind, where the product runs. */
async function finish(session: Session, unit: Unit, kind: string, { verb, name }: { verb: string; name: string }): Promise<ExitCode> {
  const { system } = session;
  const services = unit.plugins?.[kind]?.restart ?? [];
  const log = (line: string): void => session.print(line);
  const running = await isActive(system, PRODUCT_TARGET);
  if (running && services.length > 0) {
    const involved = {
      units: unitsAndGates(unit.services, startOrder(unit.services)),
      causes: () => notReady(system, unit.services, startOrder(unit.services)),
    };
    for (const service of services) {
      const declared = unit.services[service];
      if (declared !== undefined) await order(system, 'restart', unitOf(service, declared), involved, log);
    }
    // What needs them was restarted with them: the target waits for all of it.
    await order(system, 'start', PRODUCT_TARGET, involved, log);
  }
  session.emit({ type: 'result', command: `plugin ${verb}`, data: { kind, name, restarted: running ? services : [] } });
  session.print(`${name} (${kind}): ${verb === 'add' ? 'added' : 'removed'}.`);
  return ExitCode.ok;
}
