import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Setup } from '../../firstboot/contract/unit.ts';
import { ANSWERS_KEY, applyDefaults, fixedViolations, isIncomplete, validateAnswers } from '../../firstboot/settings/index.ts';
import { CLOUD_INIT_SCHEMAS, cloudConfigProblems, readCloudInitSchemas } from '../definition/cloud-init.ts';
import { parseYaml, type SourceDocument } from '../definition/document.ts';
import { loadImage } from '../definition/load.ts';
import { show } from '../definition/resolve.ts';
import { located } from '../definition/violations.ts';
import { ExitCode, UserError } from '../kit/errors.ts';
import { writeFileAtomic } from '../kit/files.ts';
import { sha256 } from '../kit/hash.ts';
import { shellWord } from '../kit/shell-word.ts';
import { answersIso, answersUserData, base64 } from '../vm/seeds/answers.ts';
import { noCloudIso } from '../vm/seeds/nocloud.ts';
import { ovfEnvironmentIso } from '../vm/seeds/ovf-environment.ts';
import { answersFile } from './answers-file.ts';
import type { Cli, Session } from './cli.ts';
import { outFolder } from './out-folder.ts';

/** Longest string of a vApp property. */
const LONGEST_PROPERTY = 65_535;
/** The files hold passwords. */
const OWNER_ONLY = 0o600;

const EXAMPLES = `
Examples:
  unitsmith answers sphere > answers.yaml
  unitsmith seed sphere --answers answers.yaml
  unitsmith seed ./my-shop --answers mine.yaml --out seeds

Answers with \`unattended: true\` and a credential of the administrator set a unit up without a page; others wait on it.`;

interface Options {
  answers: string;
  out: string;
}

/** `unitsmith seed IMAGE --answers FILE`. */
export function register(cli: Cli): void {
  cli.program
    .command('seed')
    .description(
      'check an answers file, and make what carries it to a unit: CDs with a label, for NoCloud and for OVF, arguments for ovftool and govc',
    )
    .argument('<image>', 'name or folder of the image')
    .requiredOption('--answers <file>', 'the answers; unitsmith answers prints what to fill in')
    .option('--out <folder>', 'where the files go', 'out')
    .addHelpText('after', EXAMPLES)
    .action(cli.run('seed', seed));
}

async function seed(session: Session, name: string, options: Options): Promise<ExitCode> {
  const { ctx } = session;
  const path = await answersFile(options.answers);
  const out = await outFolder(options.out);
  const { definition, settingsSchema } = await loadImage(name, ctx);
  const answers = await readFile(path);
  checkAnswers(session, answers, path, { settingsSchema, setup: definition.setup });
  const userData = answersUserData(answers);
  await checkUserData(userData);
  const files = await writeFiles(session, out, definition.name, answers, userData);
  const words = argumentsOf(path, files.userData);
  ctx.events.emit({ type: 'result', command: 'seed', data: { files, ...words } });
  session.print(guideOf(files, words));
  return ExitCode.ok;
}

/** What the image says about answers. */
interface Decided {
  settingsSchema: object | undefined;
  setup: Setup | undefined;
}

/** By the validation of the unit. What is missing may be given there; what is wrong would not be taken. */
function checkAnswers({ ctx }: Session, bytes: Uint8Array, path: string, { settingsSchema, setup }: Decided): void {
  const { document, problems } = parseYaml(bytes, show(path, process.cwd()));
  if (document === undefined) throw refusal(path, problems);
  const violations = [...validateAnswers(document.data, settingsSchema), ...fixedViolations(setup, document.data)];
  // A file without its version is taken by nobody, though something is but missing.
  const wrong = violations.filter((violation) => !isIncomplete(violation) || violation.path === '');
  if (wrong.length > 0) throw refusal(path, located(wrong, document));
  for (const problem of located(violations, document)) ctx.events.emit({ type: 'finding', rule: 'answers', severity: 'warning', problem });
  if (!isUnattended(document, settingsSchema))
    ctx.events.warn('the answers do not say `unattended: true`: they will wait on the unit for `unitctl apply`');
}

function isUnattended({ data }: SourceDocument, settingsSchema: object | undefined): boolean {
  return applyDefaults(data, settingsSchema).unattended;
}

function refusal(path: string, problems: UserError['problems']): UserError {
  return new UserError(`${path} does not fit the settings of this image`, {
    exitCode: ExitCode.definition,
    problems,
    remedies: ['unitsmith answers IMAGE prints every setting with its type'],
  });
}

/** Where this host has a cloud-init, by its schema. */
async function checkUserData(userData: string): Promise<void> {
  const { document } = parseYaml(Buffer.from(userData), 'user-data');
  const problems = document === undefined ? [] : cloudConfigProblems(document, await readCloudInitSchemas(join('/', CLOUD_INIT_SCHEMAS)));
  if (problems.length > 0)
    throw new UserError("This host's cloud-init would not take the user-data", { exitCode: ExitCode.host, problems });
}

interface Files {
  answersDisk: string;
  nocloud: string;
  ovfEnvironment: string;
  userData: string;
}

async function writeFiles({ ctx, cleanup }: Session, out: string, image: string, answers: Uint8Array, userData: string): Promise<Files> {
  const property = base64(answers);
  if (property.length > LONGEST_PROPERTY) {
    throw new UserError(`The answers are too long for a vApp property: ${property.length} characters in base64`, {
      exitCode: ExitCode.usage,
      why: `a property holds up to ${LONGEST_PROPERTY}`,
      remedies: ['shorten them, and give what is large by unitctl apply'],
    });
  }
  const files: Files = {
    answersDisk: join(out, `${image}-answers.iso`),
    nocloud: join(out, `${image}-nocloud.iso`),
    ovfEnvironment: join(out, `${image}-ovf-environment.iso`),
    userData: join(out, `${image}-user-data.yaml`),
  };
  // By content: cloud-init does its work again for another one.
  const instance = `answers-${sha256(answers).slice(0, 16)}`;
  const metaData = JSON.stringify({ 'instance-id': instance });
  const isos = [
    [await answersIso(ctx, answers, cleanup), files.answersDisk],
    [await noCloudIso(ctx, { userData, metaData }, cleanup), files.nocloud],
    [await ovfEnvironmentIso(ctx, { [ANSWERS_KEY]: property }, cleanup), files.ovfEnvironment],
  ] as const;
  await writeFileAtomic(files.userData, userData, OWNER_ONLY);
  for (const [iso, to] of isos) await writeFileAtomic(to, await readFile(iso), OWNER_ONLY);
  return files;
}

interface Words {
  /** Shell words: the answers come out of files when the shell runs them, so that this output holds no secret. */
  /** The value of the vApp property `unit.answers`. */
  property: string;
  ovftool: readonly string[];
  govc: readonly string[];
  extraConfig: Readonly<Record<string, string>>;
}

function argumentsOf(answers: string, userData: string): Words {
  const encoded = (file: string): string => `"$(base64 -w0 ${shellWord(file)})"`;
  const property = encoded(answers);
  const extraConfig = { 'guestinfo.userdata': encoded(userData), 'guestinfo.userdata.encoding': 'base64' };
  return {
    property,
    ovftool: [`--prop:${ANSWERS_KEY}=${property}`],
    govc: Object.entries(extraConfig).flatMap(([key, value]) => ['-e', `${key}=${value}`]),
    extraConfig,
  };
}

function guideOf(files: Files, { property, ovftool, govc, extraConfig }: Words): string {
  const shown = (path: string): string => shellWord(show(path, process.cwd()));
  const settings = Object.entries(extraConfig).map(([key, value]) => `--extraConfig:${key}=${value}`);
  return [
    'These files hold the answers, passwords too:',
    `  ${shown(files.answersDisk)}  a CD that units read by its label: attach it before the first boot`,
    `  ${shown(files.nocloud)}  a CD for cloud-init (NoCloud): attach it before the first boot`,
    `  ${shown(files.ovfEnvironment)}  a CD with the OVF environment, for whatever has no vApp properties`,
    `  ${shown(files.userData)}  user-data, for clouds and other datasources`,
    '',
    'Each of these alone will do.',
    '',
    'ovftool, as a vApp property; on a single ESXi host with --X:injectOvfEnv --powerOn:',
    `  ${ovftool.join(' ')}`,
    'ovftool, as user-data in the advanced settings:',
    `  --allowExtraConfig ${settings.join(' ')}`,
    'govc, as user-data, before the first boot:',
    `  govc vm.change -vm NAME ${govc.join(' ')}`,
    'govc, as a vApp property, in what govc import.spec wrote:',
    `  jq --arg answers ${property} '(.PropertyMapping[] | select(.Key == "${ANSWERS_KEY}")).Value = $answers' options.json`,
  ].join('\n');
}
