/** What makes this machine a machine of its own: collected from each boot, compared over all of them in clones.ts. */
import { always, type Check, passed } from '../check.ts';

/** Lines of `name value`. Secrets come as digests: they never leave the guest. */
const SCRIPT = `echo "machine-id $(cat /etc/machine-id)"
for key in /etc/ssh/ssh_host_*_key.pub; do [ -e "$key" ] && echo "$(basename "$key") $(ssh-keygen -lf "$key" | cut -d' ' -f2)"; done
for file in /var/lib/systemd/random-seed /var/lib/systemd/credential.secret /etc/iscsi/initiatorname.iscsi \\
    /etc/ssl/private/ssl-cert-snakeoil.key /var/lib/rabbitmq/.erlang.cookie /var/lib/cloud/data/instance-id; do
  [ -s "$file" ] && echo "$file $(sha256sum < "$file" | cut -c1-64)"
done
true`;

export const identity: Check = {
  id: 'identity',
  title: 'What is unique about this machine',
  applies: always,
  async run({ machine, seeded }) {
    const marks = parseMarks(await machine.output(SCRIPT));
    // What a datasource sets is the datasource's choice; an OVF environment without one is `iid-dsovf` to cloud-init, everywhere.
    if (seeded.nocloud !== undefined || seeded.ovf !== undefined) delete marks['/var/lib/cloud/data/instance-id'];
    return passed({ marks });
  },
};

export function parseMarks(listing: string): Record<string, string> {
  return Object.fromEntries(
    listing
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .filter((words) => words.length === 2 && words[1] !== '')
      .map(([name = '', value = '']) => [name, value]),
  );
}
