/** What apt knows about updates on this unit, without a network: apt-get(8), /usr/lib/apt/apt.systemd.daily. */
import { stat } from 'node:fs/promises';

import { ignoreMissing } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';

export interface PendingUpdate {
  name: string;
  /** The version that would be installed. */
  version: string;
}

export interface UpdateState {
  automatic: boolean;
  security: PendingUpdate[];
  rebootRequired: boolean;
  /** When the lists were last fetched, milliseconds since 1970; undefined where never. */
  checked: number | undefined;
}

const STAMP = '/var/lib/apt/periodic/update-success-stamp';
const REBOOT = '/run/reboot-required';

export async function readUpdates(system: System): Promise<UpdateState> {
  const { stdout } = await system.run('apt-config', ['shell', 'ON', 'APT::Periodic::Unattended-Upgrade']);
  return {
    automatic: /^ON='[1-9]/m.test(stdout),
    security: await pendingSecurity(system),
    rebootRequired: (await stat(system.path(REBOOT)).catch(ignoreMissing)) !== undefined,
    checked: (await stat(system.path(STAMP)).catch(ignoreMissing))?.mtimeMs,
  };
}

async function pendingSecurity(system: System): Promise<PendingUpdate[]> {
  // A simulation takes no lock and fetches nothing.
  const { stdout } = await system.run('apt-get', ['--simulate', '--quiet', '--option=Debug::NoLocking=true', 'dist-upgrade']);
  return parseSimulation(stdout);
}

/** `Inst NAME [OLD] (NEW ORIGIN:SUITE [ARCH])` lines of Debian's security archive. */
export function parseSimulation(text: string): PendingUpdate[] {
  return [...text.matchAll(/^Inst (\S+) (?:\[[^\]]*\] )?\((\S+) ([^)]*)\)/gm)].flatMap(([, name = '', version = '', origin = '']) =>
    /Debian-Security:|-security\b/.test(origin) ? [{ name, version }] : [],
  );
}
