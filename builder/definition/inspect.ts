/** Reads an image folder and finds everything that is wrong with it. `load.ts` turns findings into an error. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { SettingSchema } from '../../firstboot/settings/annotations.ts';
import { withRoles } from '../../firstboot/settings/roles.ts';
import type { Problem } from '../kit/errors.ts';
import { ImageDefinition } from './definition.ts';
import { type Parsed, parseJson, parseYaml, type SourceDocument } from './document.ts';
import { type Folder, folderProblems, readFolder } from './folder.ts';
import { DEFINITION_FILE, show } from './resolve.ts';
import { RULES } from './rules/index.ts';
import type { ImageUnderCheck } from './rules/rule.ts';
import { ROLE_ANSWERS, SAMPLE_ANSWERS } from './rules/sample-answers.ts';
import { settingsSchemaProblems } from './settings-schema.ts';
import { templateTexts } from './texts.ts';
import { schemaProblems } from './violations.ts';

const SETTINGS_FILE = 'settings.schema.json';

export interface Finding {
  /** Name of a cross-field rule, or `folder`, `syntax`, `schema`, `settings-schema`. */
  rule: string;
  severity: 'error' | 'warning';
  problem: Problem;
}

export interface Inspection {
  findings: Finding[];
  /** What was read; undefined where the definition could not be. */
  image: ImageUnderCheck | undefined;
}

export interface InspectOptions {
  cwd: string;
  auditRules?: readonly string[] | undefined;
}

/** All findings of the image in `folder`. Rules run once the definition fits its schema: before, they would stumble. */
export async function inspectImage(folder: string, options: InspectOptions): Promise<Inspection> {
  const shown = (path: string): string => show(join(folder, path), options.cwd);
  const entries = await readFolder(folder);
  const findings = asFindings('folder', await folderProblems(folder, entries, shown));
  // A link out of the folder must not be followed, not even to report what is wrong behind it.
  if (findings.length > 0) return { findings, image: undefined };

  const definition = await readDocument(folder, DEFINITION_FILE, shown, parseYaml);
  const settings = await readOptional(folder, SETTINGS_FILE, entries, shown, parseJson);
  const answers = await readOptional(folder, SAMPLE_ANSWERS, entries, shown, parseYaml);
  const roleAnswers = await readRoleAnswers(entries, (path) => readOptional(folder, path, entries, shown, parseYaml));
  for (const parsed of [definition, settings, answers, ...Object.values(roleAnswers)])
    findings.push(...asFindings('syntax', parsed?.problems ?? []));

  const schema = definition.document === undefined ? [] : schemaProblems(ImageDefinition, definition.document);
  findings.push(...asFindings('schema', schema));
  const settingsProblems = settings?.document === undefined ? [] : settingsSchemaProblems(settings.document);
  findings.push(...asFindings('settings-schema', settingsProblems));
  if (findings.length > 0 || definition.document === undefined) return { findings, image: undefined };

  const image: ImageUnderCheck = {
    definition: definition.document.data as ImageDefinition,
    document: definition.document,
    folder,
    entries,
    show: shown,
    settings: asSettings(settings?.document, definition.document.data as ImageDefinition),
    answers: answers?.document,
    roleAnswers: Object.fromEntries(
      Object.entries(roleAnswers).flatMap(([role, { document }]) => (document === undefined ? [] : [[role, document]])),
    ),
    texts: [],
    auditRules: options.auditRules,
  };
  const whole = { ...image, texts: await templateTexts(image) };
  for (const rule of RULES) findings.push(...asFindings(rule.name, rule.check(whole), rule.severity));
  return { findings, image: whole };
}

async function readDocument(
  folder: string,
  path: string,
  shown: (path: string) => string,
  parse: (bytes: Uint8Array, file: string) => Parsed,
): Promise<Parsed> {
  return parse(await readFile(join(folder, path)), shown(path));
}

async function readRoleAnswers(entries: Folder, read: (path: string) => Promise<Parsed | undefined>): Promise<Record<string, Parsed>> {
  const found: Record<string, Parsed> = {};
  for (const path of entries.keys()) {
    const role = ROLE_ANSWERS.exec(path)?.[1];
    const parsed = role === undefined ? undefined : await read(path);
    if (role !== undefined && parsed !== undefined) found[role] = parsed;
  }
  return found;
}

async function readOptional(
  folder: string,
  path: string,
  entries: Folder,
  shown: (path: string) => string,
  parse: (bytes: Uint8Array, file: string) => Parsed,
): Promise<Parsed | undefined> {
  return entries.get(path)?.readable === true ? readDocument(folder, path, shown, parse) : undefined;
}

function asSettings(document: SourceDocument | undefined, { roles }: ImageDefinition): ImageUnderCheck['settings'] {
  return document === undefined ? undefined : { schema: withRoles(document.data as SettingSchema, roles), document };
}

function asFindings(rule: string, problems: readonly Problem[], severity: Finding['severity'] = 'error'): Finding[] {
  return problems.map((problem) => ({ rule, severity, problem }));
}
