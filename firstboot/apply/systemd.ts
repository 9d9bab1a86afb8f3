/** Questions and orders to systemd, by systemctl(1). */
import { gateOf } from '../contract/ordering.ts';
import { type Service, unitOf } from '../contract/service.ts';
import { ExitCode, ProgramError, UnitError } from '../kit/errors.ts';
import type { System } from '../kit/system.ts';

export interface UnitStatus {
  /** ActiveState: active, inactive, failed, activating, deactivating. */
  active: string;
  /** When it became active, microseconds of CLOCK_MONOTONIC; 0 where it never was in this boot. */
  since: number;
}

export async function unitStatus(system: System, unit: string): Promise<UnitStatus> {
  return (await unitStatuses(system, [unit]))[0] as UnitStatus;
}

/** By one call, in the order of `units`: systemctl(1) has an empty line between them. */
export async function unitStatuses(system: System, units: readonly string[]): Promise<UnitStatus[]> {
  const { stdout } = await system.run('systemctl', ['show', '--property=ActiveState,ActiveEnterTimestampMonotonic', '--', ...units]);
  const parts = stdout.split('\n\n');
  return units.map((_, index) => {
    const value = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(parts[index] ?? '')?.[1] ?? '';
    return { active: value('ActiveState'), since: Number(value('ActiveEnterTimestampMonotonic')) };
  });
}

export async function isActive(system: System, unit: string): Promise<boolean> {
  return (await unitStatus(system, unit)).active === 'active';
}

/** True where it is there, or a job to start it is on its way. */
export async function isStarting(system: System, unit: string): Promise<boolean> {
  const { stdout } = await system.run('systemctl', ['show', '--property=ActiveState,Job', '--', unit]);
  return /^ActiveState=(active|activating)$/m.test(stdout) || /^Job=[1-9]/m.test(stdout);
}

/** Units and gates of services. */
export function unitsAndGates(services: Readonly<Record<string, Service>>, names: readonly string[]): string[] {
  return names.flatMap((name) => [unitOf(name, services[name] as Service), gateOf(name)]);
}

/** Unit and gate of the first of `names` that is not ready: what comes later only waits for it. Empty where all are. */
export async function notReady(system: System, services: Readonly<Record<string, Service>>, names: readonly string[]): Promise<string[]> {
  for (const name of names) {
    const unit = unitOf(name, services[name] as Service);
    if (!((await isActive(system, unit)) && (await isActive(system, gateOf(name))))) return [unit, gateOf(name)];
  }
  return [];
}

/** What an order is about besides the unit that it names. */
export interface Involved {
  /** Units that it starts or stops on the way. */
  units: readonly string[];
  /** The units to blame, asked when it has failed; all of them where absent. */
  causes?: () => Promise<readonly string[]>;
}

/**
 * `systemctl VERB UNIT`, which returns when the job is done. Stopping names the involved units as well: systemctl waits
 * for those that it was given, and not for what stops along with them.
 * @throws UnitError with the end of the journal of the units that are to blame
 */
export async function order(system: System, verb: string, unit: string, involved: Involved, log: (line: string) => void): Promise<void> {
  await reloadIfNeeded(system);
  try {
    // A start limit that an earlier attempt ran into must not decide about this one.
    if (verb !== 'stop') await system.ask('systemctl', ['reset-failed', '--', unit, ...involved.units]);
    await system.run('systemctl', [verb, '--', unit, ...(verb === 'stop' ? involved.units : [])], { onLine: log });
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    const about = (await involved.causes?.()) ?? involved.units;
    throw new UnitError(`${about[0] ?? unit} did not get ready (systemctl ${verb} ${unit})`, {
      exitCode: ExitCode.step,
      texts: {
        en: `${about[0] ?? unit} did not get ready. The log shows why.`,
        ja: `${about[0] ?? unit} が起動しませんでした。原因はログをご覧ください。`,
        ru: `${about[0] ?? unit}: служба не запустилась. Причину показывает журнал.`,
      },
      log: await journalTail(system, about.length === 0 ? [unit] : about),
      remedies: [`Look at \`journalctl -u ${about[0] ?? unit}\`.`],
      cause: error,
    });
  }
}

/** `systemctl VERB UNIT`, without waiting for what comes of it. */
export async function begin(
  system: System,
  verb: 'start' | 'restart',
  unit: string,
  involved: readonly string[],
  log: (line: string) => void,
): Promise<void> {
  await reloadIfNeeded(system);
  await system.ask('systemctl', ['reset-failed', '--', unit, ...involved]);
  await system.run('systemctl', [verb, '--no-block', '--', unit], { onLine: log });
}

/** Templates may have written unit files: systemd itself knows whether what it has loaded is older. */
async function reloadIfNeeded(system: System): Promise<void> {
  const patterns = ['*.service', '*.socket', '*.timer'];
  // Exit code 1: a unit went away while it was listed.
  const { stdout } = await system.run('systemctl', ['show', '--property=NeedDaemonReload', '--', ...patterns], { okExitCodes: [0, 1] });
  if (/=yes$/m.test(stdout)) await system.run('systemctl', ['daemon-reload']);
}

/** Last lines of the units' journal of this boot, oldest first; empty where there is no journal. */
async function journalTail(system: System, units: readonly string[], lines = 30): Promise<string[]> {
  const selected = units.map((unit) => `--unit=${unit}`);
  try {
    const { stdout } = await system.run('journalctl', [
      '--boot',
      '--no-pager',
      '--output=short-monotonic',
      `--lines=${lines}`,
      ...selected,
    ]);
    return stdout.split('\n');
  } catch (error) {
    if (error instanceof ProgramError) return [];
    throw error;
  }
}
