import { fieldsOf } from '../dpkg-status.ts';
import type { Found, Rule, Subject } from '../rule.ts';

/** The distributions' own public archives. Another source is an exception that the definition gives a reason for. */
const ARCHIVES = ['deb.debian.org', 'security.debian.org', 'archive.ubuntu.com', 'security.ubuntu.com'];

/** sources.list(5), both formats. */
export const aptSources: Rule = {
  name: 'apt-sources',
  title: "Packages come from the distribution's own public archive",
  remedy: 'Write the public archive into /etc/apt/sources.list; mirrors are settings of the unit.',
  contained: true,
  check: ({ tree }: Subject) => {
    const places = /^\/etc\/apt\/(sources\.list|sources\.list\.d\/.*\.(list|sources))$/;
    return tree.texts('/etc/apt', places).flatMap(({ path, text }) => {
      const uris = path.endsWith('.sources') ? deb822(text) : oneLine(text);
      return uris.flatMap((uri) => judge(path, uri));
    });
  },
};

interface Source {
  uri: string;
  trusted: boolean;
}

function oneLine(text: string): Source[] {
  return [...text.matchAll(/^\s*deb(?:-src)?\s+(?:\[([^\]]*)\]\s+)?(\S+)/gm)].map(([, options = '', uri = '']) => ({
    uri,
    trusted: /trusted=yes/.test(options),
  }));
}

function deb822(text: string): Source[] {
  return text.split(/\n{2,}/).flatMap((stanza) => {
    const fields = fieldsOf(stanza);
    const trusted = /yes/i.test(fields.get('trusted') ?? '');
    return (fields.get('uris') ?? '').split(/\s+/).flatMap((uri) => (uri === '' ? [] : [{ uri, trusted }]));
  });
}

function judge(path: string, { uri, trusted }: Source): Found[] {
  const host = /^https?:\/\/(?:([^/@]*)@)?([^/:]+)/.exec(uri);
  if (trusted) return [{ path, message: 'trusts an archive without a signature' }];
  if (host?.[1] !== undefined) return [{ path, message: 'holds credentials for a package archive' }];
  if (host?.[2] !== undefined && ARCHIVES.includes(host[2])) return [];
  return [{ path, message: `takes packages from ${host?.[2] ?? uri}` }];
}
