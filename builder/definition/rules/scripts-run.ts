import type { Rule } from './rule.ts';

/** scripts/ run in the live system in the order of their names, so each must be one that can run. */
export const scriptsRun: Rule = {
  name: 'scripts-run',
  severity: 'error',
  check: (image) =>
    [...image.entries.values()]
      .filter(({ path, kind }) => /^scripts\/[^/]+$/.test(path) && kind !== 'directory' && !/\/README/i.test(path))
      .filter(({ executable }) => !executable)
      .map(({ path }) => ({
        message: `${path} is not executable`,
        where: { file: image.show(path) },
        suggestion: `chmod +x ${image.show(path)}`,
      })),
};
