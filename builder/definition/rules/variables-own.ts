import { pointerOf } from '../../../firstboot/settings/pointer.ts';
import type { Problem } from '../../kit/errors.ts';
import { type ImageUnderCheck, problemAt, type Rule } from './rule.ts';
import { allSettings, covers, settingsIn } from './settings.ts';

/** A variable has one value; what a unit that follows fills in itself, it reads of settings that it has. */
export const variablesOwn: Rule = {
  name: 'variables-own',
  severity: 'error',
  check: (image) => [...twice(image), ...strangers(image)],
};

function twice(image: ImageUnderCheck): Problem[] {
  return image.definition.steps.flatMap((step, index) => {
    if (step.use !== 'variables') return [];
    const { values, own = {} } = step.with;
    return Object.keys(own).flatMap((name) =>
      name in values
        ? [
            problemAt(
              image,
              `/steps/${index}/with/own${pointerOf([name])}`,
              `step "${step.id}" has ${name} in values and in own`,
              'Leave it in own where units of a role differ in it, else in values.',
            ),
          ]
        : [],
    );
  });
}

/** Settings of other roles than those that follow with the step. */
function strangers(image: ImageUnderCheck): Problem[] {
  const { steps, roles = {} } = image.definition;
  const known = allSettings(image);
  return image.texts.flatMap(({ name, parameter, step, reading, locate }) => {
    if (parameter !== 'own') return [];
    const following = Object.keys(roles).filter(
      (role) => roles[role]?.follows !== undefined && (steps[step]?.roles?.includes(role) ?? true),
    );
    const settings = following.map((role) => ({ role, known: settingsIn(image, role) }));
    return reading.references.flatMap(({ head, path, line, column }): Problem[] => {
      // One that no role has is said by another rule.
      if (head !== 'settings' || !known.some((setting) => covers(path, setting.path))) return [];
      const missing = settings.find((each) => !each.known.some((setting) => covers(path, setting.path)))?.role;
      if (missing === undefined) return [];
      const message = `${name} reads the setting ${path}, which units of the role "${missing}" have not`;
      return [{ message, where: locate(line, column), suggestion: `Put "${missing}" into its x-roles.` }];
    });
  });
}
