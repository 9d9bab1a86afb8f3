/** The settings' SSH keys in an account's file: sshd(8), AUTHORIZED_KEYS FILE FORMAT. Other keys in it stay. */
import type { Stats } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type ChangeContext, DONE, due, type Parameters, type Verdict } from '../../apply/change.ts';
import { directory } from '../../apply/changes/directory.ts';
import { octal } from '../../apply/owner.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import { ignoreMissing, writeFileAtomic } from '../../kit/files.ts';
import type { Account } from '../../kit/system.ts';

const KEYS_BEGIN = '# These keys are administrator.sshKeys of the settings of this unit.';
const KEYS_END = '# End of administrator.sshKeys.';
const OWN_KEYS = new RegExp(`^${KEYS_BEGIN}\\n[^]*?^${KEYS_END}\\n?`, 'm');

/** Whether the account has these keys of the settings, and no others of theirs. */
export async function checkKeys(wanted: readonly string[], account: Account, context: ChangeContext): Promise<Verdict> {
  const { text, info } = await readKeys(account, context);
  const keys = withKeys(text, wanted);
  if (keys === text && (text === undefined || wanted.length === 0)) return DONE;
  const folder = await directory.check(folderOf(account), context);
  if (!folder.done) return due(`.ssh: ${folder.why}`);
  if (keys !== text || info === undefined) return due('its SSH keys are others');
  if (octal(info.mode) !== '0600') return due(`the mode of its SSH keys is ${octal(info.mode)}`);
  return info.uid === account.uid && info.gid === account.gid ? DONE : due('the owner of its SSH keys is another');
}

export async function applyKeys(wanted: readonly string[], account: Account, context: ChangeContext): Promise<void> {
  const keys = withKeys((await readKeys(account, context)).text, wanted);
  if (keys === undefined) return;
  await directory.apply(folderOf(account), context);
  await writeFileAtomic(context.system.path(keysPath(account)), keys, { mode: 0o600, uid: account.uid, gid: account.gid });
}

const folderOf = ({ name, home }: Account): Parameters<'directory'> => ({ path: join(home, '.ssh'), owner: name, mode: '0700' });
const keysPath = ({ home }: Account): string => join(home, '.ssh/authorized_keys');

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
