// Debian programs that the tests want beside those of the builder (`unitsmith doctor`): installed by `npm test` where they
// are missing, with sudo for whom is not root. Plain JavaScript, as builder/setup.mjs is.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Package of each program. What is larger, as a JDK or a database server, is left to whom wants those tests: they say so. */
const PACKAGES = {
  newuidmap: 'uidmap',
  xmllint: 'libxml2-utils',
  shellcheck: 'shellcheck',
  nft: 'nftables',
  nc: 'netcat-openbsd',
  lego: 'lego',
  pebble: 'pebble',
  chromium: 'chromium',
  skopeo: 'skopeo',
  'docker-registry': 'docker-registry',
  'systemd-nspawn': 'systemd-container',
};

const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
const missing = Object.entries(PACKAGES)
  .filter(([program]) => !folders.some((folder) => existsSync(join(folder, program))))
  .map(([, name]) => name);

if (missing.length > 0) {
  process.stderr.write(`installing ${missing.join(' ')}, which tests want\n`);
  const sudo = process.geteuid() === 0 ? [] : ['sudo'];
  for (const words of [
    ['update', '--quiet'],
    ['install', '--quiet', '--yes', '--no-install-recommends', ...missing],
  ]) {
    const [program, ...args] = [...sudo, 'apt-get', ...words];
    const { status } = spawnSync(program, args, { stdio: ['inherit', 2, 2] });
    if (status !== 0 && words[0] === 'install') {
      process.stderr.write(`error: the tests' programs could not be installed\n  → sudo apt-get install ${missing.join(' ')}\n`);
      process.exit(4);
    }
  }
}
