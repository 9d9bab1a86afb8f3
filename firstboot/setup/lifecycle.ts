/** Which ports the setup page has, from first boot until setup is closed. systemd owns the sockets, and closes them. */
import { rm } from 'node:fs/promises';

import { order, unitStatus } from '../apply/systemd.ts';
import { SETUP_PATHS, SETUP_UNITS } from '../contract/setup.ts';
import { UNIT_PATHS } from '../contract/unit.ts';
import { ProgramError } from '../kit/errors.ts';
import { readIfExists, removeFile, writeFileAtomic } from '../kit/files.ts';
import type { System } from '../kit/system.ts';
import { refreshConsole } from './console.ts';
import { bootSeconds, exists } from './state.ts';

type Log = (line: string) => void;

/** Minutes that the result is shown when nobody confirms. */
export const RESULT_MINUTES = 30;

const PAGE_SOCKETS = [SETUP_UNITS.http, SETUP_UNITS.https];
/** What says that setup is open, or may be entered. */
const KEPT = [
  SETUP_PATHS.open,
  SETUP_PATHS.code,
  SETUP_PATHS.presetCode,
  SETUP_PATHS.claimed,
  SETUP_PATHS.portsPassed,
  SETUP_PATHS.throttle,
];
/** All that the first boot enables. */
const ENABLED = [...PAGE_SOCKETS, SETUP_UNITS.later, SETUP_UNITS.helperSocket, SETUP_UNITS.page];

export async function firewallInForce(system: System): Promise<string | undefined> {
  return (await readIfExists(system.path('/run/unit/firewall')))?.trim();
}

/** Whether the rules in force are what their file says: a run may have written it anew. */
export async function firewallIsCurrent(system: System, rules: string): Promise<boolean> {
  const [written, loaded] = [await readIfExists(system.path(rules)), await readIfExists(system.path('/run/unit/firewall.nft'))];
  return written === loaded;
}

/** The firewall that fits what is on disk now. */
export async function reloadFirewall(system: System, log: Log): Promise<void> {
  await order(system, 'reload-or-restart', 'unit-firewall.service', { units: [] }, log);
}

/** Whether the page holds port 80 or 443. */
export async function pageHasPorts(system: System): Promise<boolean> {
  return (await activeOf(system, PAGE_SOCKETS)).length > 0;
}

/** Ports 80 and 443 become free; the page goes on at 8443, for who talks to it in a new process. */
export async function passPorts(system: System, log: Log): Promise<void> {
  await writeFileAtomic(system.path(SETUP_PATHS.portsPassed), '');
  if (await pageHasPorts(system)) {
    await systemctl(system, ['stop', '--', ...PAGE_SOCKETS], log);
    // The page has its own descriptors of the sockets that were closed: they go with the process.
    await systemctl(system, ['try-restart', '--', SETUP_UNITS.page], log);
  }
  await reloadFirewall(system, log);
}

/**
 * After a run that has failed the page is back on 80 and 443, unless the product has them already. Best effort: 8443 is open in
 * any case.
 */
export async function takePortsBack(system: System, log: Log): Promise<void> {
  if ((await readIfExists(system.path(SETUP_PATHS.portsPassed))) === undefined) return;
  try {
    // systemd starts no socket of a service that runs.
    await systemctl(system, ['stop', '--', SETUP_UNITS.page], log);
    try {
      await systemctl(system, ['start', '--', ...PAGE_SOCKETS], log);
      await rm(system.path(SETUP_PATHS.portsPassed), { force: true });
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
      await systemctl(system, ['stop', '--', ...PAGE_SOCKETS], log);
      await system.ask('systemctl', ['reset-failed', '--', ...PAGE_SOCKETS]);
    }
    await systemctl(system, ['start', '--', SETUP_UNITS.page], log);
    await reloadFirewall(system, log);
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    log(error.message);
  }
}

/** The page is there at port 8443, for so many minutes from now. */
export async function openSetup(system: System, minutes: number, log: Log): Promise<void> {
  const until = (await bootSeconds()) + minutes * 60;
  await writeFileAtomic(system.path(SETUP_PATHS.open), `${until}\n`);
  await system.ask('systemctl', ['stop', '--', SETUP_UNITS.deadline]);
  const timer = [
    '--quiet',
    '--collect',
    `--unit=${SETUP_UNITS.deadline.replace(/\.timer$/, '')}`,
    `--on-active=${minutes}min`,
    '--timer-property=AccuracySec=1s',
  ];
  await system.run('systemd-run', [...timer, 'systemctl', 'start', '--no-block', '--', SETUP_UNITS.close], { onLine: log });
  await systemctl(system, ['start', '--', SETUP_UNITS.later, SETUP_UNITS.helperSocket, SETUP_UNITS.page], log);
}

/**
 * Before a run and after it: who has setup open gets the whole time to see how it ended, however long it took. A longer time that the
 * owner has asked for stays. Best effort: a run does not fail by it.
 */
export async function prolongSetup(system: System): Promise<void> {
  const until = await readIfExists(system.path(SETUP_PATHS.open));
  // A minute more or less is nothing: most runs take less.
  if (until === undefined || Number(until) - (await bootSeconds()) > (RESULT_MINUTES - 1) * 60) return;
  try {
    await openSetup(system, RESULT_MINUTES, () => undefined);
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
  }
}

/** Setup is gone: nothing of it runs, listens, or would with the next boot, no code opens it, and nothing typed waits for Apply. */
export async function closeSetup(system: System, log: Log): Promise<void> {
  for (const path of KEPT) await removeFile(system.path(path));
  // Found there months later, it would revert what was changed since.
  if (await exists(system, UNIT_PATHS.finalised)) await removeFile(system.path(UNIT_PATHS.draft));
  await disableSetup(system, log);
  await system.ask('systemctl', ['stop', '--', SETUP_UNITS.deadline]);
  await systemctl(system, ['stop', '--', ...ENABLED, SETUP_UNITS.helper], log);
  // What it kept of sessions.
  await rm(system.path('/var/lib/unit-setup'), { recursive: true, force: true });
  await reloadFirewall(system, log);
  await refreshConsole(system);
}

/** The next boot starts nothing of setup. */
export async function disableSetup(system: System, log: Log): Promise<void> {
  // Without a reload of all units, which takes long: what runs is stopped by itself, and the next boot reads them anew.
  await systemctl(system, ['--quiet', 'disable', '--no-reload', '--', ...ENABLED], log);
}

/**
 * The next boot starts setup, as the image has it. Presets of a first boot, by systemd itself, do so only where the root file
 * system can be written to that early: in containers.
 */
export async function enableSetup(system: System, log: Log): Promise<void> {
  await systemctl(system, ['--quiet', 'enable', '--no-reload', '--', ...ENABLED], log);
}

/** True where a boot would start something of setup, had it not its conditions too. */
export async function setupIsEnabled(system: System): Promise<boolean> {
  // One call for all: it succeeds where one of them is (systemctl(1)).
  return (await system.ask('systemctl', ['--quiet', 'is-enabled', '--', ...ENABLED])) === 0;
}

async function activeOf(system: System, units: readonly string[]): Promise<string[]> {
  const active: string[] = [];
  for (const unit of units) if ((await unitStatus(system, unit)).active === 'active') active.push(unit);
  return active;
}

async function systemctl(system: System, args: readonly string[], log: Log): Promise<void> {
  await system.run('systemctl', args, { onLine: log });
}
