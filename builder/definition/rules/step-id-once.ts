import { problemAt, type Rule } from './rule.ts';

/** The journal of a run knows steps by their id: with two of the same a resumed run would skip one. */
export const stepIdOnce: Rule = {
  name: 'step-id-once',
  severity: 'error',
  check(image) {
    const ids = image.definition.steps.map(({ id }) => id);
    return ids.flatMap((id, index) =>
      ids.indexOf(id) < index
        ? [problemAt(image, `/steps/${index}/id`, `step id "${id}" is used twice`, `Call this one "${id}-2", or better by what it does.`)]
        : [],
    );
  },
};
