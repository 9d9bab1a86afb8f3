/** Argument lists of /usr/lib/unit/wait-ready (firstboot/system/wait-ready), the one implementation of a probe. */
import type { Probe } from './probe.ts';

export const WAIT_READY = '/usr/lib/unit/wait-ready';

export interface WaitOptions {
  /** Gives up as soon as this systemd unit has failed. */
  failsWith?: string;
  /** Asks once instead of until `seconds` have passed. */
  once?: boolean;
}

/** Arguments that ask `probe` until it passes or `seconds` (before the factor for emulated machines) are over. */
export function waitArguments(probe: Probe, seconds: number, options: WaitOptions = {}): string[] {
  const flags = [
    ...(options.once === true ? ['--once'] : []),
    ...(options.failsWith === undefined ? [] : ['--fails-with', options.failsWith]),
  ];
  return [...flags, ...probeArguments(probe, String(seconds))];
}

function probeArguments(probe: Probe, seconds: string): string[] {
  if ('tcp' in probe) return ['tcp', probe.tcp, seconds];
  if ('unit' in probe) return ['unit', probe.unit, seconds];
  if ('command' in probe) return ['command', seconds, ...(probe.user === undefined ? [] : ['--user', probe.user]), '--', ...probe.command];
  return [
    'http',
    probe.http,
    String(probe.status ?? 200),
    seconds,
    ...(probe.host === undefined ? [] : ['--host', probe.host]),
    ...(probe.contains === undefined ? [] : ['--contains', probe.contains]),
    ...(probe.insecure === true ? ['--insecure'] : []),
  ];
}
