/**
 * Roles in a product's settings schema. The builder puts the image's roles into it (`withRoles`), so that the schema alone says
 * what an owner is asked; a setting with `x-roles` is one in those roles only.
 */
import type { Role } from '../contract/role.ts';
import type { SettingSchema } from './annotations.ts';
import { settingAt } from './pointer.ts';

/** At the root of a schema; never in an author's file. */
const ROLES = 'x-unit-roles';

export function withRoles(schema: SettingSchema, roles: Readonly<Record<string, Role>> | undefined): SettingSchema {
  return roles === undefined ? schema : { ...schema, [ROLES]: roles };
}

export function rolesOf(productSchema: object | undefined): Record<string, Role> | undefined {
  return (productSchema as SettingSchema | undefined)?.[ROLES] as Record<string, Role> | undefined;
}

/** The schema for the role that `answers` choose; the whole where they choose none. */
export function schemaForAnswers(productSchema: object | undefined, answers: unknown): object | undefined {
  const role: unknown = typeof answers === 'object' && answers !== null ? settingAt(answers, 'cluster.role') : undefined;
  if (productSchema === undefined || typeof role !== 'string' || rolesOf(productSchema)?.[role] === undefined) return productSchema;
  return forRole(productSchema as SettingSchema, role);
}

function forRole(schema: SettingSchema, role: string): SettingSchema {
  if (schema.properties === undefined) return schema;
  const members = Object.entries(schema.properties).filter(([, member]) => member['x-roles']?.includes(role) ?? true);
  const names = members.map(([name]) => name);
  return {
    ...schema,
    properties: Object.fromEntries(members.map(([name, member]) => [name, forRole(member, role)])),
    ...(schema.required === undefined ? {} : { required: schema.required.filter((name) => names.includes(name)) }),
  };
}
