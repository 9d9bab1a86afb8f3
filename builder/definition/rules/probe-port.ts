import type { Probe } from '../../../firstboot/contract/probe.ts';
import { problemAt, type Rule } from './rule.ts';

/** Acceptance stands for what users can reach: what is not in `ports` is behind the firewall, though a probe on the unit itself could ask it. */
export const probePort: Rule = {
  name: 'probe-port',
  severity: 'error',
  check(image) {
    const open = new Set(image.definition.ports.filter(({ protocol }) => (protocol ?? 'tcp') === 'tcp').map(({ port }) => port));
    return (image.definition.probes.acceptance ?? []).flatMap(({ title, probe }, index) => {
      const port = portOf(probe);
      if (port === undefined || open.has(port)) return [];
      const pointer = `/probes/acceptance/${index}/probe/${'http' in probe ? 'http' : 'tcp'}`;
      return [
        problemAt(image, pointer, `"${title}" asks port ${port}, which ports does not open`, `Add it to ports, or make it a smoke probe.`),
      ];
    });
  },
};

function portOf(probe: Probe): number | undefined {
  if ('tcp' in probe) return Number(probe.tcp.slice(probe.tcp.lastIndexOf(':') + 1));
  if (!('http' in probe) || !URL.canParse(probe.http)) return undefined;
  const url = new URL(probe.http);
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}
