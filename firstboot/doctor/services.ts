import { serviceStatuses } from '../apply/service-status.ts';
import { type DoctorCheck, ok, problem } from './check.ts';

/** The product's services: running and ready. */
export const services: DoctorCheck = {
  name: 'services',
  title: { en: 'Services', ja: 'サービス', ru: 'Службы' },

  async run({ system, unit, finalised }) {
    if (!finalised) {
      return [
        problem('info', {
          en: 'They do not run before the unit is set up.',
          ja: 'ユニットの設定が終わるまで起動しません。',
          ru: 'До настройки узла они не запускаются.',
        }),
      ];
    }
    const statuses = await serviceStatuses(system, unit);
    const down = statuses.filter(({ ready }) => !ready);
    if (down.length === 0)
      return [ok(`All ${statuses.length} are ready.`, `${statuses.length} 個すべて準備完了です。`, `Готовы все: ${statuses.length}.`)];
    return down.map(({ name, active }) =>
      problem(
        'error',
        {
          en: `${name} is ${active}${active === 'active' ? ', but not ready' : ''}.`,
          ja: `${name} は ${active}${active === 'active' ? ' ですが、準備ができていません' : ' です'}。`,
          ru: `${name}: ${active}${active === 'active' ? ', но не готова' : ''}.`,
        },
        {
          en: `unitctl logs ${name}, then unitctl services restart ${name}`,
          ja: `unitctl logs ${name} で確認し、unitctl services restart ${name} を実行してください。`,
          ru: `unitctl logs ${name}, затем unitctl services restart ${name}`,
        },
      ),
    );
  },
};
