import type { Found, Rule, Subject } from '../rule.ts';

const ETC = '/etc/machine-id';
const DBUS = '/var/lib/dbus/machine-id';
const UNINITIALISED = 'uninitialized\n';

/** machine-id(5), "First boot semantics": only the word `uninitialized` makes systemd see a first boot. */
export const machineId: Rule = {
  name: 'machine-id',
  title: 'The machine-id is born at first boot',
  remedy: `Write "uninitialized" and a newline into ${ETC}, and remove ${DBUS}.`,
  contained: true,
  check: (subject) => [...systemd(subject), ...dbus(subject)],
};

function systemd({ tree, contained }: Subject): Found[] {
  const entry = tree.get(ETC);
  // In a container no systemd starts: none at all is as good.
  if (contained && (entry === undefined || (entry.type === 'file' && entry.size === 0))) return [];
  if (entry?.type !== 'file') return [{ path: ETC, message: entry === undefined ? 'is missing' : 'is not a regular file' }];
  if (entry.size === 0) return [{ path: ETC, message: 'is empty: that is no first boot for systemd' }];
  return tree.text(ETC) === UNINITIALISED ? [] : [{ path: ETC, message: 'is not "uninitialized": every clone would have this identity' }];
}

function dbus({ tree }: Subject): Found[] {
  const entry = tree.get(DBUS);
  if (entry === undefined || (entry.type === 'link' && tree.resolve(DBUS)?.path === ETC)) return [];
  return [{ path: DBUS, message: 'is an identity of its own: it may only be a link to /etc/machine-id' }];
}
