import { nearest } from '../../../firstboot/settings/nearest.ts';
import type { Problem } from '../../kit/errors.ts';
import type { Rule } from './rule.ts';
import { allSettings, covers, readsOf } from './settings.ts';

/** What is read must be in the schema of the answers: the shared sections or the image's own settings. */
export const settingKnown: Rule = {
  name: 'setting-known',
  severity: 'error',
  check(image) {
    const known = allSettings(image).map(({ path }) => path);
    return readsOf(image).flatMap(({ path, where, by }): Problem[] => {
      if (path === '' || known.some((setting) => covers(path, setting))) return [];
      const near = known.includes(`product.${path}`) ? `product.${path}` : nearest(path.replace(/^settings\./, ''), known);
      const suggestion =
        near === undefined
          ? 'Declare it in settings.schema.json; settings of the image are read as product.NAME.'
          : `Did you mean "${near}"?`;
      return [{ message: `${by} reads the setting ${path}, which there is not`, where, suggestion }];
    });
  },
};
