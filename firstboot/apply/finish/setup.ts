import { LATER_PORT, SETUP_PATHS } from '../../contract/setup.ts';
import { closeSetup, disableSetup, openSetup, pageHasPorts, passPorts, RESULT_MINUTES, setupIsEnabled } from '../../setup/lifecycle.ts';
import { exists } from '../../setup/state.ts';
import { DONE, due } from '../change.ts';
import type { FinishChange } from './index.ts';

/** The page shows its owner the result and then goes; where nobody has entered the code, nobody waits for it. */
export const setup: FinishChange = {
  title: { en: 'Close setup', ja: '設定画面を閉じる', ru: 'Закрытие настройки' },
  words: () => ({
    en: `The setup page is shut. Whoever has it open sees the result at port ${LATER_PORT}, for ${RESULT_MINUTES} minutes at most.`,
    ja: `設定画面を閉じます。開いている場合は、ポート ${LATER_PORT} に結果を最長 ${RESULT_MINUTES} 分間表示します。`,
    ru: `Страница настройки закрывается. У кого она открыта, тот видит итог на порту ${LATER_PORT}, не дольше ${RESULT_MINUTES} минут.`,
  }),

  async check(_parameters, { system }) {
    return (await setupIsEnabled(system)) || (await pageHasPorts(system)) ? due('the setup page is there for anybody') : DONE;
  },

  async apply(_parameters, { system, log }) {
    if (!(await exists(system, SETUP_PATHS.claimed))) return closeSetup(system, log);
    if (await pageHasPorts(system)) await passPorts(system, log);
    await openSetup(system, RESULT_MINUTES, log);
    // Last, so that a run that is cut off before finds something to do.
    await disableSetup(system, log);
  },
};
