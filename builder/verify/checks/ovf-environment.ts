/** The CD on which a hypervisor hands over OVF properties is there, and reads as it was written. */
import { OVF_ENVIRONMENT_FILE, OVF_ENVIRONMENT_LABEL } from '../../vm/seeds/ovf-environment.ts';
import { type Check, passed, problem } from '../check.ts';

export const ovfEnvironmentCheck: Check = {
  id: 'ovf-environment',
  title: 'The OVF environment on a CD can be read',
  applies: ({ seeded }) => seeded.ovf !== undefined,
  async run({ machine, seeded }) {
    const device = await machine.ssh(['blkid', '--match-token', `LABEL=${OVF_ENVIRONMENT_LABEL}`, '--output', 'device']);
    if (device.exitCode !== 0 || device.stdout.trim() === '') {
      return {
        findings: [
          problem(`no drive with the label ${OVF_ENVIRONMENT_LABEL}`, { suggestion: 'The kernel needs a CD driver (sr_mod, ahci).' }),
        ],
      };
    }
    const script = `set -e
folder=$(mktemp -d)
trap 'umount "$folder"; rmdir "$folder"' EXIT
mount -t iso9660 -o ro,nodev,nosuid,noexec ${device.stdout.trim().split('\n')[0]} "$folder"
cat "$folder/${OVF_ENVIRONMENT_FILE}"`;
    const read = await machine.ssh(script);
    if (read.exitCode !== 0) return { findings: [problem(`the CD cannot be read: ${read.stderr.trim()}`)] };
    // The last newline is cut off on the way here.
    if (read.stdout.trimEnd() !== seeded.ovf?.document.trimEnd())
      return { findings: [problem('the OVF environment reads differently from what was written')] };
    return passed({ device: device.stdout.trim() });
  },
};
