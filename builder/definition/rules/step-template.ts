import { nearest } from '../../../firstboot/settings/nearest.ts';
import type { Problem } from '../../kit/errors.ts';
import { problemAt, type Rule } from './rule.ts';

const FOLDER = 'templates/';

/** Files of templates/ and the steps that render them belong together; no two steps write one file. */
export const stepTemplate: Rule = {
  name: 'step-template',
  severity: 'error',
  check(image) {
    const files = [...image.entries.values()]
      .filter(({ path, kind }) => path.startsWith(FOLDER) && kind !== 'directory')
      .map(({ path }) => path);
    const used = new Set<string>();
    const targets = new Map<string, string>();
    const problems = image.definition.steps.flatMap((step, index): Problem[] => {
      if (step.use !== 'template') return [];
      const path = FOLDER + step.with.from;
      used.add(path);
      const other = targets.get(step.with.to);
      targets.set(step.with.to, step.id);
      const twice =
        other === undefined
          ? []
          : [
              problemAt(
                image,
                `/steps/${index}/with/to`,
                `steps "${other}" and "${step.id}" write the same file ${step.with.to}`,
                'Merge the templates.',
              ),
            ];
      if (files.includes(path)) return twice;
      const near = nearest(
        step.with.from,
        files.map((file) => file.slice(FOLDER.length)),
      );
      const suggestion = near === undefined ? `Write ${image.show(path)}.` : `Did you mean "${near}"?`;
      return [...twice, problemAt(image, `/steps/${index}/with/from`, `there is no template ${path}`, suggestion)];
    });
    const unused = files.filter((path) => !used.has(path));
    return [
      ...problems,
      ...unused.map((path) => ({
        message: `${path} is rendered by no step`,
        where: { file: image.show(path) },
        suggestion: 'Add a step { use: template }, or remove the file.',
      })),
    ];
  },
};
