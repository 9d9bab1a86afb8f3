/** UEFI firmware for QEMU: where distributions put OVMF, and a throw-away copy of its variable store. */
import { constants } from 'node:fs';
import { access, copyFile } from 'node:fs/promises';

import { ExitCode, UserError } from '../kit/errors.ts';

export interface Ovmf {
  code: string;
  /** Template of the variable store: copied for each machine. */
  variables: string;
}

/** Debian and Ubuntu (4 MiB, then the older 2 MiB build), Fedora, Arch. */
const PLACES: readonly Ovmf[] = [
  { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', variables: '/usr/share/OVMF/OVMF_VARS_4M.fd' },
  { code: '/usr/share/OVMF/OVMF_CODE.fd', variables: '/usr/share/OVMF/OVMF_VARS.fd' },
  { code: '/usr/share/edk2/ovmf/OVMF_CODE.fd', variables: '/usr/share/edk2/ovmf/OVMF_VARS.fd' },
  { code: '/usr/share/edk2/x64/OVMF_CODE.4m.fd', variables: '/usr/share/edk2/x64/OVMF_VARS.4m.fd' },
];

/** @throws UserError(host) where no OVMF is installed. */
export async function findOvmf(places: readonly Ovmf[] = PLACES): Promise<Ovmf> {
  for (const place of places) {
    if ((await readable(place.code)) && (await readable(place.variables))) return place;
  }
  throw new UserError('there is no UEFI firmware for QEMU on this host', {
    exitCode: ExitCode.host,
    why: `looked for ${places.map((place) => place.code).join(', ')}`,
    remedies: ['On Debian or Ubuntu: sudo apt-get install ovmf'],
  });
}

/** Firmware with a variable store of its own at `variables`, empty as on a new machine. */
export async function ownOvmf(variables: string): Promise<Ovmf> {
  const { code, variables: template } = await findOvmf();
  await copyFile(template, variables);
  return { code, variables };
}

async function readable(path: string): Promise<boolean> {
  return await access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}
