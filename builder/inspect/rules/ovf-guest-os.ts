import { attribute, VMW_NAMESPACE } from '../ovf.ts';
import type { Finding, Rule } from '../rule.ts';

/** First hardware version of guest systems that are often asked for too early (vSphere API, VirtualMachineGuestOsIdentifier). */
const SINCE: Record<string, number | undefined> = {
  debian10_64Guest: 13,
  debian11_64Guest: 17,
  debian12_64Guest: 20,
  other5xLinux64Guest: 18,
  other6xLinux64Guest: 20,
};

export const ovfGuestOs: Rule = {
  name: 'ovf-guest-os',
  severity: 'warning',
  scope: 'descriptor',
  demand: 'The guest system exists at the hardware version.',
  check: (ovf) => {
    const version = ovf.hardwareVersion();
    const section = ovf.first('OperatingSystemSection');
    if (version === undefined || section === undefined) return [];
    const finding = (message: string): Finding => ({
      message,
      where: ovf.where(section),
      remedy: 'Take debian10_64Guest, which hosts know since vmx-13, or other3xLinux64Guest, which they know before.',
    });
    const guest = attribute(section, 'osType', VMW_NAMESPACE);
    if (guest === undefined) return [finding('There is no vmw:osType: the machine counts as an unknown system')];
    const since = SINCE[guest];
    return since === undefined || since <= version ? [] : [finding(`${guest} is there from vmx-${since} on, and this is vmx-${version}`)];
  },
};
