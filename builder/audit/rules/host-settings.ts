import type { Found, Rule, Subject } from '../rule.ts';

/** Settings by which a build host reaches its mirrors: they may hold credentials, and mean nothing elsewhere. */
export const hostSettings: Rule = {
  name: 'host-settings',
  title: "There are no settings of the build host's apt, npm, pip and the like",
  remedy: "Remove it: mirror and proxy are settings of the unit's owner.",
  contained: true,
  check: (subject) => [...apt(subject), ...files(subject), ...environment(subject)],
};

/** apt.conf(5), apt_auth.conf(5). */
function apt({ tree }: Subject): Found[] {
  const found: Found[] = [];
  for (const { path, text } of tree.texts('/etc/apt', /^\/etc\/apt\/(apt\.conf(\.d\/.*)?|auth\.conf(\.d\/.*)?)$/)) {
    const lines = text.split('\n').filter((line) => !/^\s*(\/\/|#)/.test(line));
    if (/\/auth\.conf/.test(path)) {
      if (lines.some((line) => line.trim() !== '')) found.push({ path, message: 'holds credentials for a package archive' });
    } else if (
      lines.some((line) => /proxy|Acquire::https?::|Verify-(Peer|Host)|AllowUnauthenticated|AllowInsecure|APT::Sandbox/i.test(line))
    ) {
      found.push({ path, message: "has the build host's way to its archive" });
    }
  }
  return found;
}

const FILES =
  /\/\.(npmrc|yarnrc|yarnrc\.yml|pypirc|netrc|curlrc|wgetrc|gitconfig|git-credentials|condarc)$|\/(pip\.conf|settings-security\.xml)$|\/\.(config|cache)\/pip(\/|$)|\/\.npm\/|\/\.m2\/(settings\.xml|repository\/)|\/\.docker\/config\.json$|\/\.cargo\/credentials|\/\.aws\/|\/\.kube\/config$|^\/usr\/(local\/)?etc\/npmrc$/;

function files({ tree, packages }: Subject): Found[] {
  return tree.entries
    .filter(({ path, type }) => type !== 'directory' && FILES.test(path) && packages.owner(path) === undefined)
    .map(({ path }) => ({ path, message: 'holds settings or a cache of a package tool' }));
}

/** Proxies that every program takes. */
function environment({ tree }: Subject): Found[] {
  const places = /^\/etc\/(environment|profile\.d\/.*|environment\.d\/.*|systemd\/system\.conf(\.d\/.*)?|wgetrc)$/;
  return tree
    .texts('/etc', places)
    .filter(({ text }) =>
      text.split('\n').some((line) => !/^\s*#/.test(line) && /\b(https?|ftp|all|no)_proxy\b\s*=\s*["']?[^\s"']/i.test(line)),
    )
    .map(({ path }) => ({ path, message: "has the build host's proxy" }));
}
