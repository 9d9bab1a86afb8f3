import type { Found, Rule, Subject } from '../rule.ts';

/**
 * A private key in an image is known to everybody who has the image. What a Debian package ships, unchanged, is in every
 * copy of that package and public already (test data, examples): reported, but no error.
 */
export const privateKeys: Rule = {
  name: 'private-keys',
  title: 'There is no private key anywhere',
  remedy: 'Make the key on the unit, by a step; remove this one.',
  check: (subject) => [...fromContent(subject), ...wireguard(subject), ...unsearched(subject)],
};

function fromContent({ keys, packages }: Subject): Found[] {
  const seen = new Set<string>();
  return keys
    .filter(({ kind, entry, what }) => kind === 'private-key' && !seen.has(`${entry.path} ${what}`) && seen.add(`${entry.path} ${what}`))
    .map(({ entry, what }): Found => {
      if (!packages.unchanged(entry)) return { path: entry.path, message: `holds a private key (${what})` };
      return { path: entry.path, message: `holds a ${what} as the package ${packages.owner(entry.path)} ships it`, severity: 'info' };
    });
}

/** wg(8): a key is 32 bytes in base64, so it has no marker to search for. */
function wireguard({ tree }: Subject): Found[] {
  const own = tree.texts('/etc', /^\/etc\/(wireguard\/|systemd\/network\/.*\.netdev|systemd\/network\/.*\.key$)/);
  return own
    .filter(({ text }) => /^(\s*(PrivateKey|PresharedKey)\s*=\s*)?[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\s*$/m.test(text))
    .map(({ path }) => ({ path, message: 'holds a WireGuard key' }));
}

function unsearched({ tree }: Subject): Found[] {
  return tree.entries
    .filter(({ type, size, offset }) => type === 'file' && size > 0 && offset === undefined)
    .map(({ path }) => ({ path, message: 'is too large to be searched for private keys', severity: 'warning' }));
}
