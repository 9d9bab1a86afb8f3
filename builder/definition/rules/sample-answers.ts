import { applyDefaults } from '../../../firstboot/settings/defaults.ts';
import { fixedViolations } from '../../../firstboot/settings/fixed.ts';
import { settingAt } from '../../../firstboot/settings/pointer.ts';
import { validateAnswers } from '../../../firstboot/settings/validate.ts';
import type { Problem } from '../../kit/errors.ts';
import { located } from '../violations.ts';
import type { ImageUnderCheck, Rule } from './rule.ts';

export const SAMPLE_ANSWERS = 'sample/answers.yaml';
/** Those of one role, for whoever tries several units. */
export const ROLE_ANSWERS = /^sample\/answers\.([a-z][a-z0-9-]*)\.yaml$/;

/** The proof of a bake finalises a unit with these answers, so they must be there and good. */
export const sampleAnswers: Rule = {
  name: 'sample-answers',
  severity: 'error',
  check(image) {
    const { answers, settings } = image;
    if (answers !== undefined) {
      const fixed = fixedViolations(image.definition.setup, answers.data);
      return [...located([...validateAnswers(answers.data, settings?.schema), ...fixed], answers), ...ofRoles(image)];
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

/** A join code is a leader's to make: whoever uses the answers adds it. */
function ofRoles({ roleAnswers, settings, definition: { roles = {} } }: ImageUnderCheck): Problem[] {
  return Object.entries(roleAnswers).flatMap(([role, document]) => {
    const { data } = document;
    const named = typeof data === 'object' && data !== null ? settingAt(data, 'cluster.role') : undefined;
    if (roles[role] === undefined || named !== role) {
      const where = document.locate('/cluster/role');
      return [{ message: `these are no answers for the role "${role}"`, where, suggestion: `The file is called after its cluster.role.` }];
    }
    const violations = validateAnswers(data, settings?.schema).filter(
      ({ path, keyword }) => !(path === '/cluster' && keyword === 'required'),
    );
    return located(violations, document);
  });
}
