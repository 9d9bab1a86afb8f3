import { loadOrigins, loadSettings, saveOrigins, saveSettings } from '../apply/settings-store.ts';
import { ExitCode, UnitError } from '../kit/errors.ts';
import { LOCK, lock } from '../kit/lock.ts';
import type { System } from '../kit/system.ts';
import { isMac, wantedInterfaces } from '../sections/network/addresses.ts';
import { applyNetwork, networkWanted } from '../sections/network/interfaces.ts';
import { findLink, type Link, readLinks } from '../sections/network/links.ts';
import { OWN_FILE, TRY_FILE } from '../sections/network/networkd.ts';
import { probeNetwork, serversInForce } from '../sections/network/probe.ts';
import type { Interface, Network } from '../sections/network/schema.ts';
import { beginTry, revertTry } from '../sections/network/try.ts';
import { ANSWERS_VERSION, applyDefaults, mergeAnswers, type Settings, setAt, validateAnswers } from '../settings/index.ts';
import { readCleared, readDraft, writeDraft } from '../sources/draft.ts';
import type { Ctl, Session } from './cli.ts';
import { readProductSchema, readUnit } from './unit-files.ts';

interface Chosen {
  interface?: string;
}

interface Given extends Chosen {
  address: string[];
  gateway?: string[];
  dns?: string[];
}

export function register(ctl: Ctl): void {
  const network = ctl.program.command('network').description('The network of this unit.');
  network
    .command('show', { isDefault: true })
    .description('Show interfaces, addresses, gateways and name servers, and what each interface is set up by.')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl network show\n  unitctl network --json')
    .action(ctl.run(show));
  network
    .command('set')
    .description('Give an interface static addresses, at once. They are kept as settings of this unit.')
    .option('--interface <name>', 'name or MAC address; the first interface by default')
    .requiredOption('--address <address/prefix...>', 'address with the length of its prefix, such as 192.0.2.10/24; may be given again')
    .option('--gateway <address...>', 'the router; one of IPv4 and one of IPv6 at most')
    .option('--dns <address...>', 'name servers of this unit; those that it has stay by default')
    .option('--json', 'write JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  unitctl network set --address 192.0.2.10/24 --gateway 192.0.2.1 --dns 192.0.2.53\n  unitctl network set --interface ens224 --address 2001:db8::10/64 --gateway fe80::1',
    )
    .action(
      ctl.run((session, { interface: selector, address, gateway = [], dns }: Given) =>
        change(session, selector, { method: 'static', addresses: address, gateways: gateway }, dns),
      ),
    );
  network
    .command('dhcp')
    .description('Have an interface ask for its address, at once. It is kept as a setting of this unit.')
    .option('--interface <name>', 'name or MAC address; the first interface by default')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl network dhcp\n  unitctl network dhcp --interface ens224')
    .action(ctl.run((session, { interface: selector }: Chosen) => change(session, selector, { method: 'dhcp' }, undefined)));
  network
    .command('test')
    .description('Try addresses, gateway, name servers and time servers. Nothing is changed.')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl network test\n\nExit code: 0 all is well; 1 something does not work.')
    .action(ctl.run(probe));
  // For systemd's timers alone (sections/network/try.ts).
  network.command('try', { hidden: true }).option('--begin').option('--end').action(ctl.run(runTry));
}

async function show(session: Session): Promise<ExitCode> {
  const links = await readLinks(session.system);
  const interfaces = links.map((link) => ({ ...link, setUpBy: setUpBy(link) }));
  const nameServers = await serversInForce(session.system);
  session.emit({ type: 'result', command: 'network show', data: { interfaces, nameServers } });
  for (const { name, mac, hasCarrier, addresses, gateways, setUpBy: by } of interfaces) {
    session.print(`${name} (${mac ?? 'no MAC address'}): ${by}${hasCarrier ? '' : '; no link'}`);
    for (const { address, prefix, source } of addresses) session.print(`  address  ${address}/${prefix} (${source})`);
    if (addresses.length === 0) session.print('  no address');
    for (const gateway of gateways) session.print(`  gateway  ${gateway}`);
  }
  session.print(`name servers: ${nameServers.join(', ') || 'none'}`);
  return ExitCode.ok;
}

function setUpBy({ networkFile }: Link): string {
  const name = networkFile?.split('/').at(-1);
  if (name === undefined) return 'not set up';
  if (TRY_FILE.test(name)) return 'tried out from the setup page';
  if (OWN_FILE.test(name)) return 'settings of this unit';
  if (name === '80-unit-dhcp.network') return 'DHCP, as nothing else is set';
  return /cloud-init|netplan/.test(name) ? 'cloud-init' : (networkFile ?? '');
}

/** Keeps and applies what one interface is to have. All is checked before anything is written. */
async function change(
  session: Session,
  selector: string | undefined,
  entry: Omit<Interface, 'interface'>,
  dns: string[] | undefined,
): Promise<ExitCode> {
  const { system } = session;
  await readUnit(system);
  const productSchema = await readProductSchema(system);
  const links = await readLinks(system);
  const held = await lock(system, LOCK);
  try {
    const saved = await loadSettings(system, productSchema);
    const draft = await readDraft(system);
    const before = saved ?? applyDefaults(mergeAnswers(draft, productSchema).answers, productSchema);
    const changes = changesOf(before.network, links, selector, entry, dns);
    const after = { ...before.network, ...changes };
    // What is wrong with other settings must not keep anybody from an address.
    const problems = validateAnswers({ schemaVersion: ANSWERS_VERSION, network: changes }, undefined);
    if (problems.length > 0) throw new UnitError('this network cannot be', { exitCode: ExitCode.answers, problems });
    if (saved !== undefined) await keepSaved(system, saved, changes, productSchema);
    if (saved === undefined || draft.length > 0) await keepInDraft(system, changes);
    await applyNetwork(system, networkWanted(after), (line) => session.print(line));
  } finally {
    await held.release();
  }
  session.print('Kept as settings of this unit.');
  return show(session);
}

type Changes = Pick<Network, 'interfaces' | 'dns'>;

/** The list of interfaces with this one's entry anew; all others as they were, the simplest form turned into the list. */
function changesOf(
  before: Network,
  links: readonly Link[],
  selector: string | undefined,
  entry: Omit<Interface, 'interface'>,
  dns: string[] | undefined,
): Changes {
  const link = findLink(links, selector);
  const others = wantedInterfaces(before).flatMap((other) => {
    // An entry that names none is about the first interface. One that is there no more would keep all others from changing.
    const about = findAmong(links, other.interface);
    return about === undefined || about === link ? [] : [{ ...other, interface: other.interface ?? about.name }];
  });
  const name = selector !== undefined && isMac(selector) ? selector.toLowerCase() : link.name;
  return { interfaces: [...others, { interface: name, ...entry }], ...(dns === undefined ? {} : { dns: dns.join(', ') }) };
}

function findAmong(links: readonly Link[], selector: string | undefined): Link | undefined {
  const has = ({ name, mac }: Link): boolean => name === selector || mac === selector?.toLowerCase();
  return selector === undefined ? findLink(links, undefined) : links.find(has);
}

async function keepSaved(system: System, saved: Settings, changes: Changes, productSchema: object | undefined): Promise<void> {
  const paths = Object.keys(changes).map((name) => `network.${name}`);
  const origins = { ...(await loadOrigins(system)), ...Object.fromEntries(paths.map((path) => [path, 'unitctl' as const])) };
  await saveOrigins(system, origins);
  await saveSettings(system, { ...saved, network: { ...saved.network, ...changes } }, productSchema);
}

/** As what unitctl says, above what outside sources and the setup page have said so far. */
async function keepInDraft(system: System, changes: Changes): Promise<void> {
  const layers = await readDraft(system);
  const own = layers.find(({ source }) => source === 'unitctl');
  const answers = structuredClone(own?.answers ?? { schemaVersion: ANSWERS_VERSION }) as Record<string, unknown>;
  for (const [name, value] of Object.entries(changes)) setAt(answers, `network.${name}`, value);
  await writeDraft(system, [...layers.filter((layer) => layer !== own), { source: 'unitctl', answers }], await readCleared(system));
}

async function probe(session: Session): Promise<ExitCode> {
  const { system } = session;
  const saved = await loadSettings(system, await readProductSchema(system));
  const results = await probeNetwork(system, saved?.time.ntp ?? []);
  session.emit({ type: 'result', command: 'network test', data: results });
  for (const { ok, words } of results) session.print(`${ok ? 'ok ' : 'NOT'}  ${words}`);
  return results.every(({ ok }) => ok) ? ExitCode.ok : ExitCode.notReady;
}

async function runTry(session: Session, { begin, end }: { begin?: boolean; end?: boolean }): Promise<ExitCode> {
  if (begin === end) throw new UnitError('give --begin or --end', { exitCode: ExitCode.usage });
  await (begin === true ? beginTry : revertTry)(session.system, (line) => session.print(line));
  return ExitCode.ok;
}
