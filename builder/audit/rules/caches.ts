import { entryRule } from '../rule.ts';

/** Downloaded or collected by the build: they take room, and tell of it. */
const CACHES: readonly (readonly [pattern: RegExp, message: string])[] = [
  [/^\/var\/lib\/apt\/lists\/(?!partial$|auxfiles$|lock$)./, 'is a package list that is old when the unit starts'],
  [/^\/var\/cache\/apt\/(archives\/(?!partial$|lock$).|.*\.bin$)/, 'is a cache of apt'],
  [/^\/var\/lib\/systemd\/coredump\/.|^\/var\/crash\/.|^\/(.*\/)?core(\.\d+)?$/, 'is a core dump'],
  [/^\/var\/(spool\/)?mail\/./, 'is mail'],
  [/^\/var\/lib\/sudo\/(ts|lectured)\/.|^\/run\/sudo\/./, 'tells who used sudo'],
  [/^\/var\/lib\/(ntp|ntpsec|chrony|openntpd)\/(.*drift|chrony\.drift|.*\.dump)$/, "is the drift of the build machine's clock"],
  [/^\/var\/backups\/./, 'is a backup made during the build'],
];

export const caches = entryRule(
  {
    name: 'caches',
    title: 'There is nothing that the build collected',
    remedy: 'Remove it when the disk is sealed.',
  },
  ({ path, type }, { packages }) =>
    type === 'file' && !path.startsWith('/usr/') && packages.owner(path) === undefined
      ? CACHES.find(([pattern]) => pattern.test(path))?.[1]
      : undefined,
);
