import { contents } from '../archive.ts';
import type { Rule } from '../rule.ts';

export const tarOwner: Rule = {
  name: 'tar-owner',
  severity: 'warning',
  scope: 'archive',
  demand: 'Members belong to user and group 0 and have mode 0644.',
  check: (archive) =>
    contents(archive)
      .filter(({ mode, uid, gid }) => (mode & 0o7777) !== 0o644 || uid !== 0 || gid !== 0)
      .map(({ name, mode, uid, gid }) => ({
        message: `${name} belongs to ${uid}:${gid} and has mode ${(mode & 0o7777).toString(8).padStart(4, '0')}`,
        where: { file: archive.path },
        remedy: 'Write the archive with: tar --owner=0 --group=0 --mode=0644.',
      })),
};
