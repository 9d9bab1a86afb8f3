import { entryRule } from '../rule.ts';

/** Names and keys by which one machine is told from another, beside machine-id and host keys. */
const IDENTITIES: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^\/etc\/machine-info$/, 'the description of one machine (machine-info(5))'],
  [/^\/etc\/hostid$/, 'a host id (gethostid(3))'],
  [/^\/etc\/nvme\/host(nqn|id)$/, 'the name of one NVMe host'],
  [/^\/etc\/iscsi\/initiatorname\.iscsi$/, 'the name of one iSCSI initiator'],
  [/^\/var\/lib\/NetworkManager\/(secret_key|seen-bssids|timestamps)$/, 'state of NetworkManager'],
  [/^\/etc\/popularity-contest\.conf$/, 'an id for popularity-contest'],
  [/^\/var\/lib\/snmp\/.*\.conf$/, 'an SNMP engine id'],
  [/^\/var\/lib\/samba\/private\/.+/, 'secrets of Samba'],
  [/^\/etc\/krb5\.keytab$/, 'a Kerberos key'],
  [/^\/etc\/(bind|named)?\/?rndc\.key$/, 'a control key of BIND'],
  [/^\/etc\/docker\/key\.json$|^\/var\/lib\/docker\/(engine-id|swarm\/.+)$/, "Docker's identity"],
  [/^\/var\/lib\/containers\/.*secrets\.json$/, 'secrets of containers'],
  [/^\/var\/lib\/systemd\/(pstore|backlight|rfkill)\/.+/, 'state of the build machine'],
];

export const identities = entryRule(
  {
    name: 'identities',
    title: 'There is no other identity of one machine',
    remedy: 'Remove it: it is made anew where it is needed.',
    contained: true,
  },
  ({ path, type, size }, { packages }) => {
    if (type === 'directory' || size === 0 || packages.owner(path) !== undefined) return undefined;
    const what = IDENTITIES.find(([pattern]) => pattern.test(path))?.[1];
    return what === undefined ? undefined : `is ${what}`;
  },
);
