/** Validation of foreign data by ajv: all errors at once, nothing dropped, nothing coerced. */
import { Ajv, type ErrorObject, type Options } from 'ajv';
import AjvDraft04 from 'ajv-draft-04';
import formatsPlugin from 'ajv-formats';

/** One violation, before a file and a line are known. `path` is a JSON pointer. */
export interface Violation {
  path: string;
  /** Where in the schema the keyword is, as a URI fragment: tells the branches of a union apart. */
  schemaPath: string;
  message: string;
  keyword: string;
  params: Record<string, unknown>;
}

const OPTIONS: Options = {
  allErrors: true,
  strict: true,
  strictRequired: false,
  strictTypes: false,
  removeAdditional: false,
  coerceTypes: false,
  useDefaults: false,
  allowUnionTypes: true,
  // Schemas are our own, which the compiler and tests hold, or cloud-init's: the meta-schema costs more than all else here.
  validateSchema: false,
  code: { optimize: false },
};

// The plugins are CommonJS: under Node's ESM loader the callable sits one level deeper than their types say.
const addFormats = ('default' in formatsPlugin ? formatsPlugin.default : formatsPlugin) as unknown as (ajv: Ajv) => Ajv;
const Draft04 = ('default' in AjvDraft04 ? AjvDraft04.default : AjvDraft04) as unknown as typeof Ajv;

export type Validator = (data: unknown) => Violation[];

export interface SchemaOptions {
  draft?: '07' | '04';
  strict?: boolean;
  keywords?: readonly string[];
}

/** By the schema object, then by the options: compiling takes far longer than validating. */
const compiled = new WeakMap<object, Map<string, Validator>>();

/**
 * Compiles a JSON Schema (draft-07 vocabulary, or draft-04 by its own ajv), once for each schema object, which must not
 * be changed afterwards. Extra keywords that start with `x-` are allowed.
 */
export function compileSchema(schema: object, options: SchemaOptions = {}): Validator {
  const validators = compiled.get(schema) ?? new Map<string, Validator>();
  compiled.set(schema, validators);
  const key = JSON.stringify(options);
  const validator = validators.get(key) ?? compile(schema, options);
  validators.set(key, validator);
  return validator;
}

function compile(schema: object, options: SchemaOptions): Validator {
  const Class = options.draft === '04' ? Draft04 : Ajv;
  const ajv = new Class({ ...OPTIONS, strict: options.strict ?? true });
  addFormats(ajv as Ajv);
  for (const keyword of options.keywords ?? []) ajv.addKeyword(keyword);
  const validate = ajv.compile(schema);
  return (data) => (validate(data) ? [] : (validate.errors ?? []).map(toViolation));
}

function toViolation(error: ErrorObject): Violation {
  return {
    path: error.instancePath,
    schemaPath: error.schemaPath,
    message: error.message ?? 'is not valid',
    keyword: error.keyword,
    params: error.params as Record<string, unknown>,
  };
}
