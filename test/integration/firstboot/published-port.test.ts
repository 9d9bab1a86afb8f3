/**
 * A container port that is published and not declared stays shut from outside: the unit's own rules, loaded beside rules as
 * Docker writes them (address translation before routing, a forward chain that accepts), in network namespaces.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

import { firewallRules } from '../../../firstboot/contract/firewall.ts';

const folder = mkdtempSync(join(tmpdir(), 'published-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As dockerd does for `-p 8443:443 -p 5432:5432` of a container at 172.18.0.2. */
const DOCKER = `table ip docker {
  chain prerouting { type nat hook prerouting priority dstnat; policy accept;
    tcp dport 8443 dnat to 172.18.0.2:443
    tcp dport 5432 dnat to 172.18.0.2:5432
  }
  chain forward { type filter hook forward priority filter; policy accept; }
}
`;

/** The unit between a stranger and a container; prints what the stranger reaches. */
const SCRIPT = `set -eu
mount -t tmpfs none /run
ip link set lo up
for name in stranger container; do ip netns add $name; ip -n $name link set lo up; done
ip link add eth0 type veth peer name eth0 netns stranger
ip link add docker0 type bridge
ip link add veth0 type veth peer name eth0 netns container
ip link set veth0 master docker0
ip addr add 192.0.2.1/24 dev eth0
ip addr add 172.18.0.1/16 dev docker0
for name in eth0 docker0 veth0; do ip link set $name up; done
ip -n stranger addr add 192.0.2.9/24 dev eth0
ip -n container addr add 172.18.0.2/16 dev eth0
for name in stranger container; do ip -n $name link set eth0 up; done
ip -n container route add default via 172.18.0.1
echo 1 > /proc/sys/net/ipv4/ip_forward
nft -f docker.nft
[ "$1" = open ] || nft -f unit.nft
for port in 443 5432; do ip netns exec container nc -lk 172.18.0.2 $port & done
for port in 443 5432; do
  until ip netns exec container nc -z 172.18.0.2 $port; do :; done
done
for port in 8443 5432; do
  if ip netns exec stranger nc -z -w 2 192.0.2.1 $port; then echo $port; fi
done
kill $(jobs -p) 2> /dev/null || true
`;

function reached(rules: 'open' | 'unit'): string[] {
  const args = ['--user', '--map-root-user', '--net', '--mount', '--pid', '--fork', '--kill-child', 'bash', '-c', SCRIPT, 'bash', rules];
  const { stdout, stderr, status } = spawnSync('unshare', args, { cwd: folder, encoding: 'utf8', timeout: 60_000 });
  expect({ status, stderr }).toMatchObject({ status: 0 });
  return stdout.trim().split('\n');
}

test('only what the image declares is reached, by the port that the client asked for', () => {
  writeFileSync(join(folder, 'docker.nft'), DOCKER);
  writeFileSync(join(folder, 'unit.nft'), firewallRules([{ port: 8443, protocol: 'tcp', purpose: 'web' }]));
  expect(reached('open')).toEqual(['8443', '5432']);
  expect(reached('unit')).toEqual(['8443']);
});
