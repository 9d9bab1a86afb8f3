import type { Probe } from '../../../firstboot/contract/probe.ts';
import { problemAt, type Rule } from './rule.ts';

/** URLs that cannot be parsed and ports beyond 65535: what the patterns of the schema let through. */
export const probeAddress: Rule = {
  name: 'probe-address',
  severity: 'error',
  check(image) {
    const { services, probes } = image.definition;
    const all: [string, Probe][] = [
      ...Object.entries(services).map(([name, { ready }]): [string, Probe] => [`/services/${name}/ready`, ready]),
      ...(probes.smoke ?? []).map(({ probe }, index): [string, Probe] => [`/probes/smoke/${index}/probe`, probe]),
      ...(probes.acceptance ?? []).map(({ probe }, index): [string, Probe] => [`/probes/acceptance/${index}/probe`, probe]),
    ];
    return all.flatMap(([pointer, probe]) => {
      if ('http' in probe && !URL.canParse(probe.http)) return [problemAt(image, `${pointer}/http`, `${probe.http} is not a URL`)];
      if ('tcp' in probe && !isPort(probe.tcp))
        return [problemAt(image, `${pointer}/tcp`, `${probe.tcp} has a port that cannot be`, 'Ports are 1 to 65535.')];
      return [];
    });
  },
};

function isPort(address: string): boolean {
  const port = Number(address.slice(address.lastIndexOf(':') + 1));
  return port >= 1 && port <= 65535;
}
