/** Where something stands in image.yaml, for errors that come up after it was read. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Location } from '../kit/errors.ts';
import { parseYaml } from './document.ts';

/** The place of a name in the list of packages; undefined where image.yaml does not name it itself. */
export function locatePackage(imageFolder: string, name: string): Location | undefined {
  const file = join(imageFolder, 'image.yaml');
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch {
    return undefined;
  }
  const { document } = parseYaml(bytes, file);
  const packages = (document?.data as { packages?: unknown } | undefined)?.packages;
  const index = Array.isArray(packages) ? packages.indexOf(name) : -1;
  return index < 0 ? undefined : document?.locate(`/packages/${index}`);
}
