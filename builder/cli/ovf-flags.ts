/** Options about what an OVA tells its importer: the same for `bake` and `pack`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  CONTROLLER_SINCE,
  CONTROLLERS,
  type Controller,
  NICS,
  type Nic,
  OVF_DEFAULTS,
  PROFILES,
  type Profile,
} from '../formats/ova/options.ts';
import { FORMATS, type FormatName } from '../formats/pack.ts';
import { ExitCode, UserError } from '../kit/errors.ts';

export interface OvfFlags {
  controller: Controller;
  nic: Nic;
  hardwareVersion: number;
  firmware: 'bios' | 'efi';
  profile: Profile;
}

export function addOvfFlags(command: Command): Command {
  return command
    .addOption(new Option('--controller <kind>', "the OVA's disk controller").choices(CONTROLLERS).default(OVF_DEFAULTS.controller))
    .addOption(new Option('--nic <kind>', "the OVA's network adapter").choices(NICS).default(OVF_DEFAULTS.nic))
    .option(
      '--hardware-version <n>',
      "the OVA's hardware version: 13 is ESXi 6.5, 19 is 7.0 U2",
      hardwareVersion,
      OVF_DEFAULTS.hardwareVersion,
    )
    .addOption(
      new Option('--firmware <kind>', "the OVA's firmware; the disk boots with both")
        .choices(['bios', 'efi'])
        .default(OVF_DEFAULTS.firmware),
    )
    .addOption(new Option('--profile <hypervisor>', 'whom the OVA is for').choices(PROFILES).default(OVF_DEFAULTS.profile));
}

export function ovfFlags({ controller, nic, hardwareVersion: version, firmware, profile }: OvfFlags) {
  return { controller, nic, hardwareVersion: version, firmware, profile };
}

/** What both commands, and `pack` alone, say about an OVA only. */
const OVA_ONLY = ['controller', 'nic', 'hardwareVersion', 'firmware', 'profile', 'ovaFolder'];
const OVA_ONLY_OF_PACK = ['cpus', 'memory', 'system', 'title', 'productVersion', 'vendor', 'annotation'];
/** What templates/ovf gives VirtualBox is fixed: it imports nothing else. */
const FIXED_FOR_VIRTUALBOX = ['controller', 'nic', 'hardwareVersion', 'firmware'];

/**
 * Long names of the options on this command line that only an OVA shows.
 * @throws UserError(usage) where the profile has no use for one of them, or hosts of the hardware version have no such controller.
 */
export function ovaOptionsGiven(command: Command): string[] {
  const given = (names: readonly string[]): string[] =>
    command.options
      .filter((option) => names.includes(option.attributeName()) && command.getOptionValueSource(option.attributeName()) === 'cli')
      .map(({ long }) => long ?? '');
  refuseTooEarly(command.opts<OvfFlags>());
  const idle = command.opts<OvfFlags>().profile === 'virtualbox' ? given(FIXED_FOR_VIRTUALBOX) : [];
  if (idle.length === 0) return given([...OVA_ONLY, ...OVA_ONLY_OF_PACK]);
  throw new UserError(`${idle.join(', ')}: of no effect with --profile virtualbox`, {
    exitCode: ExitCode.usage,
    why: 'an OVA for VirtualBox has its SATA controller, an E1000 and BIOS, whatever is asked for',
    remedies: [`leave out ${idle.join(', ')}`, 'or take the profile that follows them: --profile vmware'],
  });
}

/** An importer refuses a device that its hardware version does not have. */
function refuseTooEarly({ controller, hardwareVersion: version }: OvfFlags): void {
  const since = CONTROLLER_SINCE[controller] ?? 0;
  if (version >= since) return;
  throw new UserError(`--controller ${controller} --hardware-version ${version}: no host imports it`, {
    exitCode: ExitCode.usage,
    why: `${controller} is there from hardware version ${since} on`,
    remedies: [`take it with --hardware-version ${since} or later`, 'or another controller, such as --controller pvscsi'],
  });
}

/** @throws UserError(usage) for a name that is no format. */
export function parseFormats(list: string): FormatName[] {
  const names = list.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !(FORMATS as string[]).includes(name));
  if (unknown.length === 0) return [...new Set(names)] as FormatName[];
  throw new UserError(`${unknown.join(', ')}: no such format`, {
    exitCode: ExitCode.usage,
    remedies: [`formats are ${FORMATS.join(', ')}`],
  });
}

/** vmx-12 belongs to no ESXi: only Workstation and Fusion wrote it. */
function hardwareVersion(text: string): number {
  const version = Number(text);
  if (!/^\d+$/.test(text) || version < 8 || version > 22 || version === 12)
    throw new InvalidArgumentError('a version from 8 to 22 is wanted, but for 12.');
  return version;
}
