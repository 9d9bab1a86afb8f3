import { nearest } from '../../../firstboot/settings/nearest.ts';
import type { Problem } from '../../kit/errors.ts';
import { type ImageUnderCheck, problemAt, type Rule } from './rule.ts';

const FOLDER = 'apply.d/';

/** Executables of apply.d/ and the steps that call them belong together. */
export const stepExecutable: Rule = {
  name: 'step-executable',
  severity: 'error',
  check(image) {
    const files = [...image.entries.values()].filter(({ path, kind }) => path.startsWith(FOLDER) && kind !== 'directory');
    const called = new Set<string>();
    const missing = image.definition.steps.flatMap((step, index) => {
      if (step.use !== 'executable') return [];
      called.add(FOLDER + step.with.file);
      return missingFile(
        image,
        step.with.file,
        `/steps/${index}/with/file`,
        files.map(({ path }) => path.slice(FOLDER.length)),
      );
    });
    const unused = files.flatMap(({ path, executable }): Problem[] => {
      const where = { file: image.show(path) };
      if (!called.has(path))
        return [{ message: `${path} is called by no step`, where, suggestion: 'Add a step { use: executable }, or remove the file.' }];
      return executable ? [] : [{ message: `${path} is not executable`, where, suggestion: `chmod +x ${image.show(path)}` }];
    });
    return [...missing, ...unused];
  },
};

function missingFile(image: ImageUnderCheck, file: string, pointer: string, files: readonly string[]): Problem[] {
  if (image.entries.get(FOLDER + file)?.readable === true) return [];
  const near = nearest(file, files);
  const suggestion = near === undefined ? `Write ${image.show(FOLDER + file)}.` : `Did you mean "${near}"?`;
  return [problemAt(image, pointer, `there is no executable ${FOLDER}${file}`, suggestion)];
}
