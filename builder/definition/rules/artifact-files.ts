import type { Problem } from '../../kit/errors.ts';
import type { Artifact } from '../../sources/artifact.ts';
import { fileNameOf, isMoving, parseCoordinates } from '../../sources/maven/coordinates.ts';
import { type ImageUnderCheck, problemAt, type Rule } from './rule.ts';

/** What `unpack`, `strip` and `as` mean together, and that no file of an artifact takes the place of another. */
export const artifactFiles: Rule = {
  name: 'artifact-files',
  severity: 'error',
  check: (image) =>
    Object.entries(image.definition.artifacts ?? {}).flatMap(([name, artifact]) => [
      ...ofPlacement(image, artifact, `/artifacts/${name}`),
      ...(artifact.kind === 'npm' ? ofNpm(image, artifact, `/artifacts/${name}`) : []),
      ...(artifact.kind === 'maven' ? ofCoordinates(image, artifact.coordinates, `/artifacts/${name}/coordinates`) : []),
    ]),
};

function ofPlacement(image: ImageUnderCheck, artifact: Artifact, pointer: string): Problem[] {
  const unpack = 'unpack' in artifact && artifact.unpack === true;
  const problems: Problem[] = [];
  if ('strip' in artifact && !unpack)
    problems.push(problemAt(image, `${pointer}/strip`, 'only archives are stripped', 'Add unpack: true.'));
  if (!('as' in artifact)) return problems;
  if (unpack) problems.push(problemAt(image, `${pointer}/as`, 'an archive that is unpacked has no name', 'Leave out "as" or "unpack".'));
  if (artifact.kind === 'maven' && artifact.coordinates.length > 1)
    problems.push(
      problemAt(image, `${pointer}/as`, 'several files cannot have one name', 'Make an artifact of each file that gets another name.'),
    );
  return problems;
}

function ofCoordinates(image: ImageUnderCheck, coordinates: readonly string[], pointer: string): Problem[] {
  const first = new Map<string, string>();
  return coordinates.flatMap((text, index) => {
    const parsed = parseCoordinates(text);
    const name = fileNameOf(parsed);
    const other = first.get(name);
    first.set(name, other ?? text);
    const at = `${pointer}/${index}`;
    if (isMoving(parsed.version))
      return [problemAt(image, at, `${parsed.version} is not one version`, 'Name the exact version of a release.')];
    return other === undefined
      ? []
      : [problemAt(image, at, `${text} and ${other} are both ${name}`, 'Put one of them into an artifact of its own.')];
  });
}

function ofNpm(image: ImageUnderCheck, artifact: Artifact & { kind: 'npm' }, pointer: string): Problem[] {
  if (artifact.package === undefined && artifact.path === undefined)
    return [problemAt(image, pointer, 'neither a package nor a project is named', 'Add package: name@version, or path: FOLDER.')];
  if (artifact.package === undefined) return [];
  return (['path', 'scripts', 'build', 'result', 'build_packages'] as const)
    .filter((member) => artifact[member] !== undefined)
    .map((member) =>
      problemAt(image, `${pointer}/${member}`, `${member} is for projects, and package names none`, `Leave out "${member}" or "package".`),
    );
}
