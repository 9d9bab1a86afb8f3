import { hostname } from 'node:os';
import { Option } from 'commander';

import { lastRun, parseJournal } from '../apply/journal.ts';
import { type ServiceStatus, serviceStatuses } from '../apply/service-status.ts';
import type { UnitState } from '../contract/events.ts';
import { CLONE_MARK, SETUP_PATHS } from '../contract/setup.ts';
import { type Release, UNIT_PATHS, type Unit } from '../contract/unit.ts';
import { ExitCode } from '../kit/errors.ts';
import { readIfExists } from '../kit/files.ts';
import type { System } from '../kit/system.ts';
import { ownAddresses } from '../setup/addresses.ts';
import { fingerprint } from '../setup/certificate.ts';
import { currentCode } from '../setup/claim-code.ts';
import { exists, setupIsOpen } from '../setup/state.ts';
import { productUrls } from '../setup/urls.ts';
import type { Ctl } from './cli.ts';
import { consoleText } from './console-text.ts';
import { serviceLine } from './services.ts';
import { readRelease, readUnit } from './unit-files.ts';

export interface Status {
  schemaVersion: 1;
  state: UnitState;
  finalised: boolean;
  image: string;
  version: string;
  /** This machine is a copy of one that was finalised: another has its identity too. */
  clone: boolean;
  /** What failed, where the last run did. */
  failure?: { step: string; reason: string };
  release: Release | null;
  services: ServiceStatus[];
}

export function register(ctl: Ctl): void {
  ctl.program
    .command('status')
    .description('Show the state of this unit: waiting, applying, failed or ready.')
    .option('--json', 'write JSON')
    .addOption(new Option('--console', 'what the consoles show, with the code').hideHelp())
    .addHelpText('after', '\nExamples:\n  unitctl status\n  unitctl status --json')
    .action(
      ctl.run(async (session, options: { console?: boolean }) => {
        if (options.console === true) {
          session.print((await readConsoleText(session.system)).trimEnd());
          return ExitCode.ok;
        }
        const status = await readStatus(session.system);
        session.emit({ type: 'result', command: 'status', data: status });
        session.print(`${status.image} ${status.version}: ${status.state}`);
        if (status.clone) session.print('this machine is a copy of another: `unitctl new-identity` gives it an identity of its own');
        if (status.failure !== undefined) session.print(`step ${status.failure.step} failed: ${status.failure.reason}`);
        for (const service of status.services) session.print(serviceLine(service));
        return ExitCode.ok;
      }),
    );
}

/** The code is made here where there is none yet: it is born with the first console that shows it. */
async function readConsoleText(system: System): Promise<string> {
  const unit = await readUnit(system);
  const notes: string[] = [];
  const code = await currentCode(system, (line) => notes.push(line));
  const clone = await exists(system, CLONE_MARK);
  if (clone) notes.push('This machine is a copy of another: it has the same keys and identity. `unitctl new-identity` gives it its own.');
  const { state, finalised, failure } = await readState(system, unit);
  return consoleText({
    title: unit.title,
    version: unit.version,
    hostName: hostname(),
    addresses: ownAddresses(),
    state: state === 'failed' && failure === undefined && (await isStarting(system)) ? 'starting' : state,
    setupOpen: await setupIsOpen(system),
    portsPassed: finalised || (await exists(system, SETUP_PATHS.portsPassed)),
    code,
    fingerprint: await fingerprint(system),
    ...(failure === undefined ? {} : { failure }),
    urls: finalised ? await productUrls(system, unit) : [],
    notes,
  });
}

/** True until the boot has come to its end (systemctl(1), is-system-running). */
async function isStarting(system: System): Promise<boolean> {
  const { stdout } = await system.run('systemctl', ['is-system-running'], { okExitCodes: [0, 1] });
  return ['initializing', 'starting'].includes(stdout);
}

export async function readStatus(system: System): Promise<Status> {
  const unit = await readUnit(system);
  const { finalised, unfinished, last } = await readProgress(system);
  const services = await serviceStatuses(system, unit);
  return {
    schemaVersion: 1,
    state: stateOf({ finalised, unfinished, failed: last?.outcome === 'failed', up: services.every(({ ready }) => ready) }),
    finalised,
    clone: await exists(system, CLONE_MARK),
    image: unit.name,
    version: unit.version,
    ...(unfinished && last?.failure !== undefined ? { failure: { step: last.failure.step, reason: last.failure.reason } } : {}),
    release: (await readRelease(system)) ?? null,
    services,
  };
}

interface Progress {
  finalised: boolean;
  unfinished: boolean;
  last: ReturnType<typeof lastRun>;
}

async function readProgress(system: System): Promise<Progress> {
  return {
    finalised: (await readIfExists(system.path(UNIT_PATHS.finalised))) !== undefined,
    unfinished: (await readIfExists(system.path(UNIT_PATHS.unfinished))) !== undefined,
    last: lastRun(parseJournal((await readIfExists(system.path(UNIT_PATHS.journal))) ?? '')),
  };
}

/** The state alone, and what failed: services are asked only where they decide. */
export async function readState(system: System, unit: Unit): Promise<Pick<Status, 'state' | 'finalised' | 'failure'>> {
  const { finalised, unfinished, last } = await readProgress(system);
  const up = finalised && !unfinished && (await serviceStatuses(system, unit)).every(({ ready }) => ready);
  const state = stateOf({ finalised, unfinished, failed: last?.outcome === 'failed', up });
  const failure = unfinished ? last?.failure : undefined;
  return { state, finalised, ...(failure === undefined ? {} : { failure: { step: failure.step, reason: failure.reason } }) };
}

/** `ready` is said only of a finalised unit whose services all are. A run under way counts more than what it changes. */
export function stateOf(facts: { finalised: boolean; unfinished: boolean; failed: boolean; up: boolean }): UnitState {
  if (facts.unfinished) return facts.failed ? 'failed' : 'applying';
  if (!facts.finalised) return 'waiting';
  return facts.up ? 'ready' : 'failed';
}
