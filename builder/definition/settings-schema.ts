/**
 * The check of an image's settings.schema.json: JSON Schema (draft-07) of which the wizard's form, the answers file and
 * OVF properties are made, so it is held to what all of these can show. References are not supported: write it out.
 */
import Type from 'typebox';

import { RoleName } from '../../firstboot/contract/role.ts';
import { Texts } from '../../firstboot/contract/texts.ts';
import { MAX_OVF_PROPERTIES, type SettingSchema } from '../../firstboot/settings/annotations.ts';
import { answersSchema } from '../../firstboot/settings/answers.ts';
import { pointerOf } from '../../firstboot/settings/pointer.ts';
import { validateBy } from '../../firstboot/settings/validate.ts';
import { settingsOf } from '../../firstboot/settings/walk.ts';
import { plainViolations } from '../../firstboot/settings/words.ts';
import type { Problem } from '../kit/errors.ts';
import { compileSchema, type Validator } from '../kit/schema.ts';
import type { SourceDocument } from './document.ts';
import { located } from './violations.ts';

const SCALARS = ['string', 'integer', 'number', 'boolean'] as const;
const strict = { additionalProperties: false } as const;
const Any = Type.Unknown();
const Count = Type.Integer({ minimum: 0 });

/** One node: what its keywords may be. Sub-schemas are nodes themselves and checked one by one. */
const SettingNode = Type.Object(
  {
    $schema: Type.Optional(Type.Literal('http://json-schema.org/draft-07/schema#')),
    title: Type.Optional(Type.String()),
    description: Type.Optional(Type.String()),
    type: Type.Enum([...SCALARS, 'object', 'array']),
    properties: Type.Optional(
      Type.Record(Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_]*$' }), Any, {
        ...strict,
        propertyNames: { description: 'Names of settings are letters and digits, a letter first' },
      }),
    ),
    required: Type.Optional(Type.Array(Type.String(), { uniqueItems: true })),
    additionalProperties: Type.Optional(Any),
    items: Type.Optional(Any),
    default: Type.Optional(Any),
    examples: Type.Optional(Type.Array(Any)),
    enum: Type.Optional(Type.Array(Any, { minItems: 1, uniqueItems: true })),
    const: Type.Optional(Any),
    minLength: Type.Optional(Count),
    maxLength: Type.Optional(Count),
    pattern: Type.Optional(Type.String()),
    format: Type.Optional(Type.String()),
    minimum: Type.Optional(Type.Number()),
    maximum: Type.Optional(Type.Number()),
    exclusiveMinimum: Type.Optional(Type.Number()),
    exclusiveMaximum: Type.Optional(Type.Number()),
    multipleOf: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    minItems: Type.Optional(Count),
    maxItems: Type.Optional(Count),
    uniqueItems: Type.Optional(Type.Boolean()),
    minProperties: Type.Optional(Count),
    maxProperties: Type.Optional(Count),
    allOf: Type.Optional(Any),
    not: Type.Optional(Any),
    if: Type.Optional(Any),
    // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
    then: Type.Optional(Any),
    else: Type.Optional(Any),
    writeOnly: Type.Optional(Type.Boolean()),
    'x-titles': Type.Optional(Texts),
    'x-help': Type.Optional(Texts),
    'x-ovf': Type.Optional(
      Type.Union([
        Type.Literal(true),
        Type.Object(
          {
            order: Type.Optional(Type.Integer({ minimum: 1, maximum: 999 })),
            label: Type.Optional(Type.String({ minLength: 1, maxLength: 80 })),
            category: Type.Optional(Type.String({ minLength: 1, maxLength: 80 })),
          },
          strict,
        ),
      ]),
    ),
    'x-roles': Type.Optional(Type.Array(RoleName, { minItems: 1, uniqueItems: true })),
    'x-generate': Type.Optional(
      Type.Object({ length: Type.Integer({ minimum: 8, maximum: 1024 }), alphabet: Type.Enum(['alphanumeric', 'hex', 'base64']) }, strict),
    ),
    'x-choices': Type.Optional(Type.Record(Type.String(), Texts)),
    'x-requires': Type.Optional(Type.Array(Type.String(), { uniqueItems: true })),
  },
  strict,
);

interface Node {
  pointer: string;
  schema: SettingSchema;
  /** Whether the object that holds it requires it; undefined for the root and for items of lists. */
  required: boolean | undefined;
  /** The list or free map that it is part of: one setting, of which this is none. */
  within: SettingSchema | undefined;
}

type Fault = { at: string; message: string; suggestion: string };

/** Whether its value is one text, number, or yes and no. */
export function isScalarSetting({ type }: SettingSchema): boolean {
  return SCALARS.some((scalar) => scalar === type);
}

/** Everything that is wrong with a settings schema, with positions. */
export function settingsSchemaProblems(document: SourceDocument): Problem[] {
  const validator = compileSchema(SettingNode);
  const nodes = nodesOf({ pointer: '', schema: document.data as SettingSchema, required: undefined, within: undefined });
  const problems = nodes.flatMap((node) => nodeProblems(node, validator, document));
  if (problems.length > 0) return problems;
  const compiled = compileProblems(document);
  if (compiled.length > 0) return compiled;
  return [...nodes.flatMap((node) => NODE_RULES.flatMap((rule) => rule(node))), ...tooManyProperties(document)].map((fault) => ({
    message: fault.message,
    where: document.locate(fault.at),
    suggestion: fault.suggestion,
  }));
}

function nodesOf(node: Node): Node[] {
  const { schema, pointer, within } = node;
  if (!isRecord(schema)) return [node];
  const properties = isRecord(schema.properties) ? Object.entries(schema.properties) : [];
  const required: unknown = schema.required;
  const children: Node[] = properties.map(([name, child]) => ({
    pointer: `${pointer}/properties${pointerOf([name])}`,
    schema: child as SettingSchema,
    required: Array.isArray(required) && required.includes(name),
    within,
  }));
  if (schema.items !== undefined)
    children.push({ pointer: `${pointer}/items`, schema: schema.items, required: undefined, within: within ?? schema });
  if (isRecord(schema.additionalProperties)) {
    children.push({
      pointer: `${pointer}/additionalProperties`,
      schema: schema.additionalProperties as SettingSchema,
      required: undefined,
      within: within ?? schema,
    });
  }
  return [node, ...children.flatMap(nodesOf)];
}

function nodeProblems(node: Node, validator: Validator, document: SourceDocument): Problem[] {
  const violations = plainViolations(validator(node.schema), SettingNode, node.schema, { showValues: true });
  const name = node.pointer === '' ? 'the schema' : nameOf(node);
  return located(
    violations.map((violation) => ({ ...violation, message: violation.message.replace(/^the document/, name) })),
    document,
    node.pointer,
  );
}

/** What only the compiler knows: patterns that are no regular expressions, unknown formats, contradictions. */
function compileProblems(document: SourceDocument): Problem[] {
  try {
    validateBy(answersSchema(document.data as object), {});
    return [];
  } catch (error) {
    return [
      {
        message: `the schema cannot be used: ${(error as Error).message}`,
        where: document.locate(''),
        suggestion: 'See JSON Schema draft-07.',
      },
    ];
  }
}

type NodeRule = (node: Node) => Fault[];

const rootIsObject: NodeRule = ({ pointer, schema }) =>
  pointer === '' && schema.type !== 'object'
    ? [{ at: '/type', message: 'the schema must be of an object', suggestion: 'Write "type": "object".' }]
    : [];

/** Without it a slip in an answers file would go unnoticed. */
const objectIsClosed: NodeRule = ({ pointer, schema }) =>
  schema.type === 'object' && (schema.additionalProperties === undefined || schema.additionalProperties === true)
    ? [
        {
          at: pointer,
          message: `${nameOf({ pointer })} takes any name, so slips in an answers file would go unnoticed`,
          suggestion: 'Add "additionalProperties": false.',
        },
      ]
    : [];

const requiredExists: NodeRule = ({ pointer, schema }) =>
  (schema.required ?? []).flatMap((name, index) =>
    schema.properties?.[name] === undefined
      ? [
          {
            at: `${pointer}/required/${index}`,
            message: `"${name}" is required, but is no setting here`,
            suggestion: 'Declare it in properties, or remove it.',
          },
        ]
      : [],
  );

const requiresExist: NodeRule = ({ pointer, schema }) =>
  (schema['x-requires'] ?? []).flatMap((path, index) => {
    const known = pointer === '' && settingsOf(answersSchema(undefined)).some((setting) => setting.path === path);
    if (known) return [];
    const message = `x-requires: "${path}" is no setting that every unit has`;
    return [
      { at: `${pointer}/x-requires/${index}`, message, suggestion: 'It is for settings such as domain.name, at the root of the schema.' },
    ];
  });

const settingHasTitle: NodeRule = ({ pointer, schema, required }) =>
  required !== undefined && schema['x-titles'] === undefined
    ? [{ at: pointer, message: `${nameOf({ pointer })} has no title`, suggestion: 'Add "x-titles": { "en": "..." }: the form shows it.' }]
    : [];

const defaultIsValid: NodeRule = ({ pointer, schema }) =>
  schema.default === undefined
    ? []
    : validateBy(withoutRoot(schema), schema.default).map((violation) => ({
        at: `${pointer}/default${violation.path}`,
        message: `the default of ${nameOf({ pointer })} breaks its own rules: ${violation.message}`,
        suggestion: violation.suggestion ?? 'Change the default or the rule.',
      }));

/** No password is in an image (rule 1 of the design): a default would be one. */
const secretHasNoDefault: NodeRule = ({ pointer, schema }) =>
  schema.writeOnly === true && schema.default !== undefined
    ? [
        {
          at: `${pointer}/default`,
          message: `${nameOf({ pointer })} is a secret with a default: every unit would have the same one`,
          suggestion: 'Remove the default; "x-generate" makes one on the unit.',
        },
      ]
    : [];

/** Secrets are kept, hidden and scrubbed by setting: a part of one, or a group of some, would be shown and logged. */
const secretIsSetting: NodeRule = ({ pointer, schema, within }) => {
  if (schema.writeOnly !== true || within?.writeOnly === true) return [];
  const at = `${pointer}/writeOnly`;
  const name = nameOf({ pointer });
  if (within !== undefined) {
    const message = `${name} is a secret in a list or free map, which is kept and shown as a whole`;
    return [{ at, message, suggestion: 'Give "writeOnly": true to the whole list or map, or make each secret a setting of its own.' }];
  }
  if (schema.properties === undefined) return [];
  return [{ at, message: `${name} is a group, and no secret itself`, suggestion: 'Give "writeOnly": true to each secret setting in it.' }];
};

const ovfIsScalar: NodeRule = ({ pointer, schema }) =>
  schema['x-ovf'] !== undefined && !isScalarSetting(schema)
    ? [
        {
          at: `${pointer}/x-ovf`,
          message: `${nameOf({ pointer })} is no scalar, so it cannot be an OVF property`,
          suggestion: 'Remove "x-ovf".',
        },
      ]
    : [];

const generatedIsSecret: NodeRule = ({ pointer, schema, required }) => {
  if (schema['x-generate'] === undefined) return [];
  const at = `${pointer}/x-generate`;
  const name = nameOf({ pointer });
  if (schema.type !== 'string' || schema.writeOnly !== true) {
    return [{ at, message: `${name} is generated, but is no secret text`, suggestion: 'Give it "type": "string" and "writeOnly": true.' }];
  }
  if (required === true) return [{ at, message: `${name} is required and generated at once`, suggestion: 'Remove it from "required".' }];
  return [];
};

const NODE_RULES: readonly NodeRule[] = [
  rootIsObject,
  objectIsClosed,
  requiredExists,
  requiresExist,
  settingHasTitle,
  defaultIsValid,
  secretHasNoDefault,
  secretIsSetting,
  ovfIsScalar,
  generatedIsSecret,
];

function tooManyProperties(document: SourceDocument): Fault[] {
  const marked = settingsOf(answersSchema(document.data as object)).filter(({ schema }) => schema['x-ovf'] !== undefined);
  const own = marked.filter(({ path }) => path.startsWith('product.'));
  const limit = MAX_OVF_PROPERTIES - (marked.length - own.length);
  return own.slice(limit).map(({ path }) => ({
    at: pointerOf(
      path
        .split('.')
        .slice(1)
        .flatMap((name) => ['properties', name]),
    ),
    message: `more than ${limit} settings are marked "x-ovf"; ${MAX_OVF_PROPERTIES - limit} more are every unit's own`,
    suggestion: 'Keep it for what an import without the setup page cannot do without.',
  }));
}

function withoutRoot(schema: SettingSchema): SettingSchema {
  const { $schema: _, ...rest } = schema;
  return rest;
}

/** `admin.email` for `/properties/admin/properties/email`. */
function nameOf({ pointer }: Pick<Node, 'pointer'>): string {
  const name = pointer
    .replace(/^\/properties\//, '')
    .replaceAll('/properties/', '.')
    .replaceAll('/items', '[]')
    .replaceAll('/additionalProperties', '{}');
  return name === '' ? 'the schema' : name;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
