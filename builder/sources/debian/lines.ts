/** Lines of sources.list(5): the public archive's, a mirror's, and log-ins kept apart from them. */

interface Distribution {
  main: string;
  security: string;
  /** What is built and kept up like the rest; Ubuntu has most of Debian's packages in universe. */
  components: string;
  /** Suites that get neither updates nor security of their own. */
  rolling: readonly string[];
}

const DISTRIBUTIONS: Readonly<Record<string, Distribution>> = {
  debian: {
    main: 'http://deb.debian.org/debian',
    security: 'http://security.debian.org/debian-security',
    components: 'main',
    rolling: ['sid', 'unstable', 'testing'],
  },
  ubuntu: {
    main: 'http://archive.ubuntu.com/ubuntu',
    security: 'http://security.ubuntu.com/ubuntu',
    components: 'main universe',
    rolling: [],
  },
};

/**
 * The sources of a suite, as mmdebstrap(1) writes them by default.
 * @param mirror an address that replaces the archive's (a mirror that ends in `/debian` has the security updates beside
 *   it, in `/debian-security`, else they come from the archive itself), or whole lines that begin with `deb `
 */
export function archiveLines({ distribution, suite }: { distribution: string; suite: string }, mirror?: string): string[] {
  const known = DISTRIBUTIONS[distribution];
  if (known === undefined) throw new Error(`unknown distribution ${distribution}`);
  const given = mirror?.trim() ?? '';
  if (/^deb\s/.test(given))
    return given
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  const main = given === '' ? known.main : given.replace(/\/+$/, '');
  const { components } = known;
  const lines = [`deb ${main} ${suite} ${components}`];
  if (known.rolling.includes(suite)) return lines;
  const security = given === '' ? known.security : securityBeside(main, known, distribution);
  return [...lines, `deb ${main} ${suite}-updates ${components}`, `deb ${security} ${suite}-security ${components}`];
}

function securityBeside(main: string, known: Distribution, distribution: string): string {
  if (distribution === 'ubuntu') return main;
  return main.endsWith('/debian') ? `${main}-security` : known.security;
}

/** Takes `user:password@` out of the lines and gives it as lines of apt_auth.conf(5), which no log and no argv shows. */
export function splitLogins(lines: readonly string[]): { lines: string[]; logins: string[] } {
  const logins = new Set<string>();
  const clean = lines.map((line) =>
    line.replace(
      /([a-z][a-z0-9+.-]*):\/\/([^/@\s:]*):?([^/@\s]*)@([^\s]+)/i,
      (_all, scheme: string, user: string, password: string, rest: string) => {
        logins.add(`machine ${scheme}://${rest} login ${decodeURIComponent(user)} password ${decodeURIComponent(password)}`);
        return `${scheme}://${rest}`;
      },
    ),
  );
  return { lines: clean, logins: [...logins] };
}
