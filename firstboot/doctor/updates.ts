import type { CheckFinding } from '../contract/helper.ts';
import { readUpdates } from '../sections/updates/state.ts';
import { type DoctorCheck, ok, problem } from './check.ts';

const DAY = 86_400_000;
/** Lists are fetched once a day. */
const STALE_DAYS = 7;

/** Pending security updates, as far as apt knows without a network. */
export const updates: DoctorCheck = {
  name: 'updates',
  title: { en: 'Security updates', ja: 'セキュリティ更新', ru: 'Обновления безопасности' },

  async run({ system, now }) {
    const { automatic, security, rebootRequired, checked } = await readUpdates(system);
    const findings: CheckFinding[] = [];
    if (security.length > 0) {
      const names = security.map((update) => update.name).join(', ');
      findings.push(
        problem(
          automatic ? 'info' : 'warning',
          { en: `Pending: ${names}.`, ja: `未適用: ${names}。`, ru: `Ожидают: ${names}.` },
          automatic
            ? {
                en: 'They are installed by themselves within a day; at once: unitctl updates run',
                ja: '1 日以内に自動で適用されます。すぐに行うには: unitctl updates run',
                ru: 'Установятся сами в течение суток; сразу: unitctl updates run',
              }
            : {
                en: 'unitctl updates run; by themselves from now on: unitctl updates on',
                ja: 'unitctl updates run で適用します。自動にするには: unitctl updates on',
                ru: 'unitctl updates run; впредь автоматически: unitctl updates on',
              },
        ),
      );
    }
    if (rebootRequired) {
      findings.push(
        problem(
          'warning',
          {
            en: 'Updates are installed that count after a restart.',
            ja: '再起動後に有効になる更新があります。',
            ru: 'Установлены обновления, которым нужна перезагрузка.',
          },
          { en: 'systemctl reboot', ja: 'systemctl reboot', ru: 'systemctl reboot' },
        ),
      );
    }
    if (checked === undefined || now - checked > STALE_DAYS * DAY) {
      findings.push(
        problem(
          'warning',
          checked === undefined
            ? {
                en: 'This unit has never fetched the lists of updates.',
                ja: '更新の一覧をまだ取得していません。',
                ru: 'Узел ещё не получал списков обновлений.',
              }
            : {
                en: `The lists of updates are of ${new Date(checked).toISOString().slice(0, 10)}.`,
                ja: `更新の一覧は ${new Date(checked).toISOString().slice(0, 10)} のものです。`,
                ru: `Списки обновлений от ${new Date(checked).toISOString().slice(0, 10)}.`,
              },
          {
            en: 'Updates come from the archive of Debian: it needs a way there, a proxy or a mirror (network settings).',
            ja: '更新は Debian のアーカイブから取得します。接続、プロキシ、またはミラーが必要です(ネットワーク設定)。',
            ru: 'Обновления берутся из архива Debian: нужен путь к нему, прокси или зеркало (настройки сети).',
          },
        ),
      );
    }
    if (!automatic && security.length === 0) {
      findings.push(
        problem(
          'info',
          { en: 'They are not installed by themselves.', ja: '自動適用は無効です。', ru: 'Автоматическая установка выключена.' },
          { en: 'unitctl updates on', ja: 'unitctl updates on', ru: 'unitctl updates on' },
        ),
      );
    }
    return findings.length > 0 ? findings : [ok('None is pending.', '未適用の更新はありません。', 'Все установлены.')];
  },
};
