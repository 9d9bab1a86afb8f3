/** What an artefact is booted on: firmware, disk controller, network card and datasource, and what is tried there. */
import { ExitCode, UserError } from '../kit/errors.ts';
import { CONTROLLERS, type Controller, FIRMWARES, type Firmware, NICS, type Nic } from '../vm/spec.ts';

export const DATASOURCES = ['none', 'nocloud', 'ovf'] as const;
export type Datasource = (typeof DATASOURCES)[number];

export interface Scenario {
  firmware: Firmware;
  controller: Controller;
  nic: Nic;
  datasource: Datasource;
  /** The disk is larger than the artefact's: the root must grow. */
  grow: boolean;
  /** All ports are asked from outside. */
  scan: boolean;
}

export const MATRICES = ['quick', 'full'] as const;
export type Matrix = (typeof MATRICES)[number];

/** `bios+pvscsi+vmxnet3+none`: for --scenario, reports and temporary names. */
export function scenarioName(scenario: Scenario): string {
  return [scenario.firmware, scenario.controller, scenario.nic, scenario.datasource].join('+');
}

/**
 * The scenarios of a matrix. `quick` meets both firmwares, three controllers, every network card and every datasource in
 * three boots, ESXi's own combination first. `full` boots each controller on each firmware that can read it, and over these
 * every card with every datasource.
 */
export function scenariosOf(matrix: Matrix): Scenario[] {
  const quick: Scenario[] = [
    { firmware: 'bios', controller: 'pvscsi', nic: 'vmxnet3', datasource: 'none', grow: true, scan: true },
    { firmware: 'uefi', controller: 'nvme', nic: 'e1000', datasource: 'nocloud', grow: true, scan: false },
    { firmware: 'uefi', controller: 'ahci', nic: 'virtio', datasource: 'ovf', grow: false, scan: false },
  ];
  return matrix === 'quick' ? quick : fullMatrix();
}

/**
 * OVMF as distributions build it has no driver of these, so no loader could be read from them; VMware's own firmware has. The
 * kernel's drivers, which are the image's part, are proved on BIOS. With an OVMF that has them: `--scenario uefi+pvscsi+...`.
 */
const UNREADABLE_BY_OVMF: readonly Controller[] = ['pvscsi', 'lsisas1068'];

function fullMatrix(): Scenario[] {
  const pairs = FIRMWARES.flatMap((firmware) => CONTROLLERS.map((controller) => ({ firmware, controller }))).filter(
    ({ firmware, controller }) => firmware === 'bios' || !UNREADABLE_BY_OVMF.includes(controller),
  );
  return pairs.map(({ firmware, controller }, index) => ({
    firmware,
    controller,
    nic: at(NICS, index),
    // Shifted by one after each round of cards, so that every card meets every datasource.
    datasource: at(DATASOURCES, index + Math.floor(index / NICS.length)),
    grow: true,
    // Once a firmware: what listens does not depend on the disk's controller.
    scan: index === pairs.findIndex((pair) => pair.firmware === firmware),
  }));
}

function at<T>(list: readonly T[], index: number): T {
  const value = list[index % list.length];
  if (value === undefined) throw new Error('an empty list has no elements');
  return value;
}

/** Reads `firmware+controller+nic[+datasource]`. @throws UserError(usage) naming the word that is not known. */
export function parseScenario(text: string): Scenario {
  const [firmware, controller, nic, datasource = 'none', ...rest] = text.split('+');
  if (firmware === undefined || controller === undefined || nic === undefined || rest.length > 0) {
    throw new UserError(`\`${text}\` is no scenario`, {
      exitCode: ExitCode.usage,
      remedies: ['write firmware+controller+nic or firmware+controller+nic+datasource, as in bios+pvscsi+vmxnet3'],
    });
  }
  return {
    firmware: oneOf('firmware', FIRMWARES, firmware),
    controller: oneOf('disk controller', CONTROLLERS, controller),
    nic: oneOf('network card', NICS, nic),
    datasource: oneOf('datasource', DATASOURCES, datasource),
    grow: true,
    scan: true,
  };
}

function oneOf<T extends string>(what: string, known: readonly T[], word: string): T {
  const found = known.find((each) => each === word);
  if (found !== undefined) return found;
  throw new UserError(`\`${word}\` is no ${what}`, { exitCode: ExitCode.usage, remedies: [`known are ${known.join(', ')}`] });
}
