import type { Found, Rule } from '../rule.ts';

const ETC = '/etc/machine-id';
const DBUS = '/var/lib/dbus/machine-id';
const UNINITIALISED = 'uninitialized\n';

/** machine-id(5), "First boot semantics": only the word `uninitialized` makes systemd see a first boot. */
export const machineId: Rule = {
  name: 'machine-id',
  title: 'The machine-id is born at first boot',
  remedy: `Write "uninitialized" and a newline into ${ETC}, and remove ${DBUS}.`,
  check({ tree }) {
    const found: Found[] = [];
    const entry = tree.get(ETC);
    if (entry?.type !== 'file') found.push({ path: ETC, message: entry === undefined ? 'is missing' : 'is not a regular file' });
    else if (entry.size === 0) found.push({ path: ETC, message: 'is empty: that is no first boot for systemd' });
    else if (tree.text(ETC) !== UNINITIALISED)
      found.push({ path: ETC, message: 'is not "uninitialized": every clone would have this identity' });
    const dbus = tree.get(DBUS);
    if (dbus !== undefined && !(dbus.type === 'link' && tree.resolve(DBUS)?.path === ETC)) {
      found.push({ path: DBUS, message: 'is an identity of its own: it may only be a link to /etc/machine-id' });
    }
    return found;
  },
};
