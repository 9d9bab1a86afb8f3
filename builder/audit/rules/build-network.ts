import type { Found, Rule, Subject } from '../rule.ts';

const MAC = /\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b/i;
const ADDRESS = /\b(address|addresses|gateway4?|gateway6|dns|nameservers?|macaddress|macaddress-policy|permanentmacaddress)\b\s*[=: ]/i;

/** What the build VM's network left: interfaces(5), netplan(5), systemd.network(5), udev rules, resolv.conf(5), hosts(5). */
export const buildNetwork: Rule = {
  name: 'build-network',
  title: 'There is no network configuration of the build',
  remedy: 'Remove it: a unit takes its network from its owner, from cloud-init or by DHCP.',
  contained: true,
  check: (subject) => [...interfaces(subject), ...own(subject), ...resolver(subject), ...names(subject)],
};

/** ifupdown knows more than loopback. */
function interfaces({ tree }: Subject): Found[] {
  return [...tree.texts('/etc/network', /^\/etc\/network\/interfaces(\.d\/.*)?$/)]
    .filter(({ text }) => [...text.matchAll(/^\s*iface\s+(\S+)/gm)].some(([, name]) => name !== 'lo'))
    .map(({ path }) => ({ path, message: 'configures an interface' }));
}

/** Files that no package ships, with an address or tied to one network card. */
function own({ tree, packages }: Subject): Found[] {
  const folders = /^\/etc\/(netplan|systemd\/network|NetworkManager\/system-connections|udev\/rules\.d)\//;
  const found: Found[] = [];
  for (const { path, text } of tree.texts('/etc', folders)) {
    if (packages.owner(path) !== undefined) continue;
    const lines = text.split('\n').filter((line) => !/^\s*[#;]/.test(line));
    if (/-persistent-net\.rules$/.test(path)) found.push({ path, message: 'ties names to the network cards of the build' });
    else if (/50-cloud-init\.yaml$|10-cloud-init-/.test(path)) found.push({ path, message: 'was written by cloud-init for the build' });
    else if (lines.some((line) => MAC.test(line))) found.push({ path, message: 'names the hardware address of a network card' });
    else if (!path.includes('/udev/') && lines.some((line) => ADDRESS.test(line) && /\d+\.\d+\.\d+\.\d+|[0-9a-f]+::/i.test(line))) {
      found.push({ path, message: 'sets a fixed address' });
    }
  }
  return found;
}

/** A link into /run is written anew on every boot; a file of its own stays. */
function resolver({ tree }: Subject): Found[] {
  const path = '/etc/resolv.conf';
  const entry = tree.get(path);
  if (entry?.type !== 'file') return [];
  const foreign = [...(tree.text(path) ?? '').matchAll(/^\s*(?:nameserver|search|domain)\s+(\S+)/gm)].filter(
    ([, name]) => name !== '127.0.0.53',
  );
  return foreign.length === 0 ? [] : [{ path, message: `names a resolver or domain of the build (${foreign[0]?.[1]})` }];
}

function names({ tree, image }: Subject): Found[] {
  const found: Found[] = [];
  for (const path of ['/etc/hostname', '/etc/mailname']) {
    const name = tree.text(path)?.trim() ?? '';
    if (!['', 'localhost', image].includes(name)) found.push({ path, message: `has the host name of the build (${name})` });
  }
  const foreign = (tree.text('/etc/hosts') ?? '')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '' && !/^(127\.\d+\.\d+\.\d+|::1|fe00::0|ff0[02]::\S+)\s/.test(line));
  if (foreign.length > 0) found.push({ path: '/etc/hosts', message: `has an address of the build (${foreign[0]})` });
  const loopback = [...(tree.text('/etc/hosts') ?? '').matchAll(/^127\.0\.1\.1\s+(\S+)/gm)].find(([, name]) => name !== image);
  if (loopback !== undefined) found.push({ path: '/etc/hosts', message: `has the host name of the build (${loopback[1]})` });
  return found;
}
