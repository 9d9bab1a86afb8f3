import { entryRule } from '../rule.ts';

export const worldWritable = entryRule(
  {
    name: 'world-writable',
    title: 'Not everybody may write where programs and settings are',
    remedy: 'Take the right to write from others: chmod o-w.',
  },
  ({ path, type, mode }) =>
    type !== 'link' && (mode & 0o002) !== 0 && /^\/(etc|usr|boot|opt|lib|bin|sbin)(\/|$)/.test(path)
      ? `can be written by everybody (mode ${mode.toString(8)})`
      : undefined,
);
