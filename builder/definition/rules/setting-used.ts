import { pointerOf } from '../../../firstboot/settings/pointer.ts';
import type { Rule } from './rule.ts';
import { allSettings, covers, readsOf } from './settings.ts';

/** A setting that nothing reads would be asked for in vain. The shared sections are the engine's own business. */
export const settingUsed: Rule = {
  name: 'setting-used',
  severity: 'error',
  check(image) {
    const { settings } = image;
    if (settings === undefined) return [];
    const reads = readsOf(image).map(({ path }) => path);
    return allSettings(image)
      .filter(({ path }) => path.startsWith('product.') && !reads.some((read) => covers(read, path)))
      .map(({ path }) => {
        const names = path.split('.').slice(1);
        return {
          message: `setting ${names.join('.')} is read by no template or step`,
          where: settings.document.locate(pointerOf(names.flatMap((name) => ['properties', name]))),
          suggestion: `Read it as {{settings.${path}}}, name it in an executable's reads, or remove it.`,
        };
      });
  },
};
