/** An executable of the image's apply.d/, by the step protocol of firstboot/contract/step.ts. */
import { join } from 'node:path';

import { UNIT_PATHS } from '../../contract/unit.ts';
import { setAt, settingAt } from '../../settings/index.ts';
import { type Change, type ChangeContext, DONE, due, type Parameters } from '../change.ts';
import { scaledTimeout } from '../timeout.ts';

type P = Parameters<'executable'>;

export const executable: Change<P> = {
  words: ({ file }) => ({
    en: `The product's own step ${file} is run.`,
    ja: `製品独自の手順 ${file} を実行します。`,
    ru: `Выполняется собственный шаг продукта ${file}.`,
  }),

  async check(parameters, context) {
    const { exitCode, message } = await call('check', parameters, context, [0, 1]);
    return exitCode === 0 ? DONE : due(message ?? 'its check says so');
  },

  async apply(parameters, context) {
    const { message } = await call('apply', parameters, context, [0]);
    if (message !== undefined) context.log(message);
  },

  async reset(parameters, context) {
    await call('undo', parameters, context, [0]);
  },
};

async function call(
  verb: 'check' | 'apply' | 'undo',
  parameters: P,
  context: ChangeContext,
  okExitCodes: readonly number[],
): Promise<{ exitCode: number; message: string | undefined }> {
  const program = context.system.path(join(UNIT_PATHS.applyDir, parameters.file));
  const { exitCode, stdout } = await context.system.run(program, [verb], {
    input: JSON.stringify(protocolInput(parameters, context)),
    timeout: await scaledTimeout(context.system, parameters.timeout ?? 600),
    okExitCodes,
    onLine: (line) => {
      if (messageOf(line) === undefined) context.log(line);
    },
  });
  return { exitCode, message: messageOf(stdout.split('\n').at(-1) ?? '') };
}

/** What the executable reads: only the settings and secrets that its step declares. */
function protocolInput(parameters: P, context: Pick<ChangeContext, 'context' | 'secrets' | 'system'>): object {
  const settings: Record<string, unknown> = {};
  for (const path of parameters.reads ?? []) {
    const value = settingAt(context.context.settings, path);
    if (value !== undefined) setAt(settings, path, value);
  }
  const paths = (parameters.secrets ?? []).map((name) => [name, context.system.path(context.secrets.pathOf(name))] as const);
  return { settings, unit: context.context.unit, secrets: Object.fromEntries(paths) };
}

export function messageOf(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { message } = JSON.parse(line) as { message?: unknown };
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}
