/** What packages make once, at their installation, is not in a root file system, nor on a sealed disk. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';

import { templatePath } from '../../../../builder/kit/paths.ts';
import { fakeProgram } from '../../../helpers/fake-program.ts';

const BORN = [
  '/etc/ssh/ssh_host_ed25519_key',
  '/etc/ssh/ssh_host_ed25519_key.pub',
  '/etc/ssl/private/ssl-cert-snakeoil.key',
  '/etc/ssl/certs/ssl-cert-snakeoil.pem',
  '/etc/hostid',
  '/etc/nvme/hostid',
  '/etc/nvme/hostnqn',
  '/root/.erlang.cookie',
  '/var/lib/rabbitmq/.erlang.cookie',
  '/var/lib/dbus/machine-id',
  '/var/lib/systemd/random-seed',
  '/var/lib/systemd/credential.secret',
];
const SHIPPED = ['/etc/ssh/sshd_config', '/etc/nvme/discovery.conf', '/etc/ssl/certs/ca-certificates.crt'];

let tree: string;
beforeEach(() => {
  tree = join(mkdtempSync(join(tmpdir(), 'tree of ')), 'a "tree"');
  for (const path of [...BORN, ...SHIPPED, '/etc/machine-id', '/var/log/dpkg.log', '/var/cache/apt/pkgcache.bin', '/var/lib/dpkg/status'])
    write(path, 'x');
  for (const folder of ['/var/backups', '/var/tmp', '/tmp', '/run']) mkdirSync(join(tree, folder), { recursive: true });
});

function write(path: string, content: string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), content);
}

function expectForgotten(): void {
  expect(BORN.filter((path) => existsSync(join(tree, path)))).toEqual([]);
  expect(SHIPPED.filter((path) => !existsSync(join(tree, path)))).toEqual([]);
  expect(readFileSync(join(tree, 'etc/machine-id'), 'utf8')).toBe('uninitialized\n');
}

it("is taken out of a tree by the script that units have, and by mmdebstrap's hook", () => {
  execFileSync(templatePath('system', 'rootfs', 'usr', 'lib', 'unit', 'forget-identities'), [tree]);
  expectForgotten();

  for (const path of BORN) write(path, 'x');
  const out = mkdtempSync(join(tmpdir(), 'out-'));
  writeFileSync(join(out, 'sources'), 'deb http://deb.debian.org/debian trixie main\n');
  // What would run inside of the tree, which has no programs; and no owner but this user.
  const path = fakeProgram('chroot', 'exit 0', fakeProgram('chown', 'exit 0'));
  const env = { PATH: `${path}:${process.env.PATH}`, UNITSMITH_OUT: out, UNITSMITH_SOURCES: join(out, 'sources') };
  mkdirSync(join(tree, 'etc/apt'));
  execFileSync('sh', [templatePath('rootfs', 'customize.sh'), tree], { env });
  expectForgotten();
});

it('goes from a disk that is sealed by the same script', () => {
  expect(readFileSync(templatePath('packer', 'seal.sh'), 'utf8')).toMatch(/^\/usr\/lib\/unit\/forget-identities$/m);
});
