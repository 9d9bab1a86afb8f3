import { USTAR_LIMIT } from '../../formats/ova/ustar.ts';
import type { TarMember } from '../archive.ts';
import type { Rule } from '../rule.ts';

function wrongDialect({ type, dialect, binarySize }: TarMember, large: boolean): string | undefined {
  if (type === 'x' || type === 'g') return 'a PAX record, which vSphere does not read';
  if (type === 'L' || type === 'K') return 'a long name of GNU tar, which vSphere does not read';
  if (dialect === 'v7') return 'a header without the ustar magic';
  if (dialect === 'gnu' && !large) return 'a GNU header, though every member is below 8 GiB';
  return binarySize && dialect === 'ustar' ? 'a binary size in a ustar header, which only GNU headers have' : undefined;
}

export const tarDialect: Rule = {
  name: 'tar-dialect',
  severity: 'error',
  scope: 'archive',
  demand: 'Members are ustar, GNU where one is 8 GiB or larger, and never PAX.',
  check: (archive) => {
    const large = archive.members.some(({ size }) => size >= USTAR_LIMIT);
    return archive.members.flatMap((member) => {
      const why = wrongDialect(member, large);
      return why === undefined
        ? []
        : [
            {
              message: `${member.name}: ${why}`,
              where: { file: archive.path },
              remedy: 'Write the archive with: tar --format=ustar (--format=gnu from 8 GiB on).',
            },
          ];
    });
  },
};
