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
    if (failed.length > 0) throw new UnitError(`${failed.map(({ title }) => title).join(', ')}: did not pass`, { exitCode: ExitCode.step });
  },
};
