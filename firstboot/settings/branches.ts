/**
 * Unions in schemas: of the errors of all branches, only those of the branch that was meant are of use. It is known by
 * a member with a fixed value (`kind`, `use`), else by the first member that belongs to one branch alone, else by type.
 */
import { segmentsOf, valueAt } from './pointer.ts';

/** An error as ajv gives it, with JSON pointers into the data and (URI-encoded, after `#`) into the schema. */
export interface RawViolation {
  path: string;
  schemaPath: string;
  message: string;
  keyword: string;
  params: Record<string, unknown>;
}

interface Branch {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  properties?: Record<string, Branch>;
  required?: string[];
}

const UNIONS = ['anyOf', 'oneOf'];

/** The schema at an error's `schemaPath`; undefined where a reference leads out of `schema`. */
export function schemaAt(schema: object, schemaPath: string): unknown {
  if (!schemaPath.startsWith('#')) return undefined;
  return valueAt(schema, segmentsOf(schemaPath.slice(1)).map(decodeURIComponent));
}

/** Leaves out what branches of unions say that were not meant, and unions whose meant branch speaks for itself. */
export function meantViolations(violations: readonly RawViolation[], schema: object, data: unknown): RawViolation[] {
  const unions = violations.filter((violation) => UNIONS.includes(violation.keyword));
  const meant = new Map(unions.map((union) => [union, meantBranch(union, violations, schema, data)]));
  return violations.filter((violation) =>
    unions.every((union) => {
      const branch = meant.get(union);
      if (violation === union) return branch === undefined;
      return !isOf(violation, union, union.schemaPath) || (branch !== undefined && isOf(violation, union, branch));
    }),
  );
}

/** The schema path of the branch that was meant, if it has something to say: data that fits two branches breaks none. */
function meantBranch(union: RawViolation, violations: readonly RawViolation[], schema: object, data: unknown): string | undefined {
  const index = chooseBranch(branchesOf(schema, union), valueAt(data, segmentsOf(union.path)));
  if (index === undefined) return undefined;
  const branch = `${union.schemaPath}/${index}`;
  return violations.some((violation) => isOf(violation, union, branch)) ? branch : undefined;
}

function isOf(violation: RawViolation, union: RawViolation, schemaPath: string): boolean {
  return isBelow(violation.schemaPath, schemaPath) && isBelow(violation.path, union.path);
}

/** Members with a fixed value by which the branches of a union are told apart, with the values there are. */
export function discriminator(branches: readonly Branch[]): { member: string; values: unknown[] } | undefined {
  const members = Object.keys(branches[0]?.properties ?? {});
  const member = members.find((name) => branches.every((branch) => fixedValue(branch.properties?.[name]) !== undefined));
  return member === undefined ? undefined : { member, values: branches.map((branch) => fixedValue(branch.properties?.[member])) };
}

function fixedValue(schema: Branch | undefined): unknown {
  return schema?.const ?? (schema?.enum?.length === 1 ? schema.enum[0] : undefined);
}

/** For each branch the member that it alone requires: how a union without a fixed member is written. */
export function distinctMembers(branches: readonly Branch[]): (string | undefined)[] {
  return branches.map((branch) =>
    (branch.required ?? []).find((name) => branches.every((other) => other === branch || other.properties?.[name] === undefined)),
  );
}

export function branchesOf(schema: object, union: RawViolation): Branch[] {
  const branches = schemaAt(schema, union.schemaPath);
  return Array.isArray(branches) ? (branches as Branch[]) : [];
}

function chooseBranch(branches: readonly Branch[], data: unknown): number | undefined {
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    return onlyIndex(branches, (branch) => typesOf(branch).includes(typeName(data)));
  const fixed = discriminator(branches);
  if (fixed !== undefined) return onlyIndex(fixed.values, (value) => value === (data as Record<string, unknown>)[fixed.member]);
  const distinct = distinctMembers(branches);
  for (const key of Object.keys(data)) {
    const index = distinct.indexOf(key);
    if (index >= 0) return index;
  }
  return onlyIndex(branches, (branch) => typesOf(branch).includes('object'));
}

function typesOf({ type }: Branch): readonly string[] {
  return typeof type === 'string' ? [type] : (type ?? []);
}

function onlyIndex<T>(items: readonly T[], test: (item: T) => boolean): number | undefined {
  const found = items.flatMap((item, index) => (test(item) ? [index] : []));
  return found.length === 1 ? found[0] : undefined;
}

function typeName(data: unknown): string {
  if (data === null) return 'null';
  return Array.isArray(data) ? 'array' : typeof data;
}

function isBelow(path: string, ancestor: string): boolean {
  return path === ancestor || path.startsWith(`${ancestor}/`);
}
