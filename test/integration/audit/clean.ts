/** A small unit that breaks no rule: what each test adds one thing to. */
import { createHash } from 'node:crypto';

import type { RecordedPackage } from '../../../builder/audit/index.ts';
import { ROOT_UUID, type SmallDisk } from '../../helpers/small-disk.ts';

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

export const TEST_KEY = `-----BEGIN RSA PRIVATE KEY-----
MIICXAIBAAKBgQC7ZPCLb4xNdGCIZqHs0IGXo7ff1bHD8nyMYrfK2WzFUDxvXnKt
-----END RSA PRIVATE KEY-----
`;

export const RECORDED: RecordedPackage[] = [
  { name: 'base-files', version: '13.8', architecture: 'amd64' },
  { name: 'python3-test', version: '3.13.5', architecture: 'all' },
];

export const STATUS = `Package: base-files
Status: install ok installed
Architecture: amd64
Version: 13.8
Installed-Size: 360

Package: python3-test
Status: install ok installed
Architecture: all
Source: python3-defaults (3.13.5-1)
Version: 3.13.5
Installed-Size: 2048
`;

export const CLEAN: SmallDisk['root'] = {
  '/etc/machine-id': 'uninitialized\n',
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\n',
  '/etc/shadow': { content: 'root:*:20000:0:99999:7:::\nwww-data:!:20000::::::\nsshd:!*:20000::::::\n', mode: 0o640 },
  '/etc/gshadow': { content: 'root:*::\nsudo:!::\nusers:::\n', mode: 0o640 },
  '/etc/hosts': '127.0.0.1 localhost\n127.0.1.1 sphere\n::1 localhost ip6-localhost\nff02::1 ip6-allnodes\n',
  '/etc/hostname': 'sphere\n',
  '/etc/resolv.conf': { link: '../run/systemd/resolve/stub-resolv.conf' },
  '/etc/apt/sources.list':
    'deb http://deb.debian.org/debian trixie main\ndeb http://security.debian.org/debian-security trixie-security main\n',
  '/etc/apt/apt.conf.d/20auto-upgrades': 'APT::Periodic::Unattended-Upgrade "1";\n',
  '/etc/cloud/cloud.cfg': 'users:\n  - default\ndisable_root: true\n',
  '/etc/cloud/cloud.cfg.d/90_dpkg.cfg': 'datasource_list: [ NoCloud, OVF, VMware, None ]\n',
  '/etc/systemd/network/80-unit-dhcp.network': '[Match]\nType=ether\n\n[Network]\nDHCP=yes\n',
  '/etc/default/grub': 'GRUB_CMDLINE_LINUX_DEFAULT="console=tty0 console=ttyS0,115200n8"\n',
  '/etc/ssh/sshd_config': 'Include /etc/ssh/sshd_config.d/*.conf\n',
  '/boot/grub/grub.cfg': `menuentry 'Unit' {\n  linux /boot/vmlinuz root=UUID=${ROOT_UUID} ro console=tty0\n}\n`,
  '/boot/efi': { directory: true },
  '/dev': { directory: true },
  '/tmp': { directory: true, mode: 0o1777 },
  '/var/tmp': { directory: true, mode: 0o1777 },
  '/root/.bashrc': '# ~/.bashrc\n',
  '/root/.profile': '# ~/.profile\n',
  '/var/log/lastlog': '',
  '/var/log/apt': { directory: true },
  '/var/lib/cloud': { directory: true },
  '/var/lib/dpkg/status': STATUS,
  '/var/lib/dpkg/info/python3-test.list': '/.\n/usr\n/usr/share\n/usr/share/test\n/usr/share/test/key.pem\n/usr/bin/helper\n',
  '/var/lib/dpkg/info/python3-test.md5sums': `${md5(TEST_KEY)}  usr/share/test/key.pem\n`,
  '/usr/bin/helper': { content: '#!/bin/sh\n', mode: 0o4755 },
  '/usr/bin/tool': { content: 'knows the text -----BEGIN RSA PRIVATE KEY----- but has none\n', mode: 0o755 },
  '/usr/share/doc/keys.md': '-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n',
};
