import type { Rule } from '../rule.ts';

/** Not wrong by itself, but worth a look: programs that give rights and that no package answers for. */
export const setuid: Rule = {
  name: 'setuid',
  title: 'Programs that give other rights come from packages',
  remedy: 'Remove the set-user-id or set-group-id bit unless the product needs it.',
  check: ({ tree, packages }) =>
    tree.entries
      .filter(({ type, mode, path }) => type === 'file' && (mode & 0o6000) !== 0 && packages.owner(path) === undefined)
      .map(({ path, mode, uid }) => ({
        path,
        message: `has mode ${mode.toString(8)} of user ${uid} and belongs to no package`,
        severity: 'info',
      })),
};
