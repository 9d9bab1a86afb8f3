import { applyDefaults } from '../../../firstboot/settings/defaults.ts';
import { fixedViolations } from '../../../firstboot/settings/fixed.ts';
import { validateAnswers } from '../../../firstboot/settings/validate.ts';
import { located } from '../violations.ts';
import type { Rule } from './rule.ts';

export const SAMPLE_ANSWERS = 'sample/answers.yaml';

/** The proof of a bake finalises a unit with these answers, so they must be there and good. */
export const sampleAnswers: Rule = {
  name: 'sample-answers',
  severity: 'error',
  check(image) {
    const { answers, settings } = image;
    if (answers !== undefined) {
      const fixed = fixedViolations(image.definition.setup, answers.data);
      return located([...validateAnswers(answers.data, settings?.schema), ...fixed], answers);
    }
    if (image.entries.has(SAMPLE_ANSWERS)) return [];
    const least = applyDefaults({ schemaVersion: 1 }, settings?.schema);
    const works = validateAnswers(least, settings?.schema).length === 0;
    return [
      {
        message: `there is no ${SAMPLE_ANSWERS}, with which the proof sets up the baked image`,
        where: { file: image.show(SAMPLE_ANSWERS) },
        suggestion: works ? 'Write one; the line "schemaVersion: 1" is enough here.' : 'Write one with a value for every required setting.',
      },
    ];
  },
};
