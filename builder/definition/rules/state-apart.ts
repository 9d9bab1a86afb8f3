import { problemAt, type Rule } from './rule.ts';

/** One path within another would be saved twice and restored in an order that decides who wins. */
export const stateApart: Rule = {
  name: 'state-apart',
  severity: 'error',
  check(image) {
    const items = Object.entries(image.definition.state).map(([name, { path }]) => ({ name, path: `${path.replace(/\/+$/, '')}/` }));
    return items.flatMap(({ name, path }, index) =>
      items
        .filter((other, at) => other.name !== name && path.startsWith(other.path) && (path !== other.path || at < index))
        .map((other) =>
          problemAt(
            image,
            `/state/${name}/path`,
            `state "${name}" is within state "${other.name}"`,
            'State must not overlap: name the parts side by side.',
          ),
        ),
    );
  },
};
