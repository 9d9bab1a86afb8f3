/** The unit's own mail server, for mail that goes out: postfix(1). Off where no mail is sent. */
import { stat } from 'node:fs/promises';

import { type ChangeContext, DONE, due, type Verdict } from '../../apply/change.ts';
import type { FinishChange } from '../../apply/finish/index.ts';
import { octal } from '../../apply/owner.ts';
import { begin, isActive, order } from '../../apply/systemd.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import { ignoreMissing, readIfExists, removeFile, writeFileAtomic } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';
import type { Settings } from '../../settings/index.ts';
import type { BeginChange } from '../changes.ts';
import { MAIN, type MailSetup, PASSWORD_FILE, postfixFiles, RESTING } from './postfix-files.ts';

const PROGRAM = '/usr/sbin/postfix';
export const POSTFIX_UNIT = 'postfix.service';

type P = MailSetup & Record<string, unknown>;

export const mail: BeginChange<P> = {
  aside: true,
  title: { en: 'Mail', ja: 'メール', ru: 'Почта' },
  words: ({ mode, host = '', port, senderAddress = '' }) => {
    if (mode === 'relay') {
      return {
        en: `Mail goes out by ${host}, port ${port ?? 587}, from ${senderAddress}.`,
        ja: `メールは ${host} (ポート ${port ?? 587})経由で、${senderAddress} から送信します。`,
        ru: `Почта отправляется через ${host}, порт ${port ?? 587}, от имени ${senderAddress}.`,
      };
    }
    if (mode === 'direct') {
      return {
        en: `The unit sends mail itself, from ${senderAddress}.`,
        ja: `ユニット自身がメールを送信します(差出人 ${senderAddress})。`,
        ru: `Узел сам отправляет почту от имени ${senderAddress}.`,
      };
    }
    return { en: 'No mail is sent.', ja: 'メールは送信しません。', ru: 'Почта не отправляется.' };
  },

  parameters({ mail: settings, domain: { name } }) {
    if (settings.mode === undefined || settings.mode === 'none') return { mode: 'none' };
    // What only a relay needs may be left from before.
    const { host: _host, port: _port, security: _security, user: _user, password: _password, ...direct } = settings;
    return { ...(settings.mode === 'relay' ? settings : direct), ...(name === undefined ? {} : { name }) };
  },

  async check(wanted, context) {
    const { system, appliedBefore } = context;
    if (!(await exists(system, PROGRAM))) return wanted.mode === 'none' ? DONE : due('there is no Postfix');
    if (wanted.mode === 'none') return checkOff(system);
    if (wanted.user === undefined && (await exists(system, PASSWORD_FILE))) return due('a password is kept that is not needed');
    for (const file of postfixFiles(wanted)) {
      if ((await readIfExists(system.path(file.path))) !== file.text) return due(`${file.path} is another`);
      const { mode } = await stat(system.path(file.path));
      if ((mode & 0o7777) !== file.mode) return due(`the mode of ${file.path} is ${octal(mode)}`);
    }
    if (!(await isEnabled(system))) return due('Postfix is not started at boot');
    // A run may have been killed between the files and the restart.
    return appliedBefore ? DONE : due('Postfix may not have read its configuration yet');
  },

  async apply(wanted, context) {
    const { system } = context;
    if (wanted.mode === 'none') return switchOff(context);
    if (!(await exists(system, PROGRAM))) {
      throw new UnitError('this unit has no Postfix, which sends its mail', {
        exitCode: ExitCode.step,
        texts: {
          en: 'This unit has no Postfix, which sends its mail. Choose to send no mail.',
          ja: 'メールを送信する Postfix がこのユニットにありません。メールを送信しない設定にしてください。',
          ru: 'В узле нет Postfix, который отправляет почту. Выберите вариант без почты.',
        },
        remedies: ['Set mail.mode to none, or install the package postfix.'],
      });
    }
    for (const { path, text, mode } of postfixFiles(wanted)) await writeFileAtomic(system.path(path), text, { mode });
    if (wanted.user === undefined) await removeFile(system.path(PASSWORD_FILE));
    // For the next boot: a reload of all units takes seconds.
    await system.run('systemctl', ['--quiet', 'enable', '--no-reload', '--', POSTFIX_UNIT], { onLine: context.log });
    // Beside the steps of the image: `mailServer` waits for it.
    await begin(system, 'restart', POSTFIX_UNIT, [], context.log);
  },

  reset: (_wanted, context) => forget(context),
};

/** The mail server runs before what may send by it is started: it was told to restart at the beginning of the run. */
export const mailServer: FinishChange = {
  observes: true,
  title: { en: 'Mail server', ja: 'メールサーバー', ru: 'Почтовый сервер' },
  words: () => ({
    en: 'The mail server is waited for.',
    ja: 'メールサーバーの起動を待ちます。',
    ru: 'Ожидается запуск почтового сервера.',
  }),
  wanted: ({ mail: settings }: Partial<Settings>) => settings?.mode === 'relay' || settings?.mode === 'direct',
  check: async (_parameters, { system }) => ((await isActive(system, POSTFIX_UNIT)) ? DONE : due('Postfix does not run yet')),
  apply: (_parameters, { system, log }) => order(system, 'start', POSTFIX_UNIT, { units: [] }, log),
};

/** What is in the queue is the owner's; the files in /etc/postfix are replaced by whoever wants mail next. */
async function forget(context: ChangeContext): Promise<void> {
  const { system } = context;
  if (!(await exists(system, PROGRAM))) return;
  await switchOff(context);
  await system.run('postsuper', ['-d', 'ALL'], { onLine: context.log });
  for (const { path } of postfixFiles({}).filter(({ path }) => path !== MAIN)) await removeFile(system.path(path));
  await writeFileAtomic(system.path(MAIN), RESTING);
}

async function checkOff(system: System): Promise<Verdict> {
  if (await exists(system, PASSWORD_FILE)) return due('a password is kept that is not needed');
  return (await isEnabled(system)) || (await isActive(system, POSTFIX_UNIT)) ? due('Postfix runs') : DONE;
}

async function switchOff({ system, log }: ChangeContext): Promise<void> {
  await system.run('systemctl', ['--quiet', 'disable', '--', POSTFIX_UNIT], { onLine: log });
  await order(system, 'stop', POSTFIX_UNIT, { units: [] }, log);
  await removeFile(system.path(PASSWORD_FILE));
}

async function isEnabled(system: System): Promise<boolean> {
  return (await system.ask('systemctl', ['--quiet', 'is-enabled', '--', POSTFIX_UNIT])) === 0;
}

async function exists(system: System, path: string): Promise<boolean> {
  return (await stat(system.path(path)).catch(ignoreMissing)) !== undefined;
}
