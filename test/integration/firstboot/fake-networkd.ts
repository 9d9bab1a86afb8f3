/**
 * systemd-networkd in small: each interface takes the first file that matches it, and has the static addresses of that one;
 * those that have no link take none. Written like `networkctl --json=short list` of systemd 257.
 */
export const NETWORKCTL = `#!/usr/bin/env node
const { readdirSync, readFileSync, writeFileSync, existsSync, appendFileSync } = require('node:fs');
const root = process.argv[1].replace(/\\/bin\\/networkctl$/, '');
const verb = process.argv.slice(2).filter((word) => !word.startsWith('-'))[0];
const file = root + '/links.json';
const links = JSON.parse(readFileSync(file, 'utf8'));
appendFileSync(root + '/networkctl-calls', process.argv.slice(2).join(' ') + '\\n');
if (verb === 'list') process.stdout.write(JSON.stringify({ Interfaces: links }));
if (verb === 'list' || existsSync(root + '/deaf')) process.exit(0);
const folders = ['/etc/systemd/network', '/run/systemd/network'].filter((each) => existsSync(root + each));
const files = folders.flatMap((folder) => readdirSync(root + folder).filter((name) => name.endsWith('.network')).map((name) => ({ name, path: folder + '/' + name })));
files.sort((a, b) => (a.name < b.name ? -1 : 1));
for (const link of links) {
  const mac = (link.HardwareAddress || []).map((byte) => byte.toString(16).padStart(2, '0')).join(':');
  const found = files.find(({ path }) => [link.Name, mac, 'ether-by-type'].some((word) => word !== '' && new RegExp('^(Name|MACAddress)=' + word + '$', 'm').test(readFileSync(root + path, 'utf8'))));
  const text = found === undefined ? '' : readFileSync(root + found.path, 'utf8');
  link.NetworkFile = found !== undefined ? found.path : link.Kind === undefined ? '/etc/systemd/network/80-unit-dhcp.network' : undefined;
  link.AdministrativeState = 'configured';
  link.Addresses = link.CarrierState !== 'carrier' ? [] : [...text.matchAll(/^Address=([0-9.]+)\\/(\\d+)$/gm)].map(([, address, prefix]) => ({
    Address: address.split('.').map(Number), PrefixLength: Number(prefix), ScopeString: 'global', ConfigSource: 'static', ConfigState: 'configured' }));
  link.Routes = [...text.matchAll(/^Gateway=([0-9.]+)$/gm)].map(([, gateway]) => ({ DestinationPrefixLength: 0, Gateway: gateway.split('.').map(Number), TableString: 'main' }));
}
writeFileSync(file, JSON.stringify(links));
`;

export const link = (index: number, name: string, state = 'carrier'): object => ({
  Index: index,
  Name: name,
  Type: 'ether',
  HardwareAddress: [0, 0x50, 0x56, 0, 0, index],
  CarrierState: state,
  AdministrativeState: 'configured',
  NetworkFile: '/etc/systemd/network/80-unit-dhcp.network',
  Addresses: [{ Address: [198, 51, 100, 9], PrefixLength: 24, ScopeString: 'global', ConfigSource: 'DHCPv4', ConfigState: 'configured' }],
});
