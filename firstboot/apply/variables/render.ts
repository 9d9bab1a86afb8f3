/** The files of a `variables` step with values in them: for this unit, or by a leader for those who follow it. */
import type { TreeFile } from '../../contract/cluster.ts';
import type { StepOf } from '../../contract/step.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import { readInUse } from '../../sections/certificate/place.ts';
import type { ChangeContext } from '../change.ts';
import { holdsSecret } from '../changes/template.ts';
import { generateSecret } from '../generate.ts';
import { renderTemplate } from '../template/render.ts';
import { replaceVariables, type Values } from './replace.ts';
import { readSource, type SourceFile } from './source.ts';

export type VariablesStep = StepOf<'variables'>;
type Context = Pick<ChangeContext, 'system' | 'context' | 'secretSettings' | 'secrets'>;

/** Value of a variable that the unit makes itself, once for all files that have it. */
const GENERATED = 'SECRET';
const LENGTH = 32;

/** @throws UnitError where a value, a secret or the certificate is missing */
export async function renderTree(step: VariablesStep, context: Context): Promise<TreeFile[]> {
  const { from, folder, values: texts, certificate } = step.with;
  const values = await valuesOf(step, context);
  const secret = Object.keys(texts).filter((name) => texts[name] === GENERATED || holdsSecret(texts[name] ?? '', context.secretSettings));
  const files = (await readSource(context.system, from, folder)).map((file) => fill(file, values, secret));
  if (certificate === undefined) return files;
  const pair = await readInUse(context.system);
  if (pair === undefined) throw new UnitError('this unit has no certificate that its files could have', { exitCode: ExitCode.step });
  const placed = (path: string, text: string, secretFile: boolean): TreeFile => ({
    path: replaceVariables(path, values, path).text,
    mode: secretFile ? 0o640 : 0o644,
    data: Buffer.from(text).toString('base64'),
  });
  return [...files, placed(certificate.chain, pair.fullchain, false), placed(certificate.key, pair.privkey, true)];
}

/** Names of the variables of `steps` that are still to be generated. */
export async function missingSecrets(steps: readonly VariablesStep[], { secrets }: Context): Promise<string[]> {
  const names = steps.flatMap(({ with: { values } }) => Object.keys(values).filter((name) => values[name] === GENERATED));
  const kept = await Promise.all(names.map((name) => secrets.read(fileOf(name))));
  return [...new Set(names.filter((_, index) => kept[index] === undefined))];
}

export async function makeSecrets(steps: readonly VariablesStep[], context: Context): Promise<void> {
  for (const name of await missingSecrets(steps, context))
    await context.secrets.write(fileOf(name), generateSecret(LENGTH, 'alphanumeric'));
}

/** No step's secret can have such a name. */
function fileOf(name: string): string {
  return `variable.${name}`;
}

async function valuesOf({ id, with: { values } }: VariablesStep, { context, secrets }: Context): Promise<Values> {
  const entries = Object.entries(values).map(async ([name, text]): Promise<[string, string]> => {
    if (text !== GENERATED) return [name, renderTemplate(text, 'text', context, `step ${id}, ${name}`)];
    const value = await secrets.read(fileOf(name));
    if (value === undefined) throw new UnitError(`the secret of ${name} is not made yet`, { exitCode: ExitCode.step });
    return [name, value];
  });
  return new Map(await Promise.all(entries));
}

/** What is no text stays as it is. Whoever may not know a secret may not read a file that has it. */
function fill({ path, mode, data }: SourceFile, values: Values, secret: readonly string[]): TreeFile {
  const own = replaceVariables(path, values, path).text;
  const text = data.includes(0) ? undefined : textOf(data);
  if (text === undefined) return { path: own, mode, data: data.toString('base64') };
  const replaced = replaceVariables(text, values, own);
  const isPrivate = secret.some((name) => replaced.used.has(name));
  return { path: own, mode: isPrivate ? mode & 0o750 : mode, data: Buffer.from(replaced.text).toString('base64') };
}

function textOf(data: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return undefined;
  }
}
