/** Where an artifact's files stand on the unit, and whose they are. */
import Type from 'typebox';

export const placement = {
  into: Type.String({ pattern: '^/', description: 'Folder on the unit; archives are unpacked into it, files copied' }),
  owner: Type.Optional(
    Type.String({
      pattern: '^[a-z_][a-z0-9_-]*(:[a-z_][a-z0-9_-]*)?$',
      description: 'user or user:group; root by default. Must exist in the rootfs',
    }),
  ),
};
