import { type ServiceStatus, serviceStatuses } from '../apply/service-status.ts';
import type { UnitState } from '../contract/events.ts';
import { CLONE_MARK } from '../contract/setup.ts';
import type { Release } from '../contract/unit.ts';
import { ExitCode } from '../kit/errors.ts';
import type { System } from '../kit/system.ts';
import { exists } from '../setup/state.ts';
import type { Ctl } from './cli.ts';
import { serviceLine } from './services.ts';
import { readProgress, stateOf } from './state.ts';
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
    .addHelpText('after', '\nExamples:\n  unitctl status\n  unitctl status --json')
    .action(
      ctl.run(async (session) => {
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

export async function readStatus(system: System): Promise<Status> {
  const unit = await readUnit(system);
  const { finalised, unfinished, failed, failure } = await readProgress(system);
  const services = await serviceStatuses(system, unit);
  return {
    schemaVersion: 1,
    state: stateOf({ finalised, unfinished, failed, up: services.every(({ ready }) => ready) }),
    finalised,
    clone: await exists(system, CLONE_MARK),
    image: unit.name,
    version: unit.version,
    ...(failure === undefined ? {} : { failure }),
    release: (await readRelease(system)) ?? null,
    services,
  };
}
