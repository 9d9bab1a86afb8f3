import { isActive } from '../apply/systemd.ts';
import { POSTFIX_UNIT } from '../sections/mail/postfix.ts';
import { type DoctorCheck, ok, problem } from './check.ts';

/** Postfix runs where mail is wanted, and its queue empties. */
export const mail: DoctorCheck = {
  name: 'mail',
  title: { en: 'Mail', ja: 'メール', ru: 'Почта' },

  async run({ system, settings, finalised }) {
    const mode = settings?.mail.mode ?? 'none';
    if (mode === 'none' || !finalised)
      return [problem('info', { en: 'No mail is sent.', ja: 'メールは送信しません。', ru: 'Почта не отправляется.' })];
    if (!(await isActive(system, POSTFIX_UNIT))) {
      return [
        problem(
          'error',
          {
            en: "The unit's mail server does not run.",
            ja: 'ユニットのメールサーバーが動いていません。',
            ru: 'Почтовый сервер узла не работает.',
          },
          { en: `systemctl start ${POSTFIX_UNIT}`, ja: `systemctl start ${POSTFIX_UNIT}`, ru: `systemctl start ${POSTFIX_UNIT}` },
        ),
      ];
    }
    const { stdout } = await system.run('postqueue', ['-j']);
    const { deferred, reason } = parseQueue(stdout);
    if (deferred === 0) return [ok('Nothing waits to be sent.', '送信待ちのメールはありません。', 'Очередь отправки пуста.')];
    return [
      problem(
        'warning',
        {
          en: `${deferred} messages wait because they could not be sent: ${reason}`,
          ja: `${deferred} 通が送信できずに待っています: ${reason}`,
          ru: `Не удалось отправить писем: ${deferred}. Причина: ${reason}`,
        },
        {
          en: 'unitctl mail test says why; postqueue -f tries again.',
          ja: 'unitctl mail test で原因を確認し、postqueue -f で再送してください。',
          ru: 'unitctl mail test скажет причину; postqueue -f повторит попытку.',
        },
      ),
    ];
  },
};

interface QueueEntry {
  queue_name?: string;
  recipients?: { delay_reason?: string }[];
}

/** Lines of `postqueue -j`, one JSON object a message. */
export function parseQueue(text: string): { deferred: number; reason: string } {
  const entries = text.split('\n').filter((line) => line.startsWith('{'));
  const deferred = entries.map((line) => JSON.parse(line) as QueueEntry).filter((entry) => entry.queue_name === 'deferred');
  const reasons = deferred.flatMap(({ recipients = [] }) => recipients.flatMap(({ delay_reason }) => delay_reason ?? []));
  return { deferred: deferred.length, reason: reasons[0] ?? '' };
}
