import type { Finding, Rule } from '../rule.ts';

export const ovfHardwareVersion: Rule = {
  name: 'ovf-hardware-version',
  severity: 'warning',
  scope: 'descriptor',
  demand: 'The hardware version is neither too new nor too old for the hosts in use, and never 12.',
  check: (ovf) => {
    const version = ovf.hardwareVersion();
    const system = ovf.systemType();
    if (system === undefined)
      return [
        {
          message: 'There is no VirtualSystemType',
          where: ovf.where(ovf.root),
          remedy: 'Say vmx-13 in the System element.',
          severity: 'error' as const,
        },
      ];
    const finding = (message: string): Finding => ({
      message,
      where: ovf.where(system.element),
      remedy: 'Take vmx-13 (ESXi 6.5) or vmx-15 (6.7 U2).',
    });
    if (version === undefined) return [];
    if (version === 12)
      return [{ ...finding('vmx-12 belongs to no ESXi: only Workstation and Fusion wrote it'), severity: 'error' as const }];
    if (version < 11) return [finding(`vmx-${version} is older than ESXi 6.0: guest systems and devices of today are unknown to it`)];
    return version >= 20 ? [finding(`vmx-${version} needs ESXi 8: older hosts refuse it`)] : [];
  },
};
