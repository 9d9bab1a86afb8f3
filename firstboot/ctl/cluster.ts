import { encodeJoinCode } from '../cluster/code.ts';
import { bundleHash } from '../cluster/follower/bundle.ts';
import { readFollowed } from '../cluster/follower/followed.ts';
import { readLeader } from '../cluster/follower/leader.ts';
import { adminKey, leaderFingerprint, newAdminKey, publishedFile } from '../cluster/leader/publish.ts';
import { alike, followerState, followers, keepInvite, newInvite, revoke } from '../cluster/leader/registry.ts';
import { CLUSTER_PORT } from '../contract/cluster.ts';
import { ExitCode, UnitError } from '../kit/errors.ts';
import { LOCK, lock } from '../kit/lock.ts';
import type { System } from '../kit/system.ts';
import { ownAddresses } from '../setup/addresses.ts';
import { exists } from '../setup/state.ts';
import type { Ctl, Session } from './cli.ts';
import { follow } from './follow.ts';
import { readUnit } from './unit-files.ts';

const MINUTES = 60;
const LONGEST_MINUTES = 7 * 24 * 60;

interface InviteOptions {
  role: string;
  minutes: string;
  address: string[];
  port: string;
}

export function register(ctl: Ctl): void {
  const cluster = ctl.program.command('cluster').description('The leader of a platform, and the units that follow it.');
  cluster
    .command('invite')
    .description('Make a join code for one new unit. It can be used once. On the leader.')
    .requiredOption('--role <role>', 'what the new unit is to be')
    .option('--minutes <number>', 'how long the code can be used', String(MINUTES))
    .option('--address <address...>', 'where the new unit reaches this one; all addresses of this machine by default', [])
    .option('--port <number>', 'the port, where a router in between has another', String(CLUSTER_PORT))
    .option('--json', 'write JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  unitctl cluster invite --role core\n  unitctl cluster invite --role core --minutes 15 --address 192.0.2.10',
    )
    .action(ctl.run((session, options: InviteOptions) => invite(session, options)));
  cluster
    .command('list')
    .description('Show the units that follow this one, when they were here, and whether they have their newest files.')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl cluster list\n\nExit code: 1 where one of them is not as it should be.')
    .action(ctl.run(list));
  cluster
    .command('revoke <id>')
    .description('Cut a follower off: its key opens nothing any more. It goes on with the files that it has.')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl cluster revoke 0123456789abcdef')
    .action(ctl.run(cutOff));
  cluster
    .command('admin-key')
    .description('Show the key for POST /admin/notify?auth=KEY, which makes all followers look at once.')
    .option('--new', 'make another one first: the one before opens nothing any more')
    .option('--json', 'write JSON')
    .addHelpText(
      'after',
      `\nExamples:\n  curl --insecure --request POST "https://LEADER:${CLUSTER_PORT}/admin/notify?auth=$(unitctl cluster admin-key)"\n  unitctl cluster admin-key --new`,
    )
    .action(ctl.run((session, options: { new?: boolean }) => showAdminKey(session, options.new === true)));
  cluster
    .command('status')
    .description('Show whom this unit follows, and how it went the last time.')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl cluster status')
    .action(ctl.run(status));
  cluster
    .command('follow', { hidden: true })
    .description('Goes on fetching files of the leader. Started by unit-follow.service.')
    .addHelpText('after', '\nExamples:\n  unitctl cluster follow')
    .action(ctl.run((session) => follow(session)));
}

async function invite(session: Session, options: InviteOptions): Promise<ExitCode> {
  const { system } = session;
  const fingerprint = await fingerprintOf(system);
  const roles = Object.keys((await readUnit(system)).ownRole?.followers ?? {});
  if (!roles.includes(options.role)) {
    throw new UnitError(`no unit of the role ${options.role} can follow this one`, {
      exitCode: ExitCode.usage,
      remedies: [`There are: ${roles.join(', ')}.`],
    });
  }
  if (!(await exists(system, publishedFile(options.role)))) {
    throw new UnitError(`the product's files have none for the role ${options.role}`, {
      exitCode: ExitCode.unit,
      remedies: ['Ask the vendor for files with this role, and put them in with `--artifact` when the image is baked.'],
    });
  }
  const minutes = numberIn(options.minutes, '--minutes', LONGEST_MINUTES);
  const port = numberIn(options.port, '--port', 65535);
  const addresses = options.address.length > 0 ? options.address : ownAddresses();
  const expires = Date.now() + minutes * 60_000;
  const held = await lock(system, LOCK);
  try {
    const made = newInvite();
    const code = encodeJoinCode({ addresses, port, fingerprint, ...made, role: options.role, expires });
    await keepInvite(system, made, { role: options.role, expires });
    session.emit({
      type: 'result',
      command: 'cluster invite',
      data: { code, role: options.role, expires: new Date(expires).toISOString() },
    });
    session.print(code);
    session.print(
      `For one new unit of the role ${options.role}, until ${new Date(expires).toISOString()}, at ${addresses.join(', ')} port ${port}.`,
    );
    return ExitCode.ok;
  } finally {
    await held.release();
  }
}

function numberIn(text: string, option: string, most: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= most) return number;
  throw new UnitError(`${option} is a whole number from 1 to ${most}`, { exitCode: ExitCode.usage });
}

async function list(session: Session): Promise<ExitCode> {
  const { system } = session;
  await fingerprintOf(system);
  const all = await followers(system);
  const rows = await Promise.all(all.map(async (each) => ({ ...each, state: await followerState(system, each) })));
  const twice = alike(all);
  const data = rows.map(({ id, role, name, unique = {}, state, seen, report }) => ({
    id,
    role,
    name,
    unique,
    state,
    seen: new Date(seen).toISOString(),
    alike: twice.get(id)?.other.id ?? null,
    message: report?.message ?? '',
  }));
  session.emit({ type: 'result', command: 'cluster list', data });
  if (data.length === 0) session.print('No unit follows this one: `unitctl cluster invite` makes a join code.');
  for (const { id, role, name, unique, state, seen, ...more } of data) {
    const what = [role, ...Object.values(unique)].join(' ');
    const notes = [more.message, more.alike === null ? '' : `the same as ${more.alike}`].filter((note) => note !== '');
    session.print([id, '', what.padEnd(12), name.padEnd(20), state.padEnd(12), seen, ...notes.map((note) => ` ${note}`)].join(' '));
  }
  return data.every(({ state, ...more }) => (state === 'ready' && more.alike === null) || state === 'revoked')
    ? ExitCode.ok
    : ExitCode.notReady;
}

async function cutOff(session: Session, id: string): Promise<ExitCode> {
  const { system } = session;
  const all = await followers(system);
  if (!all.some((each) => each.id === id)) {
    throw new UnitError(`no follower is ${id}`, { exitCode: ExitCode.usage, remedies: ['`unitctl cluster list` shows them.'] });
  }
  await revoke(system, id);
  session.emit({ type: 'result', command: 'cluster revoke', data: { id } });
  session.print(`${id} is cut off.`);
  return ExitCode.ok;
}

async function showAdminKey(session: Session, isNew: boolean): Promise<ExitCode> {
  const { system } = session;
  await fingerprintOf(system);
  const key = isNew ? await newAdminKey(system) : await adminKey(system);
  session.emit({ type: 'result', command: 'cluster admin-key', data: { key } });
  session.print(key);
  return ExitCode.ok;
}

async function status(session: Session): Promise<ExitCode> {
  const { system } = session;
  const leader = await readLeader(system);
  if (leader === undefined) throw new UnitError('this unit follows nobody', { exitCode: ExitCode.unit });
  const { contact, report, rejected, why = '' } = await readFollowed(system);
  const data = {
    id: leader.id,
    role: leader.role,
    addresses: leader.addresses,
    contact: contact === undefined ? null : new Date(contact).toISOString(),
    files: (await bundleHash(system)) ?? null,
    state: report?.state ?? 'joined',
    message: report?.message ?? '',
    rejected: rejected ?? null,
    why,
  };
  session.emit({ type: 'result', command: 'cluster status', data });
  session.print(`${data.role} ${data.id}, follows ${data.addresses.join(', ')}`);
  session.print(`last answer: ${data.contact ?? 'none yet'}`);
  session.print(`${data.state}${data.message === '' ? '' : `: ${data.message}`}`);
  if (data.rejected !== null) session.print(`The newest files of the leader were turned down: ${why}`);
  return data.state === 'ready' ? ExitCode.ok : ExitCode.notReady;
}

/** @throws UnitError where this unit leads nobody */
async function fingerprintOf(system: System): Promise<string> {
  const fingerprint = await leaderFingerprint(system);
  if (fingerprint !== undefined) return fingerprint;
  throw new UnitError('this unit leads nobody: it is not set up yet, or its role has no followers', { exitCode: ExitCode.unit });
}
