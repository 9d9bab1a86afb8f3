import type { Found, Rule } from '../rule.ts';

/** Without these the audit itself would not be sound: what a reader sees must be what the unit sees. */
export const fileSystem: Rule = {
  name: 'file-system',
  title: 'The file systems are whole and were unmounted in order',
  remedy: 'Shut the build down in order (systemctl poweroff) and wait until it is off.',
  check({ tree }) {
    const found: Found[] = [];
    if (tree.superblock.journalPending) found.push({ path: '/', message: 'has changes in the journal only: it was not unmounted' });
    if (!tree.superblock.clean) found.push({ path: '/', message: 'is not marked clean' });
    if (tree.superblock.errorsRecorded) found.push({ path: '/', message: 'has recorded errors' });
    if (tree.efi === 'unreadable')
      found.push({ path: '/boot/efi', message: 'is an EFI partition without a FAT file system that can be read' });
    for (const { path } of tree.entries) if (path.includes('\uFFFD')) found.push({ path, message: 'has a name that is not UTF-8' });
    return found;
  },
};
