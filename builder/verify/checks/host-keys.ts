/** SSH host keys were born on this machine: there since this boot, and not before. */
import { always, type Check, type CheckResult, passed, problem } from '../check.ts';

export const hostKeys: Check = {
  id: 'host-keys',
  title: 'SSH host keys were made at the first boot',
  applies: always,
  async run({ machine }) {
    const script = `awk '/^btime/ { print $2 }' /proc/stat
for key in /etc/ssh/ssh_host_*_key; do [ -e "$key" ] && stat -c '%Y %a %U %n' "$key"; done; true`;
    return judge(await machine.output(script));
  },
};

/** First line: the moment of boot. Then a line a key: time of its last change, mode, owner, path. Times in seconds since the epoch. */
export function judge(listing: string): CheckResult {
  const [bootTime = '', ...lines] = listing.trim().split('\n');
  const keys = lines.map((line) => {
    const [changed, mode, owner, path = ''] = line.split(' ');
    return { changed: Number(changed), mode, owner, path };
  });
  const facts = { keys: keys.map((key) => key.path) };
  if (!keys.some((key) => key.path.endsWith('ssh_host_ed25519_key'))) {
    return { findings: [problem('there is no Ed25519 host key')], facts };
  }
  // The clock may be set by a second or two while the machine boots.
  const old = keys.filter((key) => key.changed < Number(bootTime) - 60);
  const open = keys.filter((key) => key.mode !== '600' || key.owner !== 'root');
  const findings = [
    ...old.map((key) => problem(`${key.path} is older than this boot: it was in the image, and every unit has the same`)),
    ...open.map((key) => problem(`${key.path} has mode ${key.mode} and owner ${key.owner} instead of 600 and root`)),
  ];
  return findings.length === 0 ? passed(facts) : { findings, facts };
}
