import { entryRule } from '../rule.ts';

/** RFC 8415, section 11 (DUID): two machines with one DUID get one address. Leases tell of the build's network. */
const LEASE =
  /^\/var\/lib\/(dhcp|dhcpcd|dhclient|NetworkManager|systemd\/network|systemd\/netif)\/.*(lease|duid|\d)|^\/var\/lib\/dhcpv6\/|^\/etc\/dhcpcd\.duid$|^\/var\/db\/dhcpcd\//i;

export const leases = entryRule(
  {
    name: 'leases',
    title: 'There is no DHCP lease or DUID',
    remedy: 'Remove it when the disk is sealed.',
  },
  ({ path, type }, { packages }) =>
    type === 'file' && LEASE.test(path) && packages.owner(path) === undefined ? 'is a DHCP lease or identity of the build' : undefined,
);
