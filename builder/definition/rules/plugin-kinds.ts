import { problemAt, type Rule } from './rule.ts';

/** What an owner adds must outlive an upgrade, so it is state; and two kinds in one folder could not be told apart. */
export const pluginKinds: Rule = {
  name: 'plugin-kinds',
  severity: 'error',
  check(image) {
    const { plugins = {}, services, state } = image.definition;
    const kinds = Object.entries(plugins);
    const folder = (path: string): string => `${path.replace(/\/+$/, '')}/`;
    const kept = Object.values(state).filter(({ kind }) => kind === 'data' || kind === 'configuration');
    return kinds.flatMap(([name, { into, restart = [] }], index) => [
      ...(kept.some(({ path }) => folder(into).startsWith(folder(path)))
        ? []
        : [
            problemAt(
              image,
              `/plugins/${name}/into`,
              `plugins.${name} goes to ${into}, which is not kept`,
              'Name this folder, or one above it, in state, as data or configuration.',
            ),
          ]),
      ...kinds
        .slice(0, index)
        .filter(([, other]) => folder(other.into) === folder(into))
        .map(([other]) => problemAt(image, `/plugins/${name}/into`, `plugins.${name} and plugins.${other} share a folder`, 'Take two.')),
      ...restart.flatMap((service, at) =>
        services[service] === undefined
          ? [
              problemAt(
                image,
                `/plugins/${name}/restart/${at}`,
                `plugins.${name} restarts "${service}", which is no service of this image`,
                `Services: ${Object.keys(services).join(', ')}.`,
              ),
            ]
          : [],
      ),
    ]);
  },
};
