import { join } from 'node:path';

import type { Problem } from '../../kit/errors.ts';
import type { Artifact } from '../../sources/artifact.ts';
import { type ImageUnderCheck, problemAt, type Rule } from './rule.ts';

interface Named {
  path: string;
  pointer: string;
  what: string;
  /** A folder will do as well. */
  folder?: boolean;
}

/** Files of the image folder that the definition names. Those of steps have rules of their own. */
export const filesExist: Rule = {
  name: 'files-exist',
  severity: 'error',
  check: (image) => namedFiles(image).flatMap((named) => check(image, named)),
};

function namedFiles({ definition }: ImageUnderCheck): Named[] {
  const { eula, look } = definition;
  return [
    ...(eula === undefined ? [] : [{ path: eula, pointer: '/eula', what: 'licence text' }]),
    ...(look?.logo === undefined ? [] : [{ path: look.logo, pointer: '/look/logo', what: 'logo' }]),
    ...Object.entries(definition.artifacts ?? {}).flatMap(([name, artifact]) => ofArtifact(artifact, `/artifacts/${name}`)),
  ];
}

function ofArtifact(artifact: Artifact, pointer: string): Named[] {
  if (artifact.kind === 'file') return [{ path: artifact.path, pointer: `${pointer}/path`, what: 'file or folder', folder: true }];
  if (artifact.kind === 'pypi') return [{ path: artifact.requirements, pointer: `${pointer}/requirements`, what: 'requirements file' }];
  if (artifact.kind === 'container') {
    const inner = Object.entries(artifact.build?.artifacts ?? {});
    return inner.flatMap(([name, item]) => ofArtifact(item, `${pointer}/build/artifacts/${name}`));
  }
  if (artifact.kind === 'npm' && artifact.path !== undefined) {
    const lock = join(artifact.path, 'package-lock.json');
    return [{ path: lock, pointer: `${pointer}/path`, what: 'npm lock' }];
  }
  if (artifact.kind !== 'debian') return [];
  return artifact.packages.flatMap((item, index) =>
    'path' in item ? [{ path: item.path, pointer: `${pointer}/packages/${index}/path`, what: 'Debian package' }] : [],
  );
}

function check(image: ImageUnderCheck, { path, pointer, what, folder }: Named): Problem[] {
  const clean = path.replace(/^\.\//, '').replace(/\/+$/, '');
  if (clean.startsWith('/') || clean.split('/').includes('..')) {
    return [problemAt(image, pointer, `${path} is not in the image folder`, 'Name a file below the folder of image.yaml, without "..".')];
  }
  const entry = image.entries.get(clean);
  if (entry === undefined)
    return [problemAt(image, pointer, `there is no ${what} ${image.show(clean)}`, 'Paths are relative to the folder of image.yaml.')];
  if (!entry.readable && folder !== true) return [problemAt(image, pointer, `${image.show(clean)} is a folder, not a ${what}`)];
  return [];
}
