/** Questions and orders to systemd, by systemctl(1). */
import { ExitCode, ProgramError, UnitError } from '../kit/errors.ts';
import type { System } from '../kit/system.ts';

export interface UnitStatus {
  /** ActiveState: active, inactive, failed, activating, deactivating. */
  active: string;
  /** When it became active, microseconds of CLOCK_MONOTONIC; 0 where it never was in this boot. */
  since: number;
}

export async function unitStatus(system: System, unit: string): Promise<UnitStatus> {
  const { stdout } = await system.run('systemctl', ['show', '--property=ActiveState,ActiveEnterTimestampMonotonic', '--', unit]);
  const value = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(stdout)?.[1] ?? '';
  return { active: value('ActiveState'), since: Number(value('ActiveEnterTimestampMonotonic')) };
}

export async function isActive(system: System, unit: string): Promise<boolean> {
  return (await unitStatus(system, unit)).active === 'active';
}

/**
 * `systemctl VERB UNIT`, which returns when the job is done.
 * @throws UnitError with the end of the journal of `about`, the units that show the cause
 */
export async function order(
  system: System,
  verb: string,
  unit: string,
  about: readonly string[],
  log: (line: string) => void,
): Promise<void> {
  try {
    // A start limit that an earlier attempt ran into must not decide about this one.
    if (verb !== 'stop') await system.ask('systemctl', ['reset-failed', '--', unit, ...about]);
    await system.run('systemctl', [verb, '--', unit], { onLine: log });
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    throw new UnitError(`systemctl ${verb} ${unit} failed`, {
      exitCode: ExitCode.step,
      log: await journalTail(system, [unit, ...about]),
      remedies: [`Look at \`journalctl -u ${about[0] ?? unit}\`.`],
      cause: error,
    });
  }
}

/** Last lines of the units' journal of this boot, oldest first; empty where there is no journal. */
export async function journalTail(system: System, units: readonly string[], lines = 30): Promise<string[]> {
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
