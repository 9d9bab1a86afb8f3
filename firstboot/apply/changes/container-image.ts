import { join } from 'node:path';

import { UNIT_PATHS } from '../../contract/unit.ts';
import { type Change, DONE, due, type Parameters } from '../change.ts';
import { scaledTimeout } from '../timeout.ts';

type P = Parameters<'container-image'>;

const LOAD_SECONDS = 600;

/** An image of the unit's own containers in Docker, which must be running; known by its id, so that an upgraded one is loaded anew. */
export const containerImage: Change<P> = {
  words: ({ container }) => ({
    en: `The container image ${container} is loaded.`,
    ja: `コンテナーイメージ ${container} を読み込みます。`,
    ru: `Загружается образ контейнера ${container}.`,
  }),

  async check({ container }, { system }) {
    const loader = system.path(join(UNIT_PATHS.lib, 'load-container'));
    return (await system.ask(loader, ['--check', container])) === 0 ? DONE : due('Docker does not have it');
  },

  async apply({ container }, { system, log }) {
    const timeout = await scaledTimeout(system, LOAD_SECONDS);
    await system.run(system.path(join(UNIT_PATHS.lib, 'load-container')), [container], { timeout, onLine: log });
  },
};
