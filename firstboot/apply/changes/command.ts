import { access } from 'node:fs/promises';

import { ExitCode, UnitError } from '../../kit/errors.ts';
import type { UserRunOptions } from '../../kit/system.ts';
import { type Change, type ChangeContext, DONE, due, type Parameters } from '../change.ts';
import { scaledTimeout } from '../timeout.ts';

type P = Parameters<'command'>;

/** A program run once: known to be done by `check`, by the file that it `creates`, or else by the journal. */
export const command: Change<P> = {
  words: ({ run }) => ({
    en: `The program ${run[0] ?? ''} is run.`,
    ja: `プログラム ${run[0] ?? ''} を実行します。`,
    ru: `Запускается программа ${run[0] ?? ''}.`,
  }),

  async check(parameters, context) {
    const { check, creates } = parameters;
    if (check !== undefined && !(await asks(check, parameters, context))) return due('its check says so');
    if (creates !== undefined && !(await exists(context.system.path(creates)))) return due(`${creates} is not there`);
    if (check !== undefined || creates !== undefined || context.appliedBefore) return DONE;
    return due('it was not run with these parameters');
  },

  async apply(parameters, context) {
    const [program = '', ...args] = parameters.run;
    const { stdin } = parameters;
    await context.system.run(program, args, {
      ...(await place(parameters, context)),
      timeout: await scaledTimeout(context.system, parameters.timeout ?? 600),
      ...(stdin === undefined ? {} : { input: stdin }),
      onLine: context.log,
    });
  },
};

async function asks(argv: readonly string[], parameters: P, context: ChangeContext): Promise<boolean> {
  const [program = '', ...args] = argv;
  const timeout = await scaledTimeout(context.system, parameters.timeout ?? 600);
  return (await context.system.ask(program, args, { ...(await place(parameters, context)), timeout })) === 0;
}

async function place({ user, cwd }: P, { system }: ChangeContext): Promise<UserRunOptions> {
  const folder = cwd === undefined ? undefined : system.path(cwd);
  if (folder !== undefined && !(await exists(folder))) throw new UnitError(`there is no folder ${cwd}`, { exitCode: ExitCode.step });
  return { ...(user === undefined ? {} : { user }), ...(folder === undefined ? {} : { cwd: folder }) };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
