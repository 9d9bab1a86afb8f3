/** Maven coordinates, as people write them: https://maven.apache.org/pom.html#Maven_Coordinates */
import { join } from 'node:path';

export interface Coordinates {
  group: string;
  artifact: string;
  version: string;
  packaging: string;
  classifier?: string;
}

/** `group:artifact:version[:packaging[:classifier]]`, of which the schema sees to the form. */
export function parseCoordinates(text: string): Coordinates {
  const [group = '', artifact = '', version = '', packaging = 'jar', classifier] = text.split(':');
  return { group, artifact, version, packaging, ...(classifier === undefined ? {} : { classifier }) };
}

/** Name of the file in every repository. */
export function fileNameOf({ artifact, version, packaging, classifier }: Coordinates): string {
  return `${[artifact, version, ...(classifier === undefined ? [] : [classifier])].join('-')}.${packaging}`;
}

/** Folder of a version in every repository. */
export function folderOf({ group, artifact, version }: Coordinates): string {
  return join(...group.split('.'), artifact, version);
}

/** Whether a version stands for other files on other days. */
export function isMoving(version: string): boolean {
  return /^(LATEST|RELEASE)$|-SNAPSHOT$/.test(version);
}
