import { MAX_UNIQUE } from '../../../firstboot/contract/cluster.ts';
import { pointerOf } from '../../../firstboot/settings/pointer.ts';
import type { Problem } from '../../kit/errors.ts';
import { isScalarSetting } from '../settings-schema.ts';
import { type ImageUnderCheck, problemAt, type Rule } from './rule.ts';
import { allSettings, settingsIn } from './settings.ts';

/** What a unit tells its leader of itself, for others to be told apart from it: short, no secret, and an answer of its own. */
export const roleUnique: Rule = {
  name: 'role-unique',
  severity: 'error',
  check: (image) =>
    Object.entries(image.definition.roles ?? {}).flatMap(([role, { follows, unique = [] }]) => [
      ...(follows === undefined && unique.length > 0
        ? [problemAt(image, `/roles${pointerOf([role])}/unique`, `role "${role}" has "unique", and follows nobody`, 'Only a leader looks.')]
        : []),
      ...unique.flatMap((path, index) => problemsOf(image, role, path, `/roles${pointerOf([role])}/unique/${index}`)),
    ]),
};

function problemsOf(image: ImageUnderCheck, role: string, path: string, pointer: string): Problem[] {
  // One that no role has is said by another rule.
  if (!allSettings(image).some((setting) => setting.path === path)) return [];
  const schema = settingsIn(image, role).find((setting) => setting.path === path)?.schema;
  if (schema === undefined)
    return [problemAt(image, pointer, `units of the role "${role}" have no setting ${path}`, `Put "${role}" into its x-roles.`)];
  if (schema.writeOnly === true)
    return [problemAt(image, pointer, `${path} is a secret, and the leader would be told it`, 'Name a setting that is none.')];
  const isShort = schema.type !== 'string' || schema.enum !== undefined || (schema.maxLength ?? Infinity) <= MAX_UNIQUE;
  if (isScalarSetting(schema) && isShort) return [];
  return [problemAt(image, pointer, `${path} is no short scalar`, `Text with a "maxLength" of ${MAX_UNIQUE} at most, or a number.`)];
}
