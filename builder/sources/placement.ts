/** Where an artifact's files stand on the unit, and whose they are. */
import Type from 'typebox';

/** A path of which no part is `..`: it stays below the folder that stands for the unit's root, or for a project. */
const DOWNWARDS = '(?!([\\s\\S]*/)?\\.\\.(/|$))';

/** Absolute, on the unit. */
export const UNIT_PATH = `^${DOWNWARDS}/`;

/** Relative to a folder, and within it. */
export const PATH_WITHIN = `^${DOWNWARDS}[^/]`;

export const placement = {
  into: Type.String({ pattern: UNIT_PATH, description: 'Folder on the unit, without `..`; archives are unpacked into it, files copied' }),
  owner: Type.Optional(
    Type.String({
      pattern: '^[a-z_][a-z0-9_-]*(:[a-z_][a-z0-9_-]*)?$',
      description: 'user or user:group; root by default. Must exist in the rootfs',
    }),
  ),
};

/** For artifacts that are one file: its name, whatever stands in for it by `--artifact`. */
export const fileName = {
  as: Type.Optional(
    Type.String({ pattern: '^[^/]+$', not: { enum: ['.', '..'] }, description: 'Name of the file on the unit; its own by default' }),
  ),
};

/** For artifacts that may be archives. */
export const archive = {
  unpack: Type.Optional(Type.Boolean({ default: false, description: 'Unpack the archive (tar, zip) into `into`' })),
  strip: Type.Optional(
    Type.Integer({ minimum: 1, description: 'With `unpack`: folders at the beginning of every path in the archive that are left out' }),
  ),
};
