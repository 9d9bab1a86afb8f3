/** Whether the administrator may log in by password over SSH: sshd_config(5). Keys always do. */
import { DONE, due } from '../../apply/change.ts';
import { readIfExists, removeFile, writeFileAtomic } from '../../kit/files.ts';
import type { BeginChange } from '../changes.ts';

/** A Match block counts above what stands outside of one, and ends with its file. */
const FILE = '/etc/ssh/sshd_config.d/60-unit-administrator.conf';
const SERVICE = 'ssh.service';

type P = { login: string; password: boolean };

export const sshLogIn: BeginChange<P> = {
  aside: true,
  title: { en: 'Log-in over SSH', ja: 'SSH ログイン', ru: 'Вход по SSH' },
  words: ({ login, password }) =>
    password
      ? {
          en: `${login} may log in over SSH by password; all others by key only.`,
          ja: `${login} は SSH にパスワードでログインできます。他は鍵のみです。`,
          ru: `${login} может входить по SSH с паролем; остальные — только по ключу.`,
        }
      : { en: 'Log-in over SSH is by key only.', ja: 'SSH ログインは鍵のみです。', ru: 'Вход по SSH — только по ключу.' },

  parameters({ administrator: { login, sshPasswordLogin } }) {
    return login === undefined ? undefined : { login, password: sshPasswordLogin === true };
  },

  async check(wanted, { system, appliedBefore }) {
    if ((await readIfExists(system.path(FILE))) !== configuration(wanted)) return due('SSH asks otherwise');
    // A run may have been killed between the file and the reload.
    return appliedBefore || !wanted.password ? DONE : due('SSH may not have read its configuration yet');
  },

  async apply(wanted, { system, log }) {
    const text = configuration(wanted);
    await writeFileAtomic(system.path(FILE), text ?? '');
    await system.run('systemctl', ['try-reload-or-restart', '--', SERVICE], { onLine: log });
    // Last, so that a run that is killed before the reload finds something to do.
    if (text === undefined) await removeFile(system.path(FILE));
  },

  async reset(_wanted, { system }) {
    await removeFile(system.path(FILE));
  },
};

function configuration({ login, password }: P): string | undefined {
  return password
    ? `# administrator.sshPasswordLogin of the settings of this unit.\nMatch User ${login}\n    PasswordAuthentication yes\n`
    : undefined;
}
