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

/** Texts of variables, by name. */
type Texts = Readonly<Record<string, string>>;

/** All variables of a step: what a unit fills in that follows nobody. To one that does its definition leaves only its own. */
export function allTexts({ with: { values, own } }: VariablesStep): Texts {
  return { ...values, ...own };
}

/**
 * @param texts the variables that are filled in: a leader leaves its followers' own as they are
 * @throws UnitError where a value, a secret or the certificate is missing
 */
export async function renderTree(step: VariablesStep, texts: Texts, context: Context): Promise<TreeFile[]> {
  const { from, folder, own = {}, certificate } = step.with;
  const left = new Map(Object.keys(own).flatMap((name) => (name in texts ? [] : [[name, name]])));
  const values = await valuesOf(step.id, texts, context);
  for (const [name, value] of values) refuseNamesOf(left, name, value);
  const filling = { values: new Map([...values, ...left]), secret: secretNames(texts, context), left };
  const files = (await readSource(context.system, from, folder)).map((file) => fill(file, filling));
  if (certificate === undefined) return files;
  const pair = await readInUse(context.system);
  if (pair === undefined) throw new UnitError('this unit has no certificate that its files could have', { exitCode: ExitCode.step });
  const placed = (path: string, text: string, secretFile: boolean): TreeFile => ({
    path: replaceVariables(path, filling.values, path).text,
    mode: secretFile ? 0o640 : 0o644,
    data: Buffer.from(text).toString('base64'),
  });
  return [...files, placed(certificate.chain, pair.fullchain, false), placed(certificate.key, pair.privkey, true)];
}

/** What a leader gave out, with this unit's own variables filled in. @throws UnitError where a value or a secret is missing */
export async function fillOwn(step: VariablesStep, files: readonly TreeFile[], context: Context): Promise<TreeFile[]> {
  const { own: texts = {} } = step.with;
  const filling = { values: await valuesOf(step.id, texts, context), secret: secretNames(texts, context), left: new Map() };
  return files.map((file) => (file.own === true ? fill({ ...file, data: Buffer.from(file.data, 'base64') }, filling) : file));
}

/** Names of the variables in `texts` that are still to be generated. */
export async function missingSecrets(texts: readonly Texts[], { secrets }: Context): Promise<string[]> {
  const names = texts.flatMap((each) => Object.keys(each).filter((name) => each[name] === GENERATED));
  const kept = await Promise.all(names.map((name) => secrets.read(fileOf(name))));
  return [...new Set(names.filter((_, index) => kept[index] === undefined))];
}

export async function makeSecrets(texts: readonly Texts[], context: Context): Promise<void> {
  for (const name of await missingSecrets(texts, context))
    await context.secrets.write(fileOf(name), generateSecret(LENGTH, 'alphanumeric'));
}

/** No step's secret can have such a name. */
function fileOf(name: string): string {
  return `variable.${name}`;
}

function secretNames(texts: Texts, { secretSettings }: Context): string[] {
  return Object.keys(texts).filter((name) => texts[name] === GENERATED || holdsSecret(texts[name] ?? '', secretSettings));
}

/** A follower could not tell them from variables. */
function refuseNamesOf(left: Values, name: string, value: string): void {
  const [found] = replaceVariables(value, left, '').used;
  if (found === undefined) return;
  throw new UnitError(`the value of ${name} has ${found} in it, which is a variable that each unit fills in itself`, {
    exitCode: ExitCode.step,
    remedies: ['Change the setting that it comes from.'],
  });
}

async function valuesOf(id: string, texts: Texts, { context, secrets }: Context): Promise<Values> {
  const entries = Object.entries(texts).map(async ([name, text]): Promise<[string, string]> => {
    if (text !== GENERATED) return [name, renderTemplate(text, 'text', context, `step ${id}, ${name}`)];
    const value = await secrets.read(fileOf(name));
    if (value === undefined) throw new UnitError(`the secret of ${name} is not made yet`, { exitCode: ExitCode.step });
    return [name, value];
  });
  return new Map(await Promise.all(entries));
}

interface Filling {
  values: Values;
  /** Names of the values that are secrets. */
  secret: readonly string[];
  /** Among the values: variables that stay as they are. */
  left: Values;
}

/** What is no text stays as it is. Whoever may not know a secret may not read a file that has it. */
function fill({ path, mode, data }: SourceFile, { values, secret, left }: Filling): TreeFile {
  const name = replaceVariables(path, values, path);
  const text = data.includes(0) ? undefined : textOf(data);
  const content = text === undefined ? undefined : replaceVariables(text, values, name.text);
  const isPrivate = secret.some((each) => content?.used.has(each));
  const isOwn = [...left.keys()].some((each) => name.used.has(each) || content?.used.has(each));
  return {
    path: name.text,
    mode: isPrivate ? mode & 0o750 : mode,
    data: (content === undefined ? data : Buffer.from(content.text)).toString('base64'),
    ...(isOwn ? { own: true } : {}),
  };
}

function textOf(data: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return undefined;
  }
}
