/** A user with a group of its own and a locked password (useradd(8), usermod(8)). */
import type { Account } from '../../kit/system.ts';
import { type Change, type ChangeContext, DONE, due, type Parameters } from '../change.ts';

type P = Parameters<'user'>;

export const user: Change<P> = {
  words: ({ name }) => ({
    en: `The user ${name} is created.`,
    ja: `ユーザー ${name} を作成します。`,
    ru: `Создаётся пользователь ${name}.`,
  }),

  async check(parameters, { system }) {
    const account = await system.findAccount(parameters.name);
    if (account === undefined) return due('there is no such user');
    const groups = (await system.run('id', ['-nG', '--', parameters.name])).stdout.split(/\s+/);
    return difference(parameters, account, groups) ?? DONE;
  },

  async apply(parameters, context) {
    const { system } = context;
    const account = await system.findAccount(parameters.name);
    if (account === undefined) {
      const ownGroup = (await system.ask('getent', ['group', parameters.name])) === 0;
      await run(context, 'useradd', useraddArguments(parameters, ownGroup));
    } else {
      await run(context, 'usermod', usermodArguments(parameters));
    }
  },

  /** The account stays, as files may be its own; a password that a later step gave it does not. */
  async reset({ name }, context) {
    if ((await context.system.findAccount(name)) !== undefined) await run(context, 'usermod', ['--password', '!', '--', name]);
  },
};

function difference(wanted: P, account: Account, groups: readonly string[]): { done: false; why: string } | undefined {
  if (wanted.home !== undefined && account.home !== wanted.home) return { done: false, why: 'its home is another' };
  if (wanted.shell !== undefined && account.shell !== wanted.shell) return { done: false, why: 'its shell is another' };
  const missing = (wanted.groups ?? []).filter((group) => !groups.includes(group));
  return missing.length === 0 ? undefined : { done: false, why: `it is not in ${missing.join(', ')}` };
}

export function useraddArguments(wanted: P, groupExists: boolean): string[] {
  const system = wanted.system === true;
  const home = wanted.home ?? (system ? '/nonexistent' : `/home/${wanted.name}`);
  return [
    ...(system ? ['--system'] : []),
    ...(system && wanted.home === undefined ? ['--no-create-home'] : ['--create-home']),
    '--home-dir',
    home,
    '--shell',
    wanted.shell ?? (system ? '/usr/sbin/nologin' : '/bin/bash'),
    ...(groupExists ? ['--gid', wanted.name] : ['--user-group']),
    ...groupArguments(wanted),
    '--',
    wanted.name,
  ];
}

export function usermodArguments(wanted: P): string[] {
  return [
    ...(wanted.home === undefined ? [] : ['--home', wanted.home]),
    ...(wanted.shell === undefined ? [] : ['--shell', wanted.shell]),
    ...((wanted.groups ?? []).length === 0 ? [] : ['--append', ...groupArguments(wanted)]),
    '--',
    wanted.name,
  ];
}

function groupArguments(wanted: P): string[] {
  const groups = wanted.groups ?? [];
  return groups.length === 0 ? [] : ['--groups', groups.join(',')];
}

async function run({ system, log }: ChangeContext, program: string, args: readonly string[]): Promise<void> {
  await system.run(program, args, { onLine: log });
}
