import { nearest } from '../../../firstboot/settings/nearest.ts';
import type { Location, Problem } from '../../kit/errors.ts';
import { type ImageUnderCheck, problemAt, type Rule } from './rule.ts';

interface Use {
  name: string;
  step: number;
  where: Location;
}

/** Secrets are made by `secret` steps, each once, and before they are used. */
export const stepSecret: Rule = {
  name: 'step-secret',
  severity: 'error',
  check(image) {
    const made = new Map<string, number>();
    const twice: Problem[] = [];
    for (const [index, step] of image.definition.steps.entries()) {
      if (step.use !== 'secret') continue;
      const { name } = step.with;
      if (made.has(name))
        twice.push(problemAt(image, `/steps/${index}/with/name`, `secret "${name}" is made twice`, 'Keep one of the steps.'));
      else made.set(name, index);
    }
    return [...twice, ...usesOf(image).flatMap((use) => check(use, made))];
  },
};

/** Every place where a secret is named: parameters of steps, and `{{secrets.name}}` in templates. */
export function usesOf(image: ImageUnderCheck): Use[] {
  const at = (name: string, step: number, pointer: string): Use => ({ name, step, where: image.document.locate(pointer) });
  const named = image.definition.steps.flatMap((step, index): Use[] => {
    if (step.use === 'postgresql-role' && step.with.password !== undefined)
      return [at(step.with.password, index, `/steps/${index}/with/password`)];
    if (step.use !== 'executable') return [];
    return (step.with.secrets ?? []).map((name, item) => at(name, index, `/steps/${index}/with/secrets/${item}`));
  });
  const read = image.texts.flatMap(({ reading, locate, step }) =>
    reading.references
      .filter(({ head, path }) => head === 'secrets' && path !== '')
      .map(({ path, line, column }) => ({ name: path.split('.')[0] ?? path, step, where: locate(line, column) })),
  );
  return [...named, ...read];
}

function check({ name, step, where }: Use, made: ReadonlyMap<string, number>): Problem[] {
  const maker = made.get(name);
  if (maker === undefined) {
    const near = nearest(name, [...made.keys()]);
    const suggestion = near === undefined ? 'Add a step { use: secret, with: { name: ... } } before it.' : `Did you mean "${near}"?`;
    return [{ message: `secret "${name}" is made by no step`, where, suggestion }];
  }
  if (maker < step) return [];
  return [{ message: `secret "${name}" is used before the step that makes it`, where, suggestion: 'Move the secret step up.' }];
}
