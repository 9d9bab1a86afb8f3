/** Every rule, proved on the bytes of a disk that breaks it. */
import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import {
  type AuditException,
  type AuditFinding,
  auditRuleNames,
  auditTree,
  openContainers,
  openSealedDisk,
} from '../../../builder/audit/index.ts';
import { withCleanup } from '../../../builder/kit/cleanup.ts';
import { testContext } from '../../helpers/context.ts';
import { makeSmallDisk, type Node, type SmallDisk } from '../../helpers/small-disk.ts';
import { CLEAN, RECORDED, STATUS, TEST_KEY } from './clean.ts';
import { containerFiles, cutLayers } from './container-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'audit-rules-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const PKCS8 = keys.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

async function audit(change: SmallDisk, except: AuditException[] = [], vendors: string[] = []): Promise<AuditFinding[]> {
  const path = join(folder, 'disk.raw');
  makeSmallDisk(path, { ...change, root: { ...CLEAN, ...change.root } });
  const { ctx } = testContext();
  return withCleanup(async (cleanup) => {
    cleanup.add('cache', () => rmSync(ctx.cacheDir, { recursive: true }));
    const tree = await openSealedDisk(path, ctx, cleanup);
    const containers = await openContainers(tree, ctx, cleanup);
    return auditTree({ tree, containers, recorded: RECORDED, vendors: new Set(vendors), image: 'sphere', except }, ctx);
  });
}

function openssl(args: string[]): void {
  execFileSync('openssl', args, { stdio: 'ignore' });
}

function selfSigned(): { key: string; certificate: string; p12: Buffer; der: Buffer; request: Buffer } {
  const at = (name: string): string => join(folder, name);
  openssl([
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    '/CN=build-vm',
    '-days',
    '9',
    '-keyout',
    at('k.pem'),
    '-out',
    at('c.pem'),
  ]);
  openssl(['pkcs12', '-export', '-inkey', at('k.pem'), '-in', at('c.pem'), '-passout', 'pass:x', '-out', at('s.p12')]);
  openssl(['pkcs8', '-topk8', '-nocrypt', '-in', at('k.pem'), '-outform', 'DER', '-out', at('k.der')]);
  openssl(['req', '-new', '-key', at('k.pem'), '-subj', '/CN=build-vm', '-outform', 'DER', '-out', at('r.der')]);
  const read = (name: string): string => readFileSync(at(name), 'utf8');
  return {
    key: read('k.pem'),
    certificate: read('c.pem'),
    p12: readFileSync(at('s.p12')),
    der: readFileSync(at('k.der')),
    request: readFileSync(at('r.der')),
  };
}

function sshKey(): string {
  rmSync(join(folder, 'id'), { force: true });
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'one-time', '-f', join(folder, 'id')]);
  return readFileSync(join(folder, 'id'), 'utf8');
}

const made = selfSigned();
const once = (text: string): string => Buffer.from(text).toString('base64');

/** One disk a rule. Every path listed must be found by that rule, and by no rule that is not named in `also`. */
const BROKEN: Record<string, { disk: Partial<SmallDisk>; paths: string[]; also?: string[] }> = {
  'ssh-host-keys': {
    disk: { root: { '/etc/ssh/ssh_host_ed25519_key.pub': 'ssh-ed25519 AAAA\n', '/etc/ssh/ssh_host_rsa_key': { link: '/run/key' } } },
    paths: ['/etc/ssh/ssh_host_ed25519_key.pub', '/etc/ssh/ssh_host_rsa_key'],
  },
  'machine-id': {
    disk: { root: { '/etc/machine-id': '', '/var/lib/dbus/machine-id': '9a510b6803a74180a337b901c49e96b8\n' } },
    paths: ['/etc/machine-id', '/var/lib/dbus/machine-id'],
  },
  identities: {
    disk: { root: { '/etc/machine-info': 'PRETTY_HOSTNAME=x\n', '/etc/nvme/hostnqn': 'nqn.2014-08.org\n', '/etc/docker/key.json': '{}' } },
    paths: ['/etc/docker/key.json', '/etc/machine-info', '/etc/nvme/hostnqn'],
  },
  'authorized-keys': {
    disk: {
      root: {
        '/var/www/.ssh/authorized_keys2': 'ssh-ed25519 AAAA a@b\n',
        '/root/.ssh/authorized_keys': { link: '/run/bake/authorized_keys' },
        '/home/a/.ssh': { directory: true },
      },
    },
    paths: ['/root/.ssh/authorized_keys', '/var/www/.ssh/authorized_keys2'],
    also: ['build-leftovers'],
  },
  passwords: {
    disk: {
      root: {
        '/etc/shadow': 'root:$y$j9T$abc$def:20000::::::\nguest::20000::::::\n',
        '/etc/shadow-': 'old:!$6$abc$def:20000::::::\n',
        '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nanybody::9:9::/:/bin/sh\n',
        '/etc/gshadow': 'admins:$6$abc$def::\n',
        '/etc/security/opasswd': 'root:0:1:$6$x\n',
        '/var/cache/debconf/passwords.dat': 'Name: a/b\nTemplate: a/b\nValue: secret\nOwners: a\n',
        '/etc/cloud/cloud.cfg.d/99_build.cfg': 'users:\n  - name: a\n    ssh_authorized_keys: [ssh-ed25519 AAAA]\n',
      },
    },
    paths: [
      '/etc/cloud/cloud.cfg.d/99_build.cfg',
      '/etc/gshadow',
      '/etc/passwd',
      '/etc/security/opasswd',
      '/etc/shadow',
      '/etc/shadow',
      '/etc/shadow-',
      '/var/cache/debconf/passwords.dat',
    ],
  },
  'private-keys': {
    disk: {
      root: {
        '/opt/a/key.pem': made.key,
        '/opt/a/pkcs8.txt': `some text before\n${PKCS8}`,
        '/opt/a/ssh': sshKey(),
        '/opt/a/in.json': JSON.stringify({ key: PKCS8 }),
        '/opt/a/base64-0.yaml': `key: ${once(PKCS8)}\n`,
        '/opt/a/base64-1.yaml': `key: ${once(`x${PKCS8}`)}\n`,
        '/opt/a/base64-2.yaml': `key: ${once(`xx${PKCS8}`)}\n`,
        '/opt/a/key.ppk':
          'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: a\nPublic-Lines: 1\nAAAA\nPrivate-Lines: 1\nAAAA\n',
        '/opt/a/store.dat': made.p12,
        '/opt/a/noname': made.der,
        '/opt/a/old-style.pem': TEST_KEY.replace('-----\n', '-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n'),
        '/etc/wireguard/wg0.conf': '[Interface]\nPrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\n',
        // As packages ship it: information, not an error. The same somewhere else is an error.
        '/usr/share/test/key.pem': TEST_KEY,
        '/srv/key.pem': TEST_KEY,
      },
      efi: { '/EFI/BOOT/db.key': PKCS8 },
    },
    paths: [
      '/boot/efi/EFI/BOOT/db.key',
      '/etc/wireguard/wg0.conf',
      '/opt/a/base64-0.yaml',
      '/opt/a/base64-1.yaml',
      '/opt/a/base64-2.yaml',
      '/opt/a/in.json',
      '/opt/a/key.pem',
      '/opt/a/key.ppk',
      '/opt/a/noname',
      '/opt/a/old-style.pem',
      '/opt/a/pkcs8.txt',
      '/opt/a/ssh',
      '/opt/a/store.dat',
      '/srv/key.pem',
    ],
  },
  certificates: {
    disk: {
      root: {
        '/etc/ssl/certs/ssl-cert-snakeoil.pem': made.certificate,
        '/opt/a/server.crt': new X509Certificate(made.certificate).raw,
        // Of the same outer form, and no certificate.
        '/opt/a/request': made.request,
      },
    },
    paths: ['/etc/ssl/certs/ssl-cert-snakeoil.pem', '/opt/a/server.crt'],
  },
  'erlang-cookie': {
    disk: { root: { '/var/lib/rabbitmq/.erlang.cookie': { content: 'ABCDEF', mode: 0o400 } } },
    paths: ['/var/lib/rabbitmq/.erlang.cookie'],
  },
  'random-seeds': {
    disk: { root: { '/var/lib/systemd/random-seed': 'x', '/var/lib/systemd/credential.secret': 'x' }, efi: { '/loader/random-seed': 'x' } },
    paths: ['/boot/efi/loader/random-seed', '/var/lib/systemd/credential.secret', '/var/lib/systemd/random-seed'],
  },
  'database-clusters': {
    disk: {
      root: {
        '/var/lib/postgresql/17/main/PG_VERSION': '17\n',
        '/var/lib/mysql/ibdata1': 'x',
        '/var/lib/redis/dump.rdb': 'REDIS',
        '/var/lib/rabbitmq/mnesia/rabbit@localhost/schema.DAT': 'x',
        '/opt/es/data/nodes/0/node.lock': '',
        '/var/lib/mongodb/WiredTiger': 'x',
      },
    },
    paths: [
      '/opt/es/data/nodes/0/node.lock',
      '/var/lib/mongodb/WiredTiger',
      '/var/lib/mysql/ibdata1',
      '/var/lib/postgresql/17/main/PG_VERSION',
      '/var/lib/rabbitmq/mnesia/rabbit@localhost/schema.DAT',
      '/var/lib/redis/dump.rdb',
    ],
  },
  histories: {
    disk: {
      root: {
        '/var/www/.bash_history': 'ls\n',
        '/var/lib/postgresql/.psql_history': 'select 1\n',
        '/srv/.wget-hsts': '',
        '/var/www/.python_history': '',
        '/var/www/.lesshst': '',
        '/var/www/.viminfo': '',
      },
    },
    paths: [
      '/srv/.wget-hsts',
      '/var/lib/postgresql/.psql_history',
      '/var/www/.bash_history',
      '/var/www/.lesshst',
      '/var/www/.python_history',
      '/var/www/.viminfo',
    ],
  },
  logs: {
    disk: { root: { '/var/log/dpkg.log': 'installed\n', '/var/log/journal/9a51/system.journal': 'LPKSHHRH', '/opt/app/run.log': 'x' } },
    paths: ['/opt/app/run.log', '/var/log/dpkg.log', '/var/log/journal/9a51', '/var/log/journal/9a51/system.journal'],
  },
  'cloud-init-state': {
    disk: {
      root: {
        '/var/lib/cloud/instance': { link: '/var/lib/cloud/instances/iid' },
        '/var/lib/cloud/instances/iid/obj.pkl': 'x',
        '/var/lib/cloud/seed/nocloud/user-data': '#cloud-config\n',
        '/etc/sudoers.d/90-cloud-init-users': 'debian ALL=(ALL) NOPASSWD:ALL\n',
      },
    },
    paths: [
      '/etc/sudoers.d/90-cloud-init-users',
      '/var/lib/cloud/instance',
      '/var/lib/cloud/instances/iid',
      '/var/lib/cloud/instances/iid/obj.pkl',
      '/var/lib/cloud/seed/nocloud/user-data',
    ],
  },
  'cloud-init-datasource': {
    disk: {
      root: {
        '/etc/cloud/cloud.cfg.d/91_pin.cfg': 'datasource_list: [ NoCloud, None ]\n',
        '/etc/cloud/cloud.cfg.d/92_seed.cfg': 'datasource:\n  NoCloud:\n    seedfrom: http://10.0.2.2/\n',
        '/etc/cloud/ds-identify.cfg': 'policy: enabled\n',
        '/etc/cloud/cloud-init.disabled': '',
        '/etc/systemd/system/cloud-init-local.service': { link: '/dev/null' },
      },
    },
    paths: [
      '/etc/cloud/cloud-init.disabled',
      '/etc/cloud/cloud.cfg.d/91_pin.cfg',
      '/etc/cloud/cloud.cfg.d/92_seed.cfg',
      '/etc/cloud/ds-identify.cfg',
      '/etc/systemd/system/cloud-init-local.service',
    ],
  },
  'build-network': {
    disk: {
      root: {
        '/etc/netplan/50-cloud-init.yaml': 'network: {version: 2}\n',
        '/etc/network/interfaces': 'auto lo\niface lo inet loopback\niface ens3 inet dhcp\n',
        '/etc/systemd/network/10-build.network': '[Match]\nMACAddress=52:54:00:12:34:56\n',
        '/etc/systemd/network/20-build.network': '[Network]\nAddress=10.0.2.15/24\n',
        '/etc/udev/rules.d/70-persistent-net.rules': 'SUBSYSTEM=="net"\n',
        '/etc/resolv.conf': 'nameserver 10.0.2.3\n',
        '/etc/hostname': 'build-host\n',
        '/etc/hosts': '127.0.0.1 localhost\n127.0.1.1 build-host\n10.1.2.3 mirror\n',
      },
    },
    paths: [
      '/etc/hostname',
      '/etc/hosts',
      '/etc/hosts',
      '/etc/netplan/50-cloud-init.yaml',
      '/etc/network/interfaces',
      '/etc/resolv.conf',
      '/etc/systemd/network/10-build.network',
      '/etc/systemd/network/20-build.network',
      '/etc/udev/rules.d/70-persistent-net.rules',
    ],
  },
  leases: {
    disk: { root: { '/var/lib/dhcp/dhclient.ens3.leases': 'lease {}\n', '/var/lib/systemd/network/duid': 'x' } },
    paths: ['/var/lib/dhcp/dhclient.ens3.leases', '/var/lib/systemd/network/duid'],
  },
  'known-hosts': {
    disk: { root: { '/var/www/.ssh/known_hosts': 'host ssh-ed25519 AAAA\n', '/var/www/.ssh/id_ed25519.pub': 'ssh-ed25519 AAAA\n' } },
    paths: ['/var/www/.ssh/id_ed25519.pub', '/var/www/.ssh/known_hosts'],
  },
  'build-leftovers': {
    disk: {
      root: {
        '/tmp/script_1234.sh': '#!/bin/sh\n',
        '/var/tmp/payload.tar': 'x',
        '/root/.ansible/tmp': { directory: true },
        '/usr/sbin/policy-rc.d': { content: '#!/bin/sh\nexit 101\n', mode: 0o755 },
        '/etc/apt/apt.conf.d/99mmdebstrap': '',
        '/boot/efi/EFI/BOOT/BOOTX64.EFI': 'in the wrong file system',
        '/opt/packer-provisioner': 'x',
      },
    },
    paths: [
      '/boot/efi/EFI',
      '/boot/efi/EFI/BOOT',
      '/boot/efi/EFI/BOOT/BOOTX64.EFI',
      '/etc/apt/apt.conf.d/99mmdebstrap',
      '/opt/packer-provisioner',
      '/root/.ansible',
      '/root/.ansible/tmp',
      '/tmp/script_1234.sh',
      '/usr/sbin/policy-rc.d',
      '/var/tmp/payload.tar',
    ],
  },
  caches: {
    disk: {
      root: {
        '/var/lib/apt/lists/deb.debian.org_debian_dists_trixie_InRelease': 'x',
        '/var/cache/apt/archives/curl_8_amd64.deb': 'x',
        '/var/cache/apt/pkgcache.bin': 'x',
        '/var/lib/systemd/coredump/core.x.zst': 'x',
        '/var/mail/root': 'From root\n',
        '/var/lib/sudo/lectured/0': '',
        '/var/lib/ntpsec/ntp.drift': '0.1\n',
      },
    },
    paths: [
      '/var/cache/apt/archives/curl_8_amd64.deb',
      '/var/cache/apt/pkgcache.bin',
      '/var/lib/apt/lists/deb.debian.org_debian_dists_trixie_InRelease',
      '/var/lib/ntpsec/ntp.drift',
      '/var/lib/sudo/lectured/0',
      '/var/lib/systemd/coredump/core.x.zst',
      '/var/mail/root',
    ],
  },
  'host-settings': {
    disk: {
      root: {
        '/etc/apt/apt.conf.d/00proxy': 'Acquire::http::Proxy "http://proxy.example:3128";\n',
        '/etc/apt/auth.conf.d/mirror.conf': 'machine mirror.example login a password b\n',
        '/etc/environment': 'http_proxy=http://proxy.example:3128\n',
        '/etc/pip.conf': '[global]\nindex-url = https://pypi.example/\n',
        '/var/www/.npmrc': 'registry=https://npm.example/\n',
        '/var/www/.m2/settings.xml': '<settings/>',
        '/var/www/.docker/config.json': '{}',
      },
    },
    paths: [
      '/etc/apt/apt.conf.d/00proxy',
      '/etc/apt/auth.conf.d/mirror.conf',
      '/etc/environment',
      '/etc/pip.conf',
      '/var/www/.docker/config.json',
      '/var/www/.m2/settings.xml',
      '/var/www/.npmrc',
    ],
  },
  'container-images': {
    disk: {
      root: {
        ...containerFiles({
          shop: {
            layers: [{ '/bin/true': '' }],
            configuration: {
              config: { Env: ['PATH=/bin', 'DB_PASSWORD=geheim', 'DB_PASSWORD_FILE=/run/secrets/db', 'EMPTY_SECRET='] },
              history: [{ created_by: '|1 http_proxy=http://proxy.example:3128 /bin/sh -c PASSWORD="$1" make' }],
            },
          },
          plain: { layers: [{ '/bin/true': '' }], configuration: { config: { Env: null } } },
        }),
        ...cutLayers(containerFiles({ cut: { layers: [{ '/etc/a': 'x'.repeat(5000) }] } })),
        '/usr/lib/unit/containers/strange/manifest.json': '[]',
      },
    },
    paths: [
      '/usr/lib/unit/containers/cut',
      '/usr/lib/unit/containers/shop/image.json',
      '/usr/lib/unit/containers/shop/image.json',
      '/usr/lib/unit/containers/strange',
    ],
  },
  'apt-sources': {
    disk: {
      root: {
        '/etc/apt/sources.list': 'deb http://deb.debian.org/debian trixie main\ndeb [trusted=yes] copy:/build/repository ./\n',
        '/etc/apt/sources.list.d/mirror.list': 'deb https://user:word@deb.debian.org/debian trixie main\n',
        '/etc/apt/sources.list.d/other.sources': 'Types: deb\nURIs: https://mirror.example/debian\nSuites: trixie\nComponents: main\n',
      },
    },
    paths: ['/etc/apt/sources.list', '/etc/apt/sources.list.d/mirror.list', '/etc/apt/sources.list.d/other.sources'],
  },
  'boot-arguments': {
    disk: {
      root: {
        '/boot/grub/grub.cfg': 'linux /boot/vmlinuz root=/dev/vda3 ds=nocloud systemd.set_credential=a:b\n',
        '/etc/default/grub': 'GRUB_CMDLINE_LINUX="quiet init=/bin/sh"\n',
        '/etc/kernel/cmdline': 'root=UUID=11111111-2222-3333-4444-555555555555 ro\n',
      },
      efi: { '/EFI/debian/grub.cfg': 'linux /vmlinuz ro\n' },
    },
    paths: ['/boot/efi/EFI/debian/grub.cfg', ...Array(3).fill('/boot/grub/grub.cfg'), '/etc/default/grub', '/etc/kernel/cmdline'],
  },
  packages: {
    disk: {
      root: {
        '/var/lib/dpkg/status': STATUS.replace('Version: 13.8', 'Version: 13.9').concat(
          '\nPackage: extra\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n',
          '\nPackage: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n',
        ),
      },
    },
    paths: Array(3).fill('/var/lib/dpkg/status'),
  },
  'world-writable': {
    disk: { root: { '/etc/open.conf': { content: 'x', mode: 0o666 }, '/usr/local/bin': { directory: true, mode: 0o777 } } },
    paths: ['/etc/open.conf', '/usr/local/bin'],
  },
  'file-system': {
    disk: { damage: ['ssv state 0', 'feature needs_recovery'] },
    paths: ['/', '/'],
  },
};

describe('audit of a disk', () => {
  it('finds nothing wrong with a clean one', async () => {
    expect(
      await audit({ root: {}, efi: { '/EFI/BOOT/BOOTX64.EFI': 'MZ', '/EFI/BOOT/grub.cfg': 'configfile /boot/grub/grub.cfg\n' } }),
    ).toEqual([]);
  });

  it.each(Object.entries(BROKEN))('refuses what breaks %s', async (rule, { disk, paths, also = [] }) => {
    const findings = await audit({ root: {}, ...disk });
    const errors = findings.filter(({ severity }) => severity === 'error');
    expect(
      errors
        .filter((finding) => finding.rule === rule)
        .map(({ path }) => path)
        .sort(),
    ).toEqual([...paths].sort());
    expect([...new Set(errors.map((finding) => finding.rule))].filter((name) => name !== rule && !also.includes(name))).toEqual([]);
    for (const { message, remedy } of errors) expect(`${message} ${remedy}`.length).toBeGreaterThan(20);
  });

  it('reports a program of no package that gives other rights, without failing', async () => {
    const findings = await audit({ root: { '/usr/local/bin/own': { content: 'x', mode: 0o4755 } } });
    expect(findings).toMatchObject([{ rule: 'setuid', severity: 'info', path: '/usr/local/bin/own' }]);
  });

  it('reports a key that a package ships unchanged as information, and a changed one as an error', async () => {
    const path = '/usr/share/test/key.pem';
    expect(await audit({ root: { [path]: TEST_KEY } })).toMatchObject([{ rule: 'private-keys', severity: 'info', path }]);
    expect(await audit({ root: { [path]: `\n${TEST_KEY}` } })).toMatchObject([{ rule: 'private-keys', severity: 'error', path }]);
  });

  it('takes the sums of a package that came as an artifact for no proof of anything', async () => {
    const paths = ['/usr/share/test/key.pem', '/usr/share/test/other.pem', '/etc/vendor.pem'];
    const [shipped = '', elsewhere = '', conffile = ''] = paths;
    const sum = (text: string): string => createHash('md5').update(text).digest('hex');
    const vendor = '\nPackage: vendor\nStatus: install ok installed\nArchitecture: all\nVersion: 1\nConffiles:\n';
    const disk: SmallDisk = {
      root: {
        [shipped]: TEST_KEY,
        [conffile]: made.certificate,
        // Another package's file, of which the vendor's sums speak.
        [elsewhere]: made.key,
        '/var/lib/dpkg/status': `${STATUS}${vendor} ${conffile} ${sum(made.certificate)}\n`,
        '/var/lib/dpkg/info/base-files.list': `/.\n${elsewhere}\n`,
        '/var/lib/dpkg/info/vendor.list': `/.\n${conffile}\n`,
        '/var/lib/dpkg/info/vendor.md5sums': `${sum(made.key)}  ${elsewhere.slice(1)}\n`,
      },
    };
    const own = async (vendors: string[]) =>
      (await audit(disk, [], vendors)).flatMap(({ rule, path, severity }) => (rule === 'packages' ? [] : [[rule, path, severity]]));
    expect(await own([])).toEqual([
      ['private-keys', shipped, 'info'],
      ['private-keys', elsewhere, 'info'],
    ]);
    expect(await own(['vendor'])).toEqual([
      ['private-keys', shipped, 'info'],
      ['private-keys', elsewhere, 'error'],
      ['certificates', conffile, 'error'],
    ]);
    expect((await own(['python3-test', 'vendor']))[0]).toEqual(['private-keys', shipped, 'error']);
  });

  it('has a broken disk for every rule', () => {
    expect([...Object.keys(BROKEN), 'setuid'].sort()).toEqual(auditRuleNames().sort());
  });

  it('takes exceptions with a reason, and reports those that except nothing', async () => {
    const files: Record<string, Node> = { '/opt/app/tests/key.pem': PKCS8, '/srv/key.pem': PKCS8 };
    const reason = 'public test data of the product';
    const findings = await audit({ root: files }, [
      { rule: 'private-keys', path: '/opt/app/**', reason },
      { rule: 'logs', path: '/var/log/none', reason: 'kept for no reason' },
    ]);
    expect(findings.map(({ rule, severity, path, excepted }) => ({ rule, severity, path, excepted }))).toEqual([
      { rule: 'private-keys', severity: 'info', path: '/opt/app/tests/key.pem', excepted: reason },
      { rule: 'private-keys', severity: 'error', path: '/srv/key.pem', excepted: undefined },
      { rule: 'logs', severity: 'warning', path: '/var/log/none', excepted: undefined },
    ]);
  });

  it('looks into container images as into the unit itself, and names container and path', async () => {
    const base: SmallDisk['root'] = {
      '/etc/shadow': 'root:*:20000::::::\n',
      '/usr/share/test/key.pem': TEST_KEY,
      '/var/lib/dpkg/info/python3-test.list': CLEAN['/var/lib/dpkg/info/python3-test.list'] ?? '',
      '/var/lib/dpkg/info/python3-test.md5sums': CLEAN['/var/lib/dpkg/info/python3-test.md5sums'] ?? '',
      '/opt/gone/key.pem': PKCS8,
      '/var/log/dpkg.log': 'of no danger\n',
    };
    const shop: SmallDisk['root'] = {
      '/opt/.wh.gone': '',
      '/etc/shadow': 'root::20000::::::\n',
      '/etc/pip.conf': '[global]\nindex-url = https://pypi.example/\n',
      '/etc/apt/apt.conf.d/00proxy': 'Acquire::http::Proxy "http://proxy.example:3128";\n',
      '/root/.npmrc': 'registry=https://npm.example/\n',
      '/etc/environment': 'http_proxy=http://proxy.example:3128\n',
      '/etc/ssl/private/server.key': PKCS8,
      '/etc/machine-id': '9a510b6803a74180a337b901c49e96b8\n',
    };
    const root = containerFiles({ shop: { layers: [base, shop] }, plain: { layers: [base] } });
    const findings = await audit({ root });
    expect(findings.map(({ rule, severity, path }) => `${severity} ${rule} ${path}`)).toEqual([
      'error private-keys plain:/opt/gone/key.pem',
      'info private-keys plain:/usr/share/test/key.pem',
      'error host-settings shop:/etc/apt/apt.conf.d/00proxy',
      'error host-settings shop:/etc/environment',
      'error machine-id shop:/etc/machine-id',
      'error host-settings shop:/etc/pip.conf',
      'error passwords shop:/etc/shadow',
      'error private-keys shop:/etc/ssl/private/server.key',
      'error private-keys shop:/opt/gone/key.pem',
      'error host-settings shop:/root/.npmrc',
      'info private-keys shop:/usr/share/test/key.pem',
    ]);
    const gone = findings.filter(({ path }) => path.endsWith(':/opt/gone/key.pem')).map(({ message }) => message);
    expect(gone).toEqual(['holds a private key (PRIVATE KEY)', 'holds a private key (PRIVATE KEY), below another layer']);
    const excepted = await audit({ root }, [{ rule: 'private-keys', path: '*:/opt/**', reason: 'public test data of the product' }]);
    expect(excepted.filter(({ path }) => path.endsWith(':/opt/gone/key.pem')).map(({ severity }) => severity)).toEqual(['info', 'info']);
  });

  it('reads the files of a layer whatever their kind, and what a later layer makes of them', async () => {
    const findings = await audit({
      root: containerFiles({
        shop: {
          layers: [
            { '/opt/a/key.pem': PKCS8, '/opt/b/key.pem': PKCS8, [`/opt/${'long/'.repeat(40)}key.pem`]: PKCS8 },
            // A file in the place of a folder, and a folder of which nothing shows through.
            { '/opt/a': 'file', '/opt/b/.wh..wh..opq': '', '/opt/alias': { link: '/opt/b/key.pem' } },
          ],
        },
      }),
    });
    expect(findings.map(({ path, message }) => `${path} ${message.includes('below another layer') ? 'hidden' : 'seen'}`)).toEqual([
      'shop:/opt/a/key.pem hidden',
      'shop:/opt/b/key.pem hidden',
      `shop:/opt/${'long/'.repeat(40)}key.pem seen`,
    ]);
  });

  it('works where later bakes remove what is left by a killed one, and leaves nothing there', async () => {
    const path = join(folder, 'again.raw');
    makeSmallDisk(path, { root: { ...CLEAN, ...containerFiles({ shop: { layers: [{ '/etc/a': 'a' }] } }) } });
    const { ctx } = testContext();
    await withCleanup(async (cleanup) => {
      await openContainers(await openSealedDisk(path, ctx, cleanup), ctx, cleanup);
      expect(readdirSync(ctx.cacheDir)).toEqual(['tmp']);
      expect(readdirSync(join(ctx.cacheDir, 'tmp')).map((name) => name.replace(/-.*/, ''))).toEqual(['containers', 'sealed']);
    });
    expect(readdirSync(join(ctx.cacheDir, 'tmp'))).toEqual([]);
    rmSync(ctx.cacheDir, { recursive: true });
  });
});
