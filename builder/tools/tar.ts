/** tar(1), GNU: archives with other people's ids and extended attributes. */

/** Unpacks as the image has it: numeric ids, capabilities and all. Device nodes are left out: a user cannot make them, and devtmpfs does. */
export function extractRootfsArguments(archive: string, folder: string): string[] {
  return [
    ...['--extract', '--file', archive, '--directory', folder, '--numeric-owner', '--same-owner', '--same-permissions'],
    ...['--xattrs', '--xattrs-include=*', '--exclude=./dev/*'],
  ];
}

/** Lays a small archive of ours over a tree that is there; folders that exist keep owner and mode. */
export function overlayTreeArguments(archive: string, folder: string): string[] {
  return [
    ...['--extract', '--file', archive, '--directory', folder, '--same-owner', '--same-permissions'],
    ...['--no-overwrite-dir', '--keep-directory-symlink'],
  ];
}
