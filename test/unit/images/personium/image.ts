/** The image as its tests read it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

import type { ImageDefinition } from '../../../../builder/definition/definition.ts';
import { packageRoot } from '../../../../builder/kit/paths.ts';

export const IMAGE = join(packageRoot(), 'images', 'personium');

export const imageFile = (path: string): string => readFileSync(join(IMAGE, path), 'utf8');

export const definition = parse(imageFile('image.yaml')) as ImageDefinition;

/** Versions of what comes from Maven, by name. */
export const versions = Object.fromEntries(
  Object.values(definition.artifacts ?? {}).flatMap((artifact) =>
    artifact.kind === 'maven' ? artifact.coordinates.map((each) => each.split(':').slice(1, 3) as [string, string]) : [],
  ),
);
