/** The unit asked for an address by itself, with whatever network card it found. */
import { GUEST_IPV4 } from '../../vm/spec.ts';
import { always, type Check, type CheckResult, passed, problem } from '../check.ts';

/** The members of `ip -json address` (ip-address(8)) that are used here. */
export interface IpLink {
  ifname: string;
  operstate: string;
  addr_info: { family: string; local: string; prefixlen: number; scope: string; dynamic?: boolean }[];
}

export const address: Check = {
  id: 'address',
  title: 'The network card got an address by DHCP',
  applies: always,
  async run({ machine }) {
    const links = JSON.parse(await machine.output(['ip', '-json', 'address'])) as IpLink[];
    return judge(links);
  },
};

/** QEMU's DHCP server gives one address; that it is there and dynamic proves that the unit asked for it. A router it does not name while it is restricted. */
export function judge(links: readonly IpLink[]): CheckResult {
  const all = links.flatMap((link) => link.addr_info.map((info) => ({ interface: link.ifname, ...info })));
  const given = all.find((info) => info.local === GUEST_IPV4);
  const facts = {
    addresses: all.filter((info) => info.scope !== 'host').map((info) => `${info.interface} ${info.local}/${info.prefixlen}`),
  };
  if (given === undefined) {
    return { findings: [problem(`no interface has the address that DHCP offers (${GUEST_IPV4})`)], facts };
  }
  if (given.dynamic !== true) return { findings: [problem(`${given.interface} has a fixed address, not one by DHCP`)], facts };
  return passed(facts);
}
