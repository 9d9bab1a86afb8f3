/** Who the settings have made administrator and do so no more: usermod(8), gpasswd(1), userdel(8). */
import { type ChangeContext, DONE, due, type Verdict } from '../../apply/change.ts';
import { Interrupted } from '../../kit/errors.ts';
import { removeFile } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';
import { applyKeys, checkKeys } from './authorized-keys.ts';
import { isPerson, SUDOERS } from './person.ts';
import { readRecord, writeRecorded } from './record.ts';

/** Whether everybody but `login` is shut out. */
export async function checkFormer(login: string, { system }: ChangeContext): Promise<Verdict> {
  const open = [...(await readRecord(system))].some(([name, { barred }]) => name !== login && barred !== true);
  return open ? due('who was the administrator before still is') : DONE;
}

/** Shuts everybody out but `login`. Their files stay. */
export async function barFormer(login: string, context: ChangeContext): Promise<void> {
  const { system, log } = context;
  for (const [name, { barred }] of await readRecord(system)) {
    if (name === login || barred === true) continue;
    const account = await system.findAccount(name);
    if (account !== undefined && isPerson(account)) {
      log(`${name} is the administrator no more, and is locked`);
      // Expired besides: a lock alone keeps nobody out who has put a key of his own there.
      await system.run('usermod', ['--lock', '--expiredate', '1', '--', name], { onLine: log });
      // 3: it is not in the group.
      await system.run('gpasswd', ['--delete', name, 'sudo'], { okExitCodes: [0, 3], onLine: log });
      await applyKeys([], account, context);
    }
    await writeRecorded(system, name, { barred: true });
  }
}

/** Whether nobody has keys of the settings any more. */
export async function checkWithdrawn(context: ChangeContext): Promise<Verdict> {
  const { system } = context;
  for (const [name, { password }] of await readRecord(system)) {
    if (password !== undefined) return due('the password of the administrator before is given no more');
    const account = await system.findAccount(name);
    const verdict = account === undefined ? DONE : await checkKeys([], account, context);
    if (!verdict.done) return verdict;
  }
  return DONE;
}

/** Takes back the keys that the settings gave. Accounts stay as they are otherwise: nobody else could log in. */
export async function withdraw(context: ChangeContext): Promise<void> {
  const { system } = context;
  for (const [name, { barred }] of await readRecord(system)) {
    const account = await system.findAccount(name);
    if (account !== undefined) await applyKeys([], account, context);
    // Should the same password be given again, it is a new one.
    await writeRecorded(system, name, barred === true ? { barred } : {});
  }
}

/** For a factory reset: whoever was administrator once goes, with all files. One that cannot is no reason to keep the others. */
export async function removeAdministrators(system: System, log: (line: string) => void): Promise<void> {
  await removeFile(system.path(SUDOERS));
  for (const name of (await readRecord(system)).keys()) {
    try {
      const account = await system.findAccount(name);
      if (account === undefined || !isPerson(account)) continue;
      log(`the account ${name} is removed`);
      // By force, because it is probably the one who is logged in and asks for this. 12: its home was gone already.
      await system.run('userdel', ['--force', '--remove', '--', name], { onLine: log, okExitCodes: [0, 12] });
    } catch (error) {
      if (error instanceof Interrupted) throw error;
      log(`the account ${name} could not be removed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
