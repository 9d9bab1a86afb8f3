import { ExitCode, UnitError } from '../../kit/errors.ts';
import { settingAt } from '../../settings/index.ts';
import { type Change, type ChangeContext, DONE, due, type Parameters } from '../change.ts';
import { generateSecret } from '../generate.ts';

type P = Parameters<'secret'>;

/** A secret that is born on the unit once and kept, unless a setting gives its value. */
export const secret: Change<P> = {
  words: ({ name, from }) =>
    from === undefined
      ? {
          en: `The secret ${name} is generated on this unit.`,
          ja: `シークレット ${name} をこのユニットで生成します。`,
          ru: `Секрет ${name} создаётся на этом сервере.`,
        }
      : {
          en: `The secret ${name} is taken from the settings, or generated on this unit.`,
          ja: `シークレット ${name} を設定から取得するか、このユニットで生成します。`,
          ru: `Секрет ${name} берётся из настроек или создаётся на этом сервере.`,
        },

  async check(parameters, context) {
    const kept = await context.secrets.read(parameters.name);
    if (kept === undefined) return due('it is not there');
    const given = givenValue(parameters, context);
    return given === undefined || given === kept ? DONE : due('the settings give another value');
  },

  async apply(parameters, context) {
    const value = givenValue(parameters, context) ?? generateSecret(parameters.length ?? 32, parameters.alphabet ?? 'alphanumeric');
    await context.secrets.write(parameters.name, value);
  },
};

function givenValue(parameters: P, context: ChangeContext): string | undefined {
  if (parameters.from === undefined) return undefined;
  const value = settingAt(context.context.settings, parameters.from);
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw new UnitError(`the setting ${parameters.from} is no text, so it cannot be the secret ${parameters.name}`, {
    exitCode: ExitCode.step,
  });
}
