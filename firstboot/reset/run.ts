/**
 * Factory reset: the unit as it came out of its image. A marker is on disk before anything else, and goes last: what is cut off
 * goes on at the next boot (unit-reset.service). Every part may find itself done already.
 */
import { lstat, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { ChangeContext } from '../apply/change.ts';
import { changeOf, type Plan, parametersInClear, secretNames, unitWords } from '../apply/plan.ts';
import { announce } from '../apply/run.ts';
import { SecretStore } from '../apply/secret-store.ts';
import { order, unitsAndGates } from '../apply/systemd.ts';
import { CLUSTER_PATHS, CLUSTER_UNITS } from '../contract/cluster.ts';
import { PRODUCT_READY, PRODUCT_TARGET, startOrder } from '../contract/ordering.ts';
import { UNIT_PATHS, type Unit } from '../contract/unit.ts';
import { Interrupted } from '../kit/errors.ts';
import { ignoreMissing, removeFile, syncFolder, writeFileAtomic } from '../kit/files.ts';
import type { System } from '../kit/system.ts';
import { removeAdministrators } from '../sections/administrator/former.ts';
import type { Settings } from '../settings/index.ts';
import { enableSetup } from '../setup/lifecycle.ts';

export interface ResetPorts {
  system: System;
  unit: Unit;
  log(line: string): void;
}

/** What was applied; undefined where nothing was, or where that much is reset already. */
export interface Applied {
  plan: Plan;
  settings: Settings;
  secretSettings: readonly string[];
}

/** What first boot keeps outside its own folder. */
const OWN_FILES = ['/etc/unit/tls', UNIT_PATHS.cloudInitAnswers, CLUSTER_PATHS.serverState] as const;
const MAILBOXES = '/var/mail';
const MACHINE_ID = '/etc/machine-id';
const HOST_KEYS = '/etc/ssh';

/** Says what is to go, before anything does. From here on the unit is no finalised one. */
export async function beginReset({ system }: ResetPorts): Promise<void> {
  await writeFileAtomic(system.path(UNIT_PATHS.resetting), '', { mode: 0o600 });
  await removeFile(system.path(UNIT_PATHS.finalised));
}

export async function reset(ports: ResetPorts, applied: Applied | undefined): Promise<void> {
  const { system, unit } = ports;
  await stopProduct(ports);
  if (applied !== undefined) await undoSteps(ports, applied);
  // By what is kept, not by the settings: they name the last administrator alone, and may not be readable any more.
  await removeAdministrators(system, ports.log);
  for (const { path } of Object.values(unit.state)) await removeTree(ports, path);
  for (const path of OWN_FILES) await removeTree(ports, path);
  await emptyFolder(system.path(MAILBOXES));
  await removeKept(ports);
  await enableSetup(system, ports.log);
  await order(system, 'reload-or-restart', 'unit-firewall.service', { units: [] }, ports.log);
  await forgetIdentity(ports);
  await removeFile(system.path(UNIT_PATHS.resetting));
  await announce(system, 'waiting');
}

async function stopProduct({ system, unit, log }: ResetPorts): Promise<void> {
  // What a leader gives out, or a follower fetches, must not come back.
  if (unit.ownRole !== undefined) await system.ask('systemctl', ['stop', '--', ...Object.values(CLUSTER_UNITS)]);
  log('the product is stopped');
  await system.run('systemctl', ['--quiet', 'disable', '--', PRODUCT_TARGET], { onLine: log });
  const units = [PRODUCT_READY, ...unitsAndGates(unit.services, startOrder(unit.services))];
  await order(system, 'stop', PRODUCT_TARGET, { units }, log);
}

/** In reverse order. A step that cannot be undone is no reason to keep what an owner wants to be gone. */
async function undoSteps(ports: ResetPorts, { plan, settings, secretSettings }: Applied): Promise<void> {
  const { system, unit, log } = ports;
  const secrets = new SecretStore(system);
  const context: ChangeContext = {
    system,
    unit,
    context: { settings, unit: unitWords(unit), secrets: await secrets.readAll(secretNames(unit)) },
    secretSettings,
    secrets,
    log,
    appliedBefore: true,
    progress: { began: 0, lastChange: undefined },
  };
  for (const entry of [...plan.entries].reverse()) {
    const change = changeOf(entry.use);
    if (change.reset === undefined) continue;
    log(`${entry.title.en} is undone`);
    try {
      await change.reset(parametersInClear(entry, unit, settings, context.context), context);
    } catch (error) {
      if (error instanceof Interrupted) throw error;
      log(`${entry.id} could not be undone: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** A folder on which something is mounted stays, empty. */
async function removeTree({ system, log }: ResetPorts, path: string): Promise<void> {
  const file = system.path(path);
  if ((await lstat(file).catch(ignoreMissing)) === undefined) return;
  log(`${path} is removed`);
  try {
    await rm(file, { recursive: true, force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
    await emptyFolder(file);
  }
  await syncFolder(dirname(file)).catch(ignoreMissing);
}

/** Removes what is in a folder, but for `keep`. One that is not there is fine. */
async function emptyFolder(folder: string, keep: (name: string) => boolean = () => false): Promise<void> {
  const names = (await readdir(folder).catch(ignoreMissing)) ?? [];
  for (const name of names.filter((each) => !keep(each))) await rm(join(folder, name), { recursive: true, force: true });
  if (names.length > 0) await syncFolder(folder);
}

/** Settings, secrets, journal, whatever else first boot keeps; the settings last, for steps are undone by them. */
async function removeKept({ system, log }: ResetPorts): Promise<void> {
  log('settings and secrets are removed');
  const folder = system.path(UNIT_PATHS.state);
  const last = [UNIT_PATHS.settings, UNIT_PATHS.resetting].map((path) => path.slice(path.lastIndexOf('/') + 1));
  await emptyFolder(folder, (name) => last.includes(name));
  await removeFile(system.path(UNIT_PATHS.settings));
}

/** A new owner must not trust what an old one may know: host keys, machine-id and the journal go, and are born anew at boot. */
async function forgetIdentity({ system, log }: ResetPorts): Promise<void> {
  log('host keys, machine-id and journal are removed');
  await emptyFolder(system.path(HOST_KEYS), (name) => !name.startsWith('ssh_host_'));
  for (const args of [['--rotate'], ['--vacuum-time=1s']]) await system.ask('journalctl', args);
  // systemd makes a new one at boot, and takes it for a first boot (machine-id(5)).
  await writeFileAtomic(system.path(MACHINE_ID), 'uninitialized\n', { mode: 0o444 });
}
