import { ExitCode, UnitError } from '../../kit/errors.ts';
import { DONE, due } from '../change.ts';
import { probeAll } from '../probes.ts';
import type { FinishChange } from './index.ts';

/** The image's smoke probes. */
export const smoke: FinishChange = {
  observes: true,
  title: { en: 'Try the product', ja: '動作を確認', ru: 'Проверка работы' },
  words: () => ({
    en: 'The product is tried: its smoke probes must pass.',
    ja: '製品の動作を確認します。',
    ru: 'Проверяется, что продукт отвечает.',
  }),

  async check(_parameters, { system, unit }) {
    const failed = (await probeAll(system, unit.probes.smoke ?? [], { once: true })).filter(({ passed }) => !passed);
    return failed.length === 0 ? DONE : due(failed.map(({ title }) => title).join(', '));
  },

  async apply(_parameters, { system, unit, log }) {
    const results = await probeAll(system, unit.probes.smoke ?? [], { once: false });
    for (const { title, passed, message } of results)
      log(`${passed ? 'passed' : 'failed'}: ${title}${message === '' ? '' : ` (${message})`}`);
    const failed = results.filter(({ passed }) => !passed);
    if (failed.length === 0) return;
    const names = failed.map(({ title }) => title).join(', ');
    throw new UnitError(`${names}: did not pass`, {
      exitCode: ExitCode.step,
      texts: {
        en: `The product does not answer as it should: ${names}. The log shows what came.`,
        ja: `製品が正しく応答しません: ${names}。応答の内容はログをご覧ください。`,
        ru: `Продукт отвечает не так, как должен: ${names}. Что пришло, показывает журнал.`,
      },
    });
  },
};
