import { problemAt, type Rule } from './rule.ts';
import { usesOf } from './step-secret.ts';

export const secretUsed: Rule = {
  name: 'secret-used',
  severity: 'warning',
  check(image) {
    const used = new Set(usesOf(image).map(({ name }) => name));
    return image.definition.steps.flatMap((step, index) =>
      step.use === 'secret' && !used.has(step.with.name)
        ? [
            problemAt(
              image,
              `/steps/${index}/with/name`,
              `secret "${step.with.name}" is used by no step or template`,
              'Remove the step, or use the secret.',
            ),
          ]
        : [],
    );
  },
};
