import type { Found, Rule, Subject } from '../rule.ts';
import type { SealedEntry } from '../tree.ts';

/**
 * A private key in an image is known to everybody who has the image. What a package of the distribution ships, unchanged, is
 * in every copy of that package and public already (test data, examples): reported, but no error.
 */
export const privateKeys: Rule = {
  name: 'private-keys',
  title: 'There is no private key anywhere',
  remedy: 'Make the key on the unit, by a step; remove this one.',
  contained: true,
  check: (subject) => [...fromContent(subject), ...wireguard(subject), ...unsearched(subject)],
};

/** One finding a file, whatever the number of its keys. */
function fromContent({ keys, packages }: Subject): Found[] {
  const files = new Map<string, { entry: SealedEntry; kinds: Set<string> }>();
  for (const { kind, entry, what } of keys) {
    if (kind !== 'private-key') continue;
    const file = files.get(entry.path) ?? { entry, kinds: new Set() };
    file.kinds.add(what);
    files.set(entry.path, file);
  }
  return [...files.values()].map(({ entry, kinds }): Found => {
    const what = [...kinds].sort().join(', ');
    if (!packages.unchanged(entry)) return { path: entry.path, message: `holds a private key (${what})` };
    return {
      path: entry.path,
      message: `holds a private key (${what}) as the package ${packages.owner(entry.path)} ships it`,
      severity: 'info',
    };
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
