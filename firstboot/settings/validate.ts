/** The one validation behind every door: wizard, OVF environment, cloud-init, answers file, unitctl, and the builder's sample. */
import { Ajv, type ValidateFunction } from 'ajv';
import formatsPlugin from 'ajv-formats';

import { ANNOTATIONS, type SettingSchema } from './annotations.ts';
import { answersSchema, type Settings } from './answers.ts';
import { applyDefaults } from './defaults.ts';
import { settingAt } from './pointer.ts';
import { schemaForAnswers } from './roles.ts';
import { MISSING, RULES } from './rules.ts';
import { plainViolations, type Violation } from './words.ts';

// The plugin is CommonJS: under Node's ESM loader the callable sits one level deeper than its types say.
const addFormats = ('default' in formatsPlugin ? formatsPlugin.default : formatsPlugin) as unknown as (ajv: Ajv) => Ajv;

/**
 * Everything that is wrong with `answers`, in plain words and without their values (they may be secrets); an empty list
 * where they are good. Defaults count as given, so a required setting with a default may be left out.
 * @throws Error where `productSchema` is no schema: the builder checked it, so that is a bug.
 */
export function validateAnswers(answers: unknown, productSchema: object | undefined): Violation[] {
  const schema = answersSchema(schemaForAnswers(productSchema, answers));
  const settings = typeof answers === 'object' && answers !== null ? applyDefaults(answers, productSchema) : answers;
  const violations = validateBy(schema, settings);
  if (violations.some((violation) => violation.keyword === 'type')) return violations;
  return [
    ...violations,
    ...missingForProduct(settings as object, productSchema as SettingSchema | undefined),
    ...RULES.flatMap((rule) => rule(settings as Partial<Settings>)),
  ];
}

/** What a unit can do without, and this product cannot: `x-requires`. */
function missingForProduct(settings: object, productSchema: SettingSchema | undefined): Violation[] {
  return (productSchema?.['x-requires'] ?? [])
    .filter((path) => settingAt(settings, path) === undefined)
    .map((path) => ({
      path: `/${path.split('.')[0]}`,
      keyword: MISSING.forProduct,
      message: `"${path}" is missing: this product cannot do without`,
      suggestion: `Add ${path}.`,
    }));
}

const MISSING_KEYWORDS: readonly string[] = ['required', ...Object.values(MISSING)];

/** True where a violation is of something that is missing: answers with no other ones are a good beginning. */
export function isIncomplete(violation: Violation): boolean {
  return MISSING_KEYWORDS.includes(violation.keyword);
}

/** One for all schemas: making its meta-schema ready takes longer than everything else. */
const ajv = new Ajv({
  allErrors: true,
  strict: true,
  strictRequired: false,
  strictTypes: false,
  allowUnionTypes: true,
  code: { optimize: false },
});
addFormats(ajv);
ajv.addVocabulary([...ANNOTATIONS]);

function compile(schema: object): ValidateFunction {
  try {
    return ajv.compile(schema);
  } finally {
    // Every call has a schema of its own, which would be kept for ever, and the names in it be taken.
    ajv.removeSchema(schema);
  }
}

/** Violations of any settings schema, whole or part (one section's form), in plain words. */
export function validateBy(schema: object, data: unknown): Violation[] {
  const validate = compile(schema);
  if (validate(data)) return [];
  const raw = (validate.errors ?? []).map((error) => ({
    path: error.instancePath,
    schemaPath: error.schemaPath,
    message: error.message ?? 'is not valid',
    keyword: error.keyword,
    params: error.params as Record<string, unknown>,
  }));
  return plainViolations(raw, schema, data);
}
