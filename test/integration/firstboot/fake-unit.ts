/** A unit in a folder: real files, real child processes, and small stand-ins for systemd and the user database. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';

import type { Unit } from '../../../firstboot/contract/unit.ts';

const SOURCES = join(import.meta.dirname, '../../..');
const BANNER = "import { createRequire as unitCreateRequire } from 'node:module'; const require = unitCreateRequire(import.meta.url);";

/** unitctl as it stands on a unit: one file. */
export async function bundleUnitctl(folder: string): Promise<string> {
  const outfile = join(folder, 'unitctl.mjs');
  await build({
    absWorkingDir: SOURCES,
    entryPoints: ['firstboot/ctl/main.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
    banner: { js: BANNER },
  });
  return outfile;
}

/** What any unit is, of an image that has nothing. */
export const EMPTY_UNIT: Unit = {
  schemaVersion: 1,
  name: 'shop',
  version: '1.0.0',
  title: { en: 'Shop' },
  services: {},
  ports: [],
  state: {},
  steps: [],
  probes: {},
};

export interface Outcome {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  events: Record<string, unknown>[];
}

export class FakeUnit {
  readonly root: string;
  readonly #unitctl: string;

  constructor(unitctl: string, unit: Unit, files: Record<string, string>) {
    this.root = mkdtempSync(join(tmpdir(), 'unit-fake-'));
    this.#unitctl = unitctl;
    const { uid, gid, shell } = userInfo();
    this.write('/etc/passwd', `root:x:${uid}:${gid}:root:/root:/bin/sh\n`);
    for (const zone of ['Etc/UTC', 'Asia/Tokyo']) this.write(`/usr/share/zoneinfo/${zone}`, zone);
    this.write('/usr/lib/unit/unit.json', JSON.stringify(unit));
    for (const [path, text] of Object.entries(files)) this.write(path, text);
    cpSync(join(SOURCES, 'firstboot/system/wait-ready'), this.at('/usr/lib/unit/wait-ready'));
    for (const [name, script] of Object.entries(PROGRAMS)) {
      const text = `#!/bin/bash\nroot='${this.root}'\nid='${uid}:${gid}' login_shell='${shell ?? '/bin/sh'}'\n${COUNT}\n${script}`;
      this.write(`/bin/${name}`, text, 0o755);
    }
    this.write('/usr/lib/unit/announce', `#!/bin/bash\nprintf '%s\\n' "$1" >>'${this.root}/announced'\n`, 0o755);
  }

  at(path: string): string {
    return join(this.root, path);
  }

  write(path: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), text);
    chmodSync(this.at(path), mode);
  }

  read(path: string): string {
    return readFileSync(this.at(path), 'utf8');
  }

  /** The stand-in program that is called as the `count`-th from now kills unitctl. */
  killAtCall(count: number): void {
    this.write('/kill-at', String(count));
  }

  /** Runs unitctl; `killAt` kills it hard when it has written that many lines. */
  async unitctl(args: readonly string[], killAt = Number.POSITIVE_INFINITY): Promise<Outcome> {
    const child = this.start(args);
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const lines: string[] = [];
    const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
      child.once('close', (code, signal) => resolve([code, signal])),
    );
    if (child.stdout !== null) {
      for await (const line of createInterface({ input: child.stdout })) {
        lines.push(line);
        if (lines.length === killAt) child.kill('SIGKILL');
      }
    }
    const [exitCode, signal] = await ended;
    const events = args.includes('--json') ? lines.map((line) => JSON.parse(line) as Record<string, unknown>) : [];
    return { exitCode, signal, stdout: lines.join('\n'), stderr, events };
  }

  start(args: readonly string[]): ChildProcess {
    const env = { PATH: `${this.at('/bin')}:${process.env['PATH'] ?? ''}`, LANG: 'C.UTF-8' };
    return spawn(process.execPath, [this.#unitctl, '--root', this.root, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Every file with mode and content, but for what differs between runs by its nature. */
  tree(): Record<string, string> {
    const files: Record<string, string> = {};
    const walk = (folder: string): void => {
      for (const entry of readdirSync(this.at(folder), { withFileTypes: true })) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) walk(path);
        else if (path === '/etc/unit/tls') files[path] = readlinkSync(this.at(path));
        else if (!VOLATILE.test(path)) files[path] = `${(statSync(this.at(path)).mode & 0o7777).toString(8)} ${this.read(path)}`;
      }
    };
    walk('/');
    return files;
  }
}

const VOLATILE =
  /^\/(journal|announced|kill-at|calls|run\/fake\/|run\/unit\/(apply.lock|apply-events.jsonl)|var\/lib\/unit\/(journal.jsonl|finalised))/;

/** Counts the calls of all stand-ins, and kills the caller at the one that a test asked for. */
const COUNT = `
printf '%s %s\\n' "\${0##*/}" "$*" >>"$root/calls"
exec 9>>"$root/calls"
flock 9
if [[ -s $root/kill-at ]]; then
  left=$(<"$root/kill-at")
  printf '%s' "$((left - 1))" >"$root/kill-at"
  if [[ $left -le 1 ]]; then : >"$root/kill-at"; kill -9 "$PPID"; exit 1; fi
fi
exec 9>&-`;

const SYSTEMCTL = `
state=$root/run/fake
mkdir -p "$state"
now() { read -r up _ </proc/uptime; printf '%s' "$(( \${up/./} * 10000 ))"; }
up() { [[ -e $state/$1 ]] || now >"$state/$1"; }
[[ $1 == --quiet ]] && shift
verb=$1; shift
units=()
for word in "$@"; do [[ $word == -* ]] || units+=("$word"); done
unit=\${units[0]}
case $verb in
  show) between=
    for each in "\${units[@]}"; do
      printf "$between"; between='\\n'
      if [[ -e $state/$each ]]; then printf 'ActiveState=active\\nActiveEnterTimestampMonotonic=%s\\n' "$(<"$state/$each")"
      else printf 'ActiveState=inactive\\nActiveEnterTimestampMonotonic=0\\n'; fi
    done ;;
  is-active) [[ -e $state/$unit ]] ;;
  is-failed) exit 1 ;;
  is-enabled) for each in "\${units[@]}"; do [[ -e $root/etc/enabled-$each ]] && exit 0; done; exit 1 ;;
  enable) for each in "\${units[@]}"; do : >"$root/etc/enabled-$each"; done ;;
  start|restart)
    [[ -e $root/broken-$unit && $* == *--no-block* ]] && exit
    [[ -e $root/broken-$unit ]] && { echo "Job for $unit failed." >&2; exit 1; }
    [[ $verb == restart ]] && { if [[ $unit == unit.target ]]; then rm -f "$state"/*; else rm -f "$state/$unit"; fi; }
    if [[ $unit == unit.target ]]; then for each in database.service web.service unit-ready-database.service unit-ready-web.service unit.target; do up "$each"; done
    elif [[ $unit == unit-ready-* ]]; then up "$unit"; unit=\${unit#unit-ready-}; up "$unit"
    else for each in "\${units[@]}"; do up "$each"; done; fi ;;
  stop) for each in "\${units[@]}"; do rm -f "$state/$each"; done ;;
  reload-or-restart) mkdir -p "$root/run/unit"; rules=waiting
        [[ -e $root/run/unit/ports-passed ]] && rules=applying
        [[ -e $root/var/lib/unit/finalised ]] && { rules=ready; [[ -e $root/run/unit/setup-open ]] && rules=open; }
        cp "$root/etc/unit/firewall/$rules.nft" "$root/run/unit/firewall.nft" 2>/dev/null || rm -f "$root/run/unit/firewall.nft"
        echo /etc/unit/firewall/$rules.nft >"$root/run/unit/firewall" ;;
  disable) for each in "\${units[@]}"; do rm -f "$root/etc/enabled-$each"; done ;;
  reset-failed) ;;
  try-restart|try-reload-or-restart) ;;
  daemon-reload) ;;
  list-units) cat "$root/said/failed-units" 2>/dev/null ;;
  reboot) : >"$root/rebooted" ;;
  *) echo "unknown verb $verb" >&2; exit 2 ;;
esac`;

const PROGRAMS: Record<string, string> = {
  systemctl: SYSTEMCTL,
  journalctl: `echo "the journal of $*"`,
  getent: `line=$(grep "^$2:" "$root/etc/passwd") || exit 2
[[ $1 == group ]] && { printf '%s:x:%s:\\n' "$2" "\${id#*:}"; exit; }
printf '%s\\n' "$line"`,
  id: `cat "$root/etc/groups-\${@: -1}" 2>/dev/null || echo users`,
  // People have numbers of their own where root runs the tests; the product's accounts are whoever runs them.
  useradd: `home=/srv/app shell=/bin/sh name=\${@: -1}
[[ $1 == --system || $id != 0:* ]] || id=1000:1000
while [[ $# -gt 1 ]]; do
  case $1 in
    --home-dir) [[ $2 == /nonexistent ]] || { home=$2; mkdir -p "$root$home"; } ;;
    --shell) shell=$2 ;;
    --groups) echo "\${2//,/ }" >"$root/etc/groups-$name" ;;
  esac
  shift
done
printf '%s:x:%s::%s:%s\\n' "$name" "$id" "$home" "$shell" >>"$root/etc/passwd"
printf '%s:!:20000:0:99999:7:::\\n' "$name" >>"$root/etc/shadow"`,
  usermod: `name=\${@: -1}
while [[ $# -gt 1 ]]; do
  case $1 in
    --password) sed -i "s|^$name:[^:]*|$name:$2|" "$root/etc/shadow" ;;
    --lock) sed -i "s|^$name:!*|$name:!|" "$root/etc/shadow" ;;
    --expiredate) sed -i -E "s|^($name:([^:]*:){6})[^:]*|\\1$2|" "$root/etc/shadow" ;;
    --append) echo "\${3//,/ }" >"$root/etc/groups-$name" ;;
  esac
  shift
done`,
  gpasswd: `[[ $1 == --delete ]] && grep -qw "$3" "$root/etc/groups-$2" || exit 3
sed -i "s/\\b$3\\b//" "$root/etc/groups-$2"`,
  userdel: `name=\${@: -1}
home=$(grep "^$name:" "$root/etc/passwd" | cut -d: -f6)
sed -i "/^$name:/d" "$root/etc/passwd" "$root/etc/shadow"; rm -rf "$root$home" "$root/etc/groups-$name"`,
  postsuper: `:`,
  sendmail: `[[ -e $root/mail-is-broken ]] && { echo 'mail system is down' >&2; exit 75; }
{ printf 'sendmail %s\\n' "$*"; cat; } >>"$root/sent"`,
  chpasswd: `IFS=: read -r name password
[[ -n $password ]] || exit 1
sed -i "s|^$name:[^:]*|$name:\\$y\\$$(printf '%s' "$password" | sha256sum | cut -c -64)|" "$root/etc/shadow"`,
  ip: `cat "$root/said/ip" 2>/dev/null || echo '[{},{"addr_info":[{"local":"192.0.2.7"},{"local":"2001:db8::7","temporary":true}]}]'`,
  'systemd-run': ':',
  nft: `cat >/dev/null; [[ ! -e $root/nft-refuses ]] || { echo 'syntax error' >&2; exit 1; }`,
  hostnamectl: `[[ $1 == set-hostname ]] || exit 1; printf '%s\\n' "\${@: -1}" >"$root/etc/hostname"`,
  // Disks, CDs and VMware are folders: /media/<device>, and one file a key in /guestinfo. No real ones are touched.
  lsblk: `if [[ -e $root/lsblk.json ]]; then cat "$root/lsblk.json"; else echo '{ "blockdevices": [] }'; fi`,
  blkid: `name=\${@: -1}; [[ -e $root/tags/\${name#/dev/} ]] || exit 2; cat "$root/tags/\${name#/dev/}"`,
  mount: `device=\${@: -2:1}
[[ -d $root/media/\${device##*/} ]] || { echo "mount: $device: can't read superblock" >&2; exit 32; }
cp -R "$root/media/\${device##*/}/." "\${@: -1}"`,
  umount: `find "\${@: -1}" -mindepth 1 -delete`,
  'systemd-detect-virt': `if [[ -d $root/guestinfo ]]; then echo vmware; else echo none; exit 1; fi`,
  'vmware-rpctool': `case $1 in
  'info-get guestinfo.'*) cat "$root/guestinfo/\${1#*.}" 2>/dev/null || { echo 'No value found'; exit 1; } ;;
  'info-set guestinfo.'*) rest=\${1#*.}; printf '%s' "\${rest#* }" >"$root/guestinfo/\${rest%% *}" ;;
  *) exit 2 ;;
esac`,
  vmtoolsd: `exec vmware-rpctool "$2"`,
  // What these say is a file of their name in /said; nothing where there is none.
  ...Object.fromEntries(
    ['timedatectl', 'ss', 'apt-get', 'apt-config', 'postqueue', 'dpkg-query', 'unattended-upgrade'].map((name) => [
      name,
      `cat "$root/said/\${0##*/}" 2>/dev/null || true`,
    ]),
  ),
};
