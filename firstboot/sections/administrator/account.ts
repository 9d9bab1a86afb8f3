/** The account of whoever looks after the unit: useradd(8), chpasswd(8), sudoers(5). */
import { type ChangeContext, due, type Parameters } from '../../apply/change.ts';
import { user } from '../../apply/changes/user.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import { readIfExists, removeFile, writeFileAtomic } from '../../kit/files.ts';
import type { Account, System } from '../../kit/system.ts';
import { RULE_TEXTS } from '../../settings/rule-texts.ts';
import type { BeginChange } from '../changes.ts';
import { applyKeys, checkKeys } from './authorized-keys.ts';
import { barFormer, checkFormer, checkWithdrawn, withdraw } from './former.ts';
import { isPerson, SUDOERS } from './person.ts';
import { fingerprintOf, isOf, type Recorded, readRecord, writeRecorded } from './record.ts';

type Wanted = { login: string; password?: string; sshKeys: readonly string[] };
/** Without a login where there is neither a password nor a key: nobody could log in. */
type P = Wanted | { login?: undefined };

/**
 * One account is the administrator's; who was it before is shut out. A password is set when the answers have a new one,
 * not against the one that its owner has chosen with passwd(1) since. Where nobody could log in, accounts are left alone but
 * for keys that the settings gave.
 */
export const administrator: BeginChange<P> = {
  aside: true,
  title: { en: 'Administrator', ja: '管理者', ru: 'Администратор' },
  words: ({ login }) =>
    login === undefined
      ? {
          en: 'Nobody gets an account: neither a password nor an SSH key is given.',
          ja: 'パスワードも SSH 鍵も指定されていないため、管理者のアカウントは作成しません。',
          ru: 'Учётная запись не создаётся: не заданы ни пароль, ни ключ SSH.',
        }
      : {
          en: `${login} can log in and administer the unit by sudo.`,
          ja: `${login} がログインし、sudo でユニットを管理できるようにします。`,
          ru: `${login} может входить в систему и управлять узлом через sudo.`,
        },

  parameters({ administrator: { login, password, sshKeys = [] } }) {
    if (login === undefined || (password === undefined && sshKeys.length === 0)) return {};
    return { login, sshKeys, ...(password === undefined ? {} : { password }) };
  },

  async check(wanted, context) {
    if (wanted.login === undefined) return checkWithdrawn(context);
    const { system } = context;
    const account = await findPerson(system, wanted.login);
    if (account === undefined) return due('there is no such account');
    const recorded = (await readRecord(system)).get(wanted.login);
    if (recorded === undefined || recorded.barred === true) return due('it was not the administrator so far');
    const verdicts = [await user.check(accountOf(wanted), context), await checkKeys(wanted.sshKeys, account, context)];
    const different = verdicts.find(({ done }) => !done);
    if (different !== undefined) return different;
    if (await passwordIsDue(wanted, recorded, context)) return due('its password is not set');
    if ((await readIfExists(system.path(SUDOERS))) !== sudoers(wanted)) return due('its rights in sudo are others');
    return checkFormer(wanted.login, context);
  },

  async apply(wanted, context) {
    if (wanted.login === undefined) return withdraw(context);
    const { system, log } = context;
    const { login, password } = wanted;
    await findPerson(system, login);
    const recorded = (await readRecord(system)).get(login) ?? {};
    // Before there is an account, so that a reset finds every one.
    await writeRecorded(system, login, recorded);
    await user.apply(accountOf(wanted), context);
    if (recorded.barred === true) await system.run('usermod', ['--expiredate', '', '--', login], { onLine: log });
    const passwordDue = await passwordIsDue(wanted, recorded, context);
    if (passwordDue) {
      // chpasswd makes the hash; nothing but its standard input has the password.
      await system.run('chpasswd', [], { input: `${login}:${password}\n`, onLine: log });
    }
    const rights = sudoers(wanted);
    if (rights === undefined) await removeFile(system.path(SUDOERS));
    else await writeFileAtomic(system.path(SUDOERS), rights, { mode: 0o440 });
    await applyKeys(wanted.sshKeys, await system.account(login), context);
    await writeRecorded(system, login, recordOf(wanted, recorded, passwordDue));
    // Last: at no moment is there nobody who could log in.
    await barFormer(login, context);
  },
};

/** Undefined where there is no such account. @throws UnitError for one that is no person's */
async function findPerson(system: System, login: string): Promise<Account | undefined> {
  const account = await system.findAccount(login);
  if (account === undefined || isPerson(account)) return account;
  throw new UnitError(`administrator.login is ${login}, an account that the system uses itself`, {
    exitCode: ExitCode.step,
    texts: RULE_TEXTS.loginReserved,
    remedies: ['Choose another name, such as admin.'],
  });
}

function accountOf({ login }: Wanted): Parameters<'user'> {
  return { name: login, shell: '/bin/bash', groups: ['sudo'] };
}

function recordOf({ password }: Wanted, recorded: Recorded, passwordWasSet: boolean): Recorded {
  if (password === undefined) return {};
  const kept = passwordWasSet ? undefined : recorded.password;
  return { password: kept ?? fingerprintOf(password) };
}

async function passwordIsDue({ login, password }: Wanted, recorded: Recorded, { system }: ChangeContext): Promise<boolean> {
  if (password === undefined) return false;
  if (recorded.password === undefined || !isOf(recorded.password, password)) return true;
  const shadow = (await readIfExists(system.path('/etc/shadow'))) ?? '';
  const line = shadow.split('\n').find((each) => each.startsWith(`${login}:`));
  // shadow(5): an empty field, or one that no hash begins like, is no password.
  return !/^[^:]*:[^!*:]/.test(line ?? '');
}

/** Who has no password cannot give one to sudo; undefined where the group's own rule is enough. */
function sudoers({ login, password }: Wanted): string | undefined {
  return password === undefined ? `${login} ALL=(ALL:ALL) NOPASSWD: ALL\n` : undefined;
}
