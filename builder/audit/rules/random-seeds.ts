import { entryRule } from '../rule.ts';

/** systemd-random-seed.service(8), bootctl(1), systemd-creds(1). */
const SEED =
  /^\/var\/lib\/(systemd\/random-seed|systemd\/credential\.secret|urandom\/.+|random-seed|misc\/random-seed)$|\/loader\/random-seed$/;

export const randomSeeds = entryRule(
  {
    name: 'random-seeds',
    title: 'There is no random seed',
    remedy: 'Remove it when the disk is sealed, after the last service that writes it has stopped.',
    contained: true,
  },
  ({ path, type }) => (type !== 'directory' && SEED.test(path) ? 'is a random seed or secret that every unit would share' : undefined),
);
