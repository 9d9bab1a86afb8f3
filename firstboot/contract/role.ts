/** Roles: what units of one image can be, such as the register or one of the cores of a platform. The owner's first answer. */
import Type, { type Static } from 'typebox';

import { SectionName } from './section.ts';
import { Texts } from './texts.ts';

export const RoleName = Type.String({ pattern: '^[a-z][a-z0-9-]{0,62}$' });

export const Role = Type.Object(
  {
    title: Texts,
    help: Type.Optional(Texts),
    follows: Type.Optional(
      Type.String({ description: 'Role of the leader: it renders the files of `variables` steps for this one, which joins it by a code' }),
    ),
    unique: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        maxItems: 8,
        uniqueItems: true,
        description: 'Settings (dotted paths) that no two units of this role have alike: a leader lets the second one in no more',
      }),
    ),
    sections: Type.Optional(
      Type.Array(SectionName, {
        minItems: 1,
        uniqueItems: true,
        description: 'Screens of the setup page in this role, instead of `setup.sections`',
      }),
    ),
  },
  { additionalProperties: false },
);
export type Role = Static<typeof Role>;

/** A member of what belongs to some roles only. */
export const InRoles = {
  roles: Type.Optional(
    Type.Array(RoleName, { minItems: 1, uniqueItems: true, description: 'Roles that have it; all of them where absent' }),
  ),
};

export function isInRole(item: { roles?: readonly string[] }, role: string): boolean {
  return item.roles?.includes(role) ?? true;
}
