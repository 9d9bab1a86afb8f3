/** machine-id(5): set, valid, and the same for D-Bus. */
import { always, type Check, type CheckResult, passed, problem } from '../check.ts';

export const machineId: Check = {
  id: 'machine-id',
  title: 'The machine ID was set at the first boot',
  applies: always,
  async run({ machine }) {
    const id = await machine.output('cat /etc/machine-id');
    const { stdout: dbus } = await machine.ssh('cat /var/lib/dbus/machine-id 2>/dev/null');
    const { stdout: mount } = await machine.ssh('findmnt --noheadings --output FSTYPE /etc/machine-id');
    return judge(id.trim(), dbus.trim(), mount.trim());
  },
};

/** `mount` is the type of a file system mounted over the file: there where systemd could not write it down. */
export function judge(id: string, dbus: string, mount: string): CheckResult {
  const facts = { machineId: id };
  if (!/^[0-9a-f]{32}$/.test(id) || /^0+$/.test(id))
    return { findings: [problem(`/etc/machine-id holds \`${id}\`, which is no machine ID`)], facts };
  if (mount !== '') return { findings: [problem('the machine ID is transient: it will be another one after the next boot')], facts };
  if (dbus !== '' && dbus !== id) return { findings: [problem('D-Bus has a machine ID of its own: it was in the image')], facts };
  return passed(facts);
}
