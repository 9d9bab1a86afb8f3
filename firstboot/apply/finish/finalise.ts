import { PRODUCT_TARGET } from '../../contract/ordering.ts';
import { UNIT_PATHS } from '../../contract/unit.ts';
import { readIfExists, removeFile, writeFileAtomic } from '../../kit/files.ts';
import { draftState } from '../../sources/draft.ts';
import { DONE, due } from '../change.ts';
import type { FinishChange } from './index.ts';

/** The unit is finalised: from now on its services start at boot. */
export const finalise: FinishChange = {
  title: { en: 'Finalise', ja: '確定', ru: 'Завершение' },
  words: () => ({
    en: 'The unit is finalised: its services start at every boot from now on.',
    ja: 'ユニットを確定します。以後、起動時にサービスが自動的に開始されます。',
    ru: 'Настройка завершается: отныне службы запускаются при каждой загрузке.',
  }),

  async check(_parameters, { system }) {
    if ((await readIfExists(system.path(UNIT_PATHS.finalised))) === undefined) return due('the unit is not finalised');
    if ((await draftState(system)) === 'applied') return due('answers are kept that are saved as settings now');
    return (await system.ask('systemctl', ['--quiet', 'is-enabled', '--', PRODUCT_TARGET])) === 0
      ? DONE
      : due(`${PRODUCT_TARGET} is not enabled`);
  },

  async apply(_parameters, { system, unit, log }) {
    // For the next boot: a reload of all units takes seconds.
    await system.run('systemctl', ['--quiet', 'enable', '--no-reload', '--', PRODUCT_TARGET], { onLine: log });
    // The links that systemctl made must be on disk before the marker says so.
    await system.run('sync', ['--file-system', system.path('/etc')]);
    const marker = { image: unit.name, version: unit.version, time: new Date().toISOString() };
    await writeFileAtomic(system.path(UNIT_PATHS.finalised), `${JSON.stringify(marker)}\n`);
    // What an owner types on the page while this run goes on, and it was not made from, stays.
    if ((await draftState(system)) === 'applied') await removeFile(system.path(UNIT_PATHS.draft));
  },
};
