import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { firewallRules } from '../../../firstboot/contract/firewall.ts';
import { NOT_LATIN } from '../../../firstboot/contract/keyboard.ts';
import { orderingFiles } from '../../../firstboot/contract/ordering.ts';
import type { Service } from '../../../firstboot/contract/service.ts';
import { UNIT_PATHS } from '../../../firstboot/contract/unit.ts';
import { ExitCode } from '../../../firstboot/kit/errors.ts';

const UNITS = join(import.meta.dirname, '../../../firstboot/system/units');
const SYSTEM = join(import.meta.dirname, '../../../firstboot/system');

const ONESHOT = '\n[Service]\nType=oneshot\nExecStart=/bin/true\n';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'unit-files-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const analyze = has('systemd-analyze');
describe.skipIf(!analyze)('systemd units (needs systemd-analyze)', () => {
  const services: Record<string, Service> = {
    database: { unit: 'postgresql@17-main.service', layer: 1, ready: { tcp: '127.0.0.1:5432' } },
    broker: { layer: 1, ready: { command: ['/bin/sh', '-c', `echo "$HOME" '%n' \\; é`], user: 'root' } },
    web: {
      title: { en: 'The 100% web\nserver' },
      after: ['database', 'broker'],
      ready: { http: 'http://127.0.0.1/%20?a=$b', contains: 'say "hi"' },
    },
  };

  test('what is generated has no fault that systemd would tell', () => {
    const real = '[Service]\nExecStart=/bin/true\n';
    write('/usr/lib/unit/wait-ready', '#!/bin/sh\n', 0o755);
    for (const unit of ['postgresql@.service', 'broker.service', 'web.service']) write(`/etc/systemd/system/${unit}`, real);
    for (const { path, content } of orderingFiles(services)) write(path, content);
    const names = orderingFiles(services).flatMap(({ path }) =>
      path.endsWith('.conf') ? [] : [path.slice('/etc/systemd/system/'.length)],
    );
    expect(verify(names)).toBe('');
  });

  test('the units of first boot itself', () => {
    for (const name of readdirSync(UNITS))
      write(`/etc/systemd/system/${name}`, execFileSync('cat', [join(UNITS, name)], { encoding: 'utf8' }));
    const scripts = readdirSync(SYSTEM).filter((name) => !name.includes('.') && statSync(join(SYSTEM, name)).isFile());
    for (const program of [...scripts.map((name) => `/usr/lib/unit/${name}`), '/usr/bin/unitctl', '/usr/bin/node'])
      write(program, '#!/bin/sh\n', 0o755);
    expect(verify(readdirSync(UNITS))).toBe('');
  });

  // Without it there is no mount namespace for the unit, where it comes before all others that make the folder.
  test('whoever may write the state makes its folder', () => {
    const writers = readdirSync(UNITS).filter((name) =>
      /^ReadWritePaths=(.* )?\/var\/lib\/unit/m.test(readFileSync(join(UNITS, name), 'utf8')),
    );
    expect(writers).not.toEqual([]);
    for (const name of writers) expect(readFileSync(join(UNITS, name), 'utf8'), name).toMatch(/^StateDirectory=unit$/m);
  });

  test('nothing at boot waits for the answers from outside, and there is no cycle with cloud-init', () => {
    for (const name of readdirSync(UNITS)) write(`/etc/systemd/system/${name}`, readFileSync(join(UNITS, name), 'utf8'));
    // The order of cloud-init 25.1 in Debian 13, and what pulls everything in.
    write('/etc/systemd/system/cloud-config.service', `[Unit]\nAfter=network-online.target\nWants=network-online.target\n${ONESHOT}`);
    write(
      '/etc/systemd/system/cloud-final.service',
      `[Unit]\nAfter=network-online.target cloud-config.service multi-user.target\nWants=network-online.target cloud-config.service\n${ONESHOT}`,
    );
    write('/etc/systemd/system/cloud-init.target', '[Unit]\nAfter=multi-user.target\nWants=cloud-config.service cloud-final.service\n');
    write('/etc/systemd/system/network-online.target', '[Unit]\nAfter=network.target\n');
    write('/etc/systemd/system/network.target', '[Unit]\n');
    write('/etc/systemd/system/ssh.service', `[Unit]\nAfter=network.target\n${ONESHOT}`);
    const wants = ['ssh.service', 'cloud-init.target', ...readdirSync(UNITS)];
    write('/etc/systemd/system/multi-user.target', `[Unit]\nWants=${wants.join(' ')}\n`);
    expect(verify(['multi-user.target', 'unit-adopt.service'])).toBe('');
    for (const name of readdirSync(UNITS))
      expect(readFileSync(join(UNITS, name), 'utf8')).not.toMatch(/^(After|Requires)=.*unit-adopt\.service/m);
    const adopt = readFileSync(join(UNITS, 'unit-adopt.service'), 'utf8');
    expect(adopt).not.toMatch(/^Before=/m);
    // Without it the target would be ordered after all that it wants (systemd.target(5), default dependencies).
    expect(adopt).toMatch(/^After=.*\bmulti-user\.target\b/m);
  });

  test.each([
    ['unit-setup.service', 10],
    ['unit-helper.service', 35],
  ])('%s is shut in: at most %i of 100 of what systemd counts as exposure', (name, most) => {
    const { status } = spawnSync('systemd-analyze', ['security', '--offline=true', `--threshold=${most}`, '--no-pager', join(UNITS, name)]);
    expect(status).toBe(0);
  });

  test('what may come to a whole run of Apply is not shut in: steps write anywhere, homes too', () => {
    const runs = readdirSync(UNITS).filter((name) =>
      /^ExecStart=\/usr\/bin\/unitctl (apply|adopt|cert renew|cluster follow)\b/m.test(readFileSync(join(UNITS, name), 'utf8')),
    );
    expect(runs).toEqual(expect.arrayContaining(['unit-apply.service', 'unit-certificate.service']));
    for (const name of runs)
      expect(readFileSync(join(UNITS, name), 'utf8'), name).not.toMatch(
        /^(Protect|Private|Restrict|NoNewPrivileges|ReadOnly|Inaccessible|SystemCall)/m,
      );
  });

  test('adopting and going on are never both due', () => {
    const adopt = readFileSync(join(UNITS, 'unit-adopt.service'), 'utf8');
    const resume = readFileSync(join(UNITS, 'unit-apply-resume.service'), 'utf8');
    expect(resume).toContain(`ConditionPathExists=${UNIT_PATHS.unfinished}\n`);
    expect(adopt).toContain(`ConditionPathExists=!${UNIT_PATHS.unfinished}\n`);
    expect(adopt).toContain(`ConditionPathExists=!${UNIT_PATHS.finalised}\n`);
    // What is no failure of the unit: the owner's own run, and a draft.
    expect(adopt).toContain(`SuccessExitStatus=${ExitCode.busy} ${ExitCode.waiting}\n`);
    // Conditions are looked at when a unit's turn comes: the one that makes the file must come second.
    expect(adopt).toMatch(/^After=.*\bunit-apply-resume\.service\b/m);
  });

  function write(path: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text, { mode });
  }

  /** Messages about our units; those about units that a bare folder lacks are none of ours. */
  function verify(names: readonly string[]): string {
    const { stderr } = spawnSync(
      'systemd-analyze',
      [`--root=${folder}`, '--man=no', 'verify', ...names.map((name) => `/etc/systemd/system/${name}`)],
      {
        encoding: 'utf8',
        env: { ...process.env, SYSTEMD_LOG_LEVEL: 'warning' },
      },
    );
    return stderr
      .split('\n')
      .filter((line) => line !== '' && !/Failed to (prepare|load)|not found|binfmt|cannot be (loaded|found)/.test(line))
      .join('\n');
  }
});

const nft = ['/usr/sbin/nft', '/sbin/nft'].find(existsSync);
const namespaces = spawnSync('unshare', ['--net', '--map-root-user', 'true']).status === 0;
describe.skipIf(nft === undefined || !namespaces)('firewall (needs nft and namespaces)', () => {
  const rules = firewallRules([
    { port: 22, purpose: 'SSH' },
    { port: 443, purpose: 'web' },
    { port: 80, purpose: 'web' },
    { port: 5353, protocol: 'udp', purpose: 'names' },
    { port: 6379, purpose: 'copy', from: 'product.copies', sources: ['192.0.2.9', '2001:db8::9'] },
  ]);

  test('loads, replaces itself, and leaves other tables alone', () => {
    const file = join(folder, 'ready.nft');
    writeFileSync(file, rules);
    const script = `set -e; nft=$1; "$nft" add table ip docker; "$nft" -f "$2"; "$nft" -f "$2"; "$nft" list ruleset`;
    const listed = execFileSync('unshare', ['--net', '--map-root-user', 'bash', '-c', script, 'bash', nft as string, file], {
      encoding: 'utf8',
    });
    expect(listed).toContain('table ip docker');
    expect(listed.match(/table inet unit/g)).toHaveLength(1);
    expect(listed).toContain('tcp dport { 22, 80, 443 } accept');
    expect(listed).toContain('udp dport 5353 accept');
    expect(listed).toContain('ip saddr 192.0.2.9 tcp dport 6379 accept');
    expect(listed).toContain('ip6 saddr 2001:db8::9 ct status dnat meta l4proto tcp ct original proto-dst 6379 accept');
  });

  test.each([
    ['waiting', [], '80, 443, 8443'],
    ['waiting-ssh', ['/root/.ssh/authorized_keys'], '22, 80, 443, 8443'],
    ['applying-ssh', ['/root/.ssh/authorized_keys', '/run/unit/ports-passed'], '22'],
    ['applying', ['/run/unit/ports-passed'], ''],
    ['open', ['/var/lib/unit/finalised', '/run/unit/setup-open'], '22'],
    ['ready', ['/var/lib/unit/finalised'], '22'],
  ])('stays shut where the rules of %s are refused: %j', (state, files, ports) => {
    const loaded = loads(state, files, 'no rules');
    expect(loaded).toContain('exit 1');
    expect(loaded).toContain('type filter hook input priority filter; policy drop;');
    expect(loaded).toContain('type filter hook forward priority filter - 10; policy drop;');
    expect(loaded.match(/dport.*accept/g)).toEqual(['dport { 68, 546 } accept', ...(ports === '' ? [] : [portsIn(ports)])]);
    expect(loaded).not.toContain('in force');
  });

  test('keeps what is in force where the next rules are refused', () => {
    const loaded = loads('ready', ['/var/lib/unit/finalised'], rules, 'no rules');
    expect(loaded).toContain('exit 1');
    expect(loaded).toContain('tcp dport { 22, 80, 443 } accept');
    expect(loaded).toContain('in force: /etc/unit/firewall/ready.nft');
  });

  const portsIn = (ports: string): string => (ports.includes(',') ? `dport { ${ports} } accept` : `dport ${ports} accept`);

  /** What the script makes of rules, one after the other, on a machine with these files. */
  function loads(state: string, files: readonly string[], ...contents: readonly string[]): string {
    const texts = contents.map((content, index) => {
      const file = join(folder, `given-${index}.nft`);
      writeFileSync(file, content);
      return file;
    });
    const args = [
      '--net',
      '--mount',
      '--map-root-user',
      'bash',
      '-c',
      LOADS,
      'bash',
      join(SYSTEM, 'firewall'),
      state,
      files.join(' '),
      ...texts,
    ];
    return execFileSync('unshare', args, { encoding: 'utf8', env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` } });
  }

  test('lets in what is declared and nothing else', () => {
    const file = join(folder, 'waiting.nft');
    writeFileSync(file, firewallRules([22, 8080].map((port) => ({ port, purpose: 'web' }))));
    const result = execFileSync('unshare', ['--net', '--mount', '--map-root-user', 'bash', '-c', TRAFFIC, 'bash', nft as string, file], {
      encoding: 'utf8',
    });
    expect(result.trim().split('\n')).toEqual([
      '22 open',
      '8080 open',
      '9090 shut',
      'ping yes',
      'loopback yes',
      '6: 8080 open',
      '6: 9090 shut',
    ]);
  });
});

test.each([
  ['unit-setup.service', 'StartLimitIntervalSec=0'],
  ['unit-helper.service', 'StartLimitIntervalSec=0'],
  ['unit-helper.service', 'RestartSec=2'],
  ...['helper', 'setup-http', 'setup-https', 'setup-https-later'].map((name) => [`unit-${name}.socket`, 'TriggerLimitIntervalSec=0']),
  // One step's program that ran out of memory does not end the run.
  ...['apply', 'apply-resume', 'adopt', 'follow'].map((name) => [`unit-${name}.service`, 'OOMPolicy=continue']),
  ['unit-setup-close.service', `SuccessExitStatus=${ExitCode.busy}`],
])('what goes wrong once does not keep the owner out: %s has %s', (name, line) => {
  expect(readFileSync(join(UNITS, name), 'utf8').split('\n')).toContain(line);
});

/** The user is no other within a namespace of one user only. */
test.skipIf(nft === undefined || process.getuid?.() !== 0)('metadata of clouds is for root alone (needs nft and root)', () => {
  const file = join(folder, 'metadata.nft');
  writeFileSync(file, firewallRules([]));
  const said = execFileSync('unshare', ['--net', 'bash', '-c', METADATA, 'bash', nft as string, file], { encoding: 'utf8' });
  expect(said.trim().split('\n')).toEqual([
    'root 169.254.169.254 yes',
    'nobody 169.254.169.254 no',
    'root fd00:ec2::254 yes',
    'nobody fd00:ec2::254 no',
    'root fd20:ce::254 yes',
    'nobody fd20:ce::254 no',
    'root 192.0.2.1 yes',
    'nobody 192.0.2.1 yes',
  ]);
});

/** A machine that has these addresses itself: what goes out to them passes the chain of output all the same. */
const METADATA = `
set -e
ip link set lo up
for each in 169.254.169.254/32 192.0.2.1/32; do ip address add "$each" dev lo; done
for each in fd00:ec2::254/128 fd20:ce::254/128; do ip -6 address add "$each" dev lo nodad; done
coproc python3 -c '
import socket
l = socket.create_server(("::", 80), family=socket.AF_INET6, dualstack_ipv6=True)
print("up", flush=True)
while True: l.accept()[0].close()
'
trap 'kill %1' EXIT
read -r _ <&"\${COPROC[0]}"
"$1" -f "$2"
ask() { if "\${@:3}" timeout 2 bash -c "exec 3<>/dev/tcp/$2/80" 2>/dev/null; then echo "$1 $2 yes"; else echo "$1 $2 no"; fi; }
for each in 169.254.169.254 fd00:ec2::254 fd20:ce::254 192.0.2.1; do
  ask root "$each"; ask nobody "$each" setpriv --reuid=65534 --regid=65534 --clear-groups
done
`;

/** The script on a machine that has nothing but what it looks at. */
const LOADS = `
script=$(<"$1"); rules=/etc/unit/firewall/$2.nft files=$3
shift 3; texts=(); for each in "$@"; do texts+=("$(<"$each")"); done
for each in /run /var/lib /root /home /etc; do mount -t tmpfs tmpfs "$each"; done
for each in "$rules" $files; do mkdir -p "\${each%/*}"; echo key >"$each"; done
for each in "\${texts[@]}"; do
  printf '%s\n' "$each" >"$rules"
  bash -c "$script" 2>/dev/null; echo "exit $?"
done
nft list ruleset
[[ ! -e /run/unit/firewall ]] || echo "in force: $(</run/unit/firewall)"
`;

/** Two namespaces with a wire between them; the one that is asked holds the rules. */
const TRAFFIC = `
set -e
mount -t tmpfs tmpfs /run; mkdir /run/netns
ip link set lo up
ip netns add peer
ip link add outside type veth peer name inside
ip link set inside netns peer
ip address add 192.0.2.1/24 dev outside; ip -6 address add 2001:db8::1/64 dev outside nodad; ip link set outside up
ip -n peer address add 192.0.2.2/24 dev inside; ip -n peer -6 address add 2001:db8::2/64 dev inside nodad; ip -n peer link set inside up
ip -n peer link set lo up
python3 - <<'SERVER' &
import socket, selectors
s = selectors.DefaultSelector()
for port in (22, 8080, 9090):
    l = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True); s.register(l, selectors.EVENT_READ)
open("/run/up", "w").close()
while True:
    for key, _ in s.select(): key.fileobj.accept()[0].close()
SERVER
trap 'kill %1' EXIT
until [[ -e /run/up ]]; do sleep 0.05; done
"$1" -f "$2"
try() { if ip netns exec peer timeout 2 bash -c "exec 3<>/dev/tcp/$1/$2" 2>/dev/null; then echo "$3$2 open"; else echo "$3$2 shut"; fi; }
try 192.0.2.1 22; try 192.0.2.1 8080; try 192.0.2.1 9090
ip netns exec peer python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP); s.settimeout(2)
s.sendto(bytes.fromhex("0800f7ff00000000"), ("192.0.2.1", 0)); s.recvfrom(99)
' 2>/dev/null && echo 'ping yes' || echo 'ping no'
timeout 2 bash -c 'exec 3<>/dev/tcp/127.0.0.1/9090' && echo 'loopback yes' || echo 'loopback no'
try 2001:db8::1 8080 '6: '; try 2001:db8::1 9090 '6: '
`;

test.skipIf(!has('shellcheck'))('scripts are clean for shellcheck (needs shellcheck)', () => {
  const { stdout, status } = spawnSync(
    'shellcheck',
    readdirSync(SYSTEM).filter((name) => !name.includes('.') && statSync(join(SYSTEM, name)).isFile()),
    { cwd: SYSTEM, encoding: 'utf8' },
  );
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

test('the menu knows the same layouts without Latin letters as the settings do', () => {
  const [, listed = ''] = /case \$layout in ([^)]+)\) latin=us/.exec(readFileSync(join(SYSTEM, 'console'), 'utf8')) ?? [];
  expect(new Set(listed.split('|').map((name) => name.trim()))).toEqual(NOT_LATIN);
});

function has(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}
