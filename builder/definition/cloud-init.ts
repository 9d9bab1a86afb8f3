/**
 * cloud-init's own schemas, taken from the root file system of the image (cloudinit/config/schemas/): what passes here is
 * what the very cloud-init of the unit accepts. The one of cloud-config is draft-04, those of network-config draft-07.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { segmentsOf, valueAt } from '../../firstboot/settings/pointer.ts';
import { plainViolations } from '../../firstboot/settings/words.ts';
import { ExitCode, type Problem, UserError } from '../kit/errors.ts';
import { readIfExists } from '../kit/files.ts';
import { compileSchema, type Validator } from '../kit/schema.ts';
import type { LoadedImage } from './definition.ts';
import { parseYaml, type SourceDocument } from './document.ts';
import { DEFINITION_FILE } from './resolve.ts';
import { located } from './violations.ts';

/** Where the package keeps its schemas, below the root of a unit. */
export const CLOUD_INIT_SCHEMAS = 'usr/lib/python3/dist-packages/cloudinit/config/schemas';

const FILES = {
  cloudConfig: 'schema-cloud-config-v1.json',
  network1: 'schema-network-config-v1.json',
  network2: 'schema-network-config-v2.json',
} as const;

interface Checker {
  schema: object;
  validator: Validator;
}

/** Compiled schemas; a document whose schema this cloud-init does not ship is not checked. */
export interface CloudInitSchemas {
  cloudConfig: Checker | undefined;
  network1: Checker | undefined;
  network2: Checker | undefined;
}

/** Reads the schemas in `folder`. Versions before 22.4 ship none of the network configuration. */
export async function readCloudInitSchemas(folder: string): Promise<CloudInitSchemas> {
  const read = async (file: string): Promise<object | undefined> => {
    const text = await readIfExists(join(folder, file));
    return text === undefined ? undefined : (JSON.parse(text) as object);
  };
  return compileCloudInitSchemas({
    cloudConfig: await read(FILES.cloudConfig),
    network1: await read(FILES.network1),
    network2: await read(FILES.network2),
  });
}

export function compileCloudInitSchemas(schemas: { [K in keyof CloudInitSchemas]: object | undefined }): CloudInitSchemas {
  return {
    cloudConfig: checker(schemas.cloudConfig, '04'),
    network1: checker(networkPart(schemas.network1, 1), '07'),
    network2: checker(networkPart(schemas.network2, 2), '07'),
  };
}

function checker(schema: object | undefined, draft: '04' | '07'): Checker | undefined {
  if (schema === undefined) return undefined;
  const whole = inlineReferences(schema);
  return { schema: whole, validator: compileSchema(whole, { draft, strict: false }) };
}

/** A document may stand below `network:` or not; the part is checked by itself, so that messages are about it alone. */
function networkPart(schema: object | undefined, version: 1 | 2): object | undefined {
  if (schema === undefined) return undefined;
  const part = valueAt(schema, ['$defs', `network_config_version${version}`]);
  return typeof part === 'object' && part !== null ? { $defs: valueAt(schema, ['$defs']), ...part } : schema;
}

/**
 * The schema with `$ref`s to its own definitions written out: then an error says which branch of which union it is from.
 * A definition that contains itself keeps its reference.
 */
function inlineReferences(schema: object): object {
  const visit = (node: unknown, open: readonly string[]): unknown => {
    if (Array.isArray(node)) return node.map((item) => visit(item, open));
    if (typeof node !== 'object' || node === null) return node;
    const { $ref: reference, ...rest } = node as Record<string, unknown>;
    const target = typeof reference === 'string' && reference.startsWith('#/') ? reference : undefined;
    if (target !== undefined && !open.includes(target)) {
      const found = valueAt(schema, segmentsOf(target.slice(1)).map(decodeURIComponent));
      return visit({ ...rest, ...(found as object) }, [...open, target]);
    }
    return Object.fromEntries(Object.entries(node).map(([name, member]) => [name, name === '$defs' ? member : visit(member, open)]));
  };
  return visit(schema, []) as object;
}

/** What is wrong with a cloud-config: `#cloud-config` user-data, or a file of cloud.cfg.d. */
export function cloudConfigProblems(document: SourceDocument, schemas: CloudInitSchemas, pointer = ''): Problem[] {
  return problems(schemas.cloudConfig, document, pointer);
}

/** What is wrong with a network-config, version 1 or 2, with `network:` around it or not. */
export function networkConfigProblems(document: SourceDocument, schemas: CloudInitSchemas): Problem[] {
  const pointer = valueAt(document.data, ['network']) === undefined ? '' : '/network';
  const version = valueAt(document.data, [...segmentsOf(pointer), 'version']);
  if (version === 1) return problems(schemas.network1, document, pointer);
  if (version === 2) return problems(schemas.network2, document, pointer);
  return [
    {
      message: 'a network configuration needs version: 1 or version: 2',
      where: document.locate(`${pointer}/version`),
      suggestion: 'Add version: 2.',
    },
  ];
}

function problems(checker: Checker | undefined, document: SourceDocument, pointer: string): Problem[] {
  if (checker === undefined) return [];
  const data = valueAt(document.data, segmentsOf(pointer));
  const violations = plainViolations(checker.validator(data), checker.schema, data);
  return located(
    violations.map((violation) => ({ ...violation, message: `cloud-init: ${violation.message}` })),
    document,
    pointer,
  );
}

/**
 * Checks the `cloudInit` fragment of an image against the schemas in `schemas` (a folder; an empty one checks nothing).
 * @throws UserError(definition) with every problem, at its place in image.yaml
 */
export async function validateCloudInitFragment(image: LoadedImage, schemas: string): Promise<void> {
  if (image.definition.cloudInit === undefined) return;
  const file = join(image.folder, DEFINITION_FILE);
  const { document, problems: faults } = parseYaml(await readFile(file), file);
  const found = document === undefined ? faults : cloudConfigProblems(document, await readCloudInitSchemas(schemas), '/cloudInit');
  throwIfAny(found);
}

/**
 * Checks every cloud-config file (`*.cfg`) in `folder` against the schemas in `schemas`.
 * @throws UserError(definition) with every problem
 */
export async function validateCloudConfigFiles(folder: string, schemas: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const compiled = await readCloudInitSchemas(schemas);
  const found: Problem[] = [];
  for (const name of names.filter((candidate) => candidate.endsWith('.cfg')).sort()) {
    const { document, problems: faults } = parseYaml(await readFile(join(folder, name)), name);
    found.push(...(document === undefined ? faults : cloudConfigProblems(document, compiled)));
  }
  throwIfAny(found);
}

function throwIfAny(found: readonly Problem[]): void {
  if (found.length === 0) return;
  throw new UserError("The cloud-config is not what the image's cloud-init accepts", {
    exitCode: ExitCode.definition,
    problems: found,
    remedies: ['https://docs.cloud-init.io/en/latest/reference/modules.html describes every member.'],
  });
}
