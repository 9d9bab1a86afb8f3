/** Only declared ports answer a stranger: SSH and the setup page before the unit is set up, SSH and its own ports afterwards. */
import { openPorts } from '../../../firstboot/contract/firewall.ts';
import { type Port, UNIT_PATHS, type Unit } from '../../../firstboot/contract/unit.ts';
import { type ScanReport, scanMachine } from '../../vm/scan/scan.ts';
import { GUEST_IPV4, macOf } from '../../vm/spec.ts';
import { type Check, type CheckResult, type Finding, problem } from '../check.ts';

export const ports: Check = {
  id: 'ports',
  title: 'Only declared ports are open to outside',
  again: true,
  applies: ({ scenario }) => scenario.scan,
  async run({ ctx, machine, unit, finalised }) {
    if (machine.link === undefined) throw new Error('the machine was not made to be scanned');
    ctx.events.progress('asking every port from outside');
    const hostname = (await machine.output('hostname')).trim();
    const { exitCode } = await machine.ssh(['test', '-e', UNIT_PATHS.finalised]);
    const target = { mac: macOf(machine.spec.uuid), ipv4: GUEST_IPV4, hostname };
    const report = await scanMachine(machine.link, target, ctx.signal);
    const { findings, facts } = judge(report, allowedPorts(unit, exitCode === 0));
    return { findings: [...findings, ...(finalised ? silent(report, unit?.ports ?? []) : [])], ...(facts === undefined ? {} : { facts }) };
  },
};

/** @returns undefined where nothing is declared: the artefact is no unit, and what is open is only told. */
export function allowedPorts(unit: Pick<Unit, 'ports'> | undefined, finalised: boolean): Port[] | undefined {
  if (unit === undefined) return undefined;
  const open = openPorts(unit.ports);
  // The scan's machine has the key of its check.
  return finalised ? open.ready : open['waiting-ssh'];
}

export function judge(report: ScanReport, allowed: readonly Port[] | undefined): CheckResult {
  const findings: CheckResult['findings'] = [];
  for (const scan of [report.ipv4, ...(report.ipv6 === undefined ? [] : [report.ipv6])]) {
    for (const port of scan.open) if (!isAllowed(allowed, port, 'tcp')) findings.push(open(`TCP port ${port}`, scan.address, allowed));
    if (allowed !== undefined && scan.closed > 0) {
      findings.push({
        severity: 'warning',
        message: `${scan.closed} TCP ports of ${scan.address} refuse instead of staying silent`,
        suggestion: 'The firewall does not deny by default.',
      });
    }
  }
  for (const { port, service } of report.udp) {
    if (!isAllowed(allowed, port, 'udp')) findings.push(open(`UDP port ${port} (${service})`, report.ipv4.address, allowed));
  }
  return { findings, facts: { ...report } };
}

/** What a unit that is set up promises to the outside, and does not answer there. Exported for its test. */
export function silent(report: Pick<ScanReport, 'ipv4'>, declared: readonly Port[]): CheckResult['findings'] {
  return declared
    .filter(({ port, protocol, from }) => from === undefined && (protocol ?? 'tcp') === 'tcp' && !report.ipv4.open.includes(port))
    .map(({ port, purpose }) =>
      problem(`TCP port ${port} (${purpose}) is declared, and does not answer at ${report.ipv4.address}`, {
        suggestion: 'Nothing listens there once the unit is set up, or it listens on loopback only.',
      }),
    );
}

function open(what: string, address: string, allowed: readonly Port[] | undefined): Omit<Finding, 'rule'> {
  if (allowed === undefined) return { severity: 'info', message: `${what} is open at ${address}` };
  return problem(`${what} is open at ${address}, and not declared`, {
    suggestion: 'Declare it under `ports`, or bind the service to loopback.',
  });
}

function isAllowed(allowed: readonly Port[] | undefined, port: number, protocol: 'tcp' | 'udp'): boolean {
  return (allowed ?? []).some((each) => each.port === port && (each.protocol ?? 'tcp') === protocol);
}
