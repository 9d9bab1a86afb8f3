/** The account of whoever looks after the unit: useradd(8), chpasswd(8), sshd(8), sudoers(5). */
import type { Stats } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChangeContext, DONE, due, type Parameters, type Verdict } from '../../apply/change.ts';
import { directory } from '../../apply/changes/directory.ts';
import { user } from '../../apply/changes/user.ts';
import { octal } from '../../apply/owner.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import { ignoreMissing, readIfExists, removeFile, writeFileAtomic } from '../../kit/files.ts';
import type { Account, System } from '../../kit/system.ts';
import { RULE_TEXTS } from '../../settings/rule-texts.ts';
import type { BeginChange } from '../changes.ts';

/** sudo skips files whose name has a dot: a partial one is never read. */
const SUDOERS = '/etc/sudoers.d/50-unit-administrator';
const KEYS_BEGIN = '# These keys are administrator.sshKeys of the settings of this unit.';
const KEYS_END = '# End of administrator.sshKeys.';
const OWN_KEYS = new RegExp(`^${KEYS_BEGIN}\\n[^]*?^${KEYS_END}\\n?`, 'm');
/** UID_MIN and UID_MAX of Debian's login.defs(5). */
const PEOPLE = { first: 1000, last: 60_000 };

type P = { login: string; password?: string; sshKeys: readonly string[] };

/**
 * Without a password and without a key nobody could log in: accounts are left alone then. A password is set when the
 * answers are new, not against the one that its owner has chosen with passwd(1) since.
 */
export const administrator: BeginChange<P> = {
  aside: true,
  title: { en: 'Administrator', ja: '管理者', ru: 'Администратор' },
  words: ({ login }) => ({
    en: `${login} can log in and administer the unit by sudo.`,
    ja: `${login} がログインし、sudo でユニットを管理できるようにします。`,
    ru: `${login} может входить в систему и управлять узлом через sudo.`,
  }),

  parameters({ administrator: { login, password, sshKeys = [] } }) {
    if (login === undefined || (password === undefined && sshKeys.length === 0)) return undefined;
    return { login, sshKeys, ...(password === undefined ? {} : { password }) };
  },

  async check(wanted, context) {
    const { system } = context;
    const account = await findPerson(system, wanted.login);
    if (account === undefined) return due('there is no such account');
    const verdicts = [await user.check(accountOf(wanted), context), await checkKeys(wanted, account, context)];
    const different = verdicts.find(({ done }) => !done);
    if (different !== undefined) return different;
    if (await passwordIsDue(wanted, context)) return due('its password is not set');
    return (await readIfExists(system.path(SUDOERS))) === sudoers(wanted) ? DONE : due('its rights in sudo are others');
  },

  async apply(wanted, context) {
    const { system, log } = context;
    await findPerson(system, wanted.login);
    await user.apply(accountOf(wanted), context);
    if (await passwordIsDue(wanted, context)) {
      // chpasswd makes the hash; nothing but its standard input has the password.
      await system.run('chpasswd', [], { input: `${wanted.login}:${wanted.password}\n`, onLine: log });
    }
    const rights = sudoers(wanted);
    if (rights === undefined) await removeFile(system.path(SUDOERS));
    else await writeFileAtomic(system.path(SUDOERS), rights, { mode: 0o440 });
    await applyKeys(wanted, await system.account(wanted.login), context);
  },

  async reset({ login }, { system, log }) {
    await removeFile(system.path(SUDOERS));
    if ((await findPerson(system, login)) === undefined) return;
    // By force, because it is probably the one who is logged in and asks for this. 12: its home was gone already.
    await system.run('userdel', ['--force', '--remove', '--', login], { onLine: log, okExitCodes: [0, 12] });
  },
};

/** Undefined where there is no such account. @throws UnitError for one that is no person's */
async function findPerson(system: System, login: string): Promise<Account | undefined> {
  const account = await system.findAccount(login);
  if (account === undefined || (account.uid >= PEOPLE.first && account.uid <= PEOPLE.last)) return account;
  throw new UnitError(`administrator.login is ${login}, an account that the system uses itself`, {
    exitCode: ExitCode.step,
    texts: RULE_TEXTS.loginReserved,
    remedies: ['Choose another name, such as admin.'],
  });
}

function accountOf({ login }: P): Parameters<'user'> {
  return { name: login, shell: '/bin/bash', groups: ['sudo'] };
}

async function passwordIsDue({ login, password }: P, { system, appliedBefore }: ChangeContext): Promise<boolean> {
  if (password === undefined) return false;
  if (!appliedBefore) return true;
  const shadow = (await readIfExists(system.path('/etc/shadow'))) ?? '';
  const line = shadow.split('\n').find((each) => each.startsWith(`${login}:`));
  // shadow(5): an empty field, or one that no hash begins like, is no password.
  return !/^[^:]*:[^!*:]/.test(line ?? '');
}

/** Who has no password cannot give one to sudo; undefined where the group's own rule is enough. */
function sudoers({ login, password }: P): string | undefined {
  return password === undefined ? `${login} ALL=(ALL:ALL) NOPASSWD: ALL\n` : undefined;
}

const folderOf = ({ login }: P, { home }: Account): Parameters<'directory'> => ({ path: join(home, '.ssh'), owner: login, mode: '0700' });
const keysPath = ({ home }: Account): string => join(home, '.ssh/authorized_keys');

async function checkKeys(wanted: P, account: Account, context: ChangeContext): Promise<Verdict> {
  const { text, info } = await readKeys(account, context);
  const keys = withKeys(text, wanted.sshKeys);
  if (keys === text && (text === undefined || wanted.sshKeys.length === 0)) return DONE;
  const folder = await directory.check(folderOf(wanted, account), context);
  if (!folder.done) return due(`.ssh: ${folder.why}`);
  if (keys !== text || info === undefined) return due('its SSH keys are others');
  if (octal(info.mode) !== '0600') return due(`the mode of its SSH keys is ${octal(info.mode)}`);
  return info.uid === account.uid && info.gid === account.gid ? DONE : due('the owner of its SSH keys is another');
}

async function applyKeys(wanted: P, account: Account, context: ChangeContext): Promise<void> {
  const keys = withKeys((await readKeys(account, context)).text, wanted.sshKeys);
  if (keys === undefined) return;
  await directory.apply(folderOf(wanted, account), context);
  await writeFileAtomic(context.system.path(keysPath(account)), keys, { mode: 0o600, uid: account.uid, gid: account.gid });
}

/** @throws UnitError for what is no plain file: root would give the account what a link leads to */
async function readKeys(account: Account, { system }: ChangeContext): Promise<{ text?: string; info?: Stats }> {
  const path = system.path(keysPath(account));
  const info = await lstat(path).catch(ignoreMissing);
  if (info === undefined) return {};
  if (!info.isFile()) throw new UnitError(`${keysPath(account)} is no plain file`, { exitCode: ExitCode.step });
  return { text: await readFile(path, 'utf8'), info };
}

/** The settings' keys first; others, as of cloud-init or ssh-copy-id, stay. Undefined where there is no file and need be none. */
function withKeys(text: string | undefined, keys: readonly string[]): string | undefined {
  if (text === undefined && keys.length === 0) return undefined;
  const others = (text ?? '').replace(OWN_KEYS, '');
  return keys.length === 0 ? others : `${[KEYS_BEGIN, ...keys, KEYS_END].join('\n')}\n${others}`;
}
