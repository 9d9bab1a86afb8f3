/**
 * The owner's settings on the unit: settings.json without its secrets, and each secret in a file of its own beside the
 * unit's secrets. Both are readable by root alone.
 */

import { UNIT_PATHS } from '../contract/unit.ts';
import { makeFolder, readIfExists, writeFileAtomic } from '../kit/files.ts';
import type { System } from '../kit/system.ts';
import {
  ANSWERS_VERSION,
  answersSchema,
  applyDefaults,
  type Settings,
  type SourceName,
  schemaForAnswers,
  secretPaths,
  setAt,
  settingAt,
  settingsOf,
  type Violation,
  validateAnswers,
} from '../settings/index.ts';
import { generateSecret } from './generate.ts';
import { openSettings } from './open-settings.ts';
import { SecretStore } from './secret-store.ts';

/** Where each setting came from, by its dotted path. `generated`: a secret that this unit made. */
export type Origins = Record<string, SourceName | 'generated'>;

export type Outcome = { violations: Violation[] } | { settings: Settings };

/** A secret setting's file name: no step's secret can have it, their names hold no dot. */
export function secretFile(path: string): string {
  return `settings.${path}`;
}

/**
 * Validates answers as they would be saved: with the secrets that are kept already, but for `cleared` ones, and the ones
 * that are to be made. Nothing is written.
 */
export async function completeSettings(
  system: System,
  answers: unknown,
  productSchema: object | undefined,
  cleared: readonly string[] = [],
): Promise<Outcome> {
  if (typeof answers !== 'object' || answers === null) return { violations: validateAnswers(answers, productSchema) };
  const complete = structuredClone(answers) as Record<string, unknown>;
  const store = new SecretStore(system);
  for (const { path, schema } of settingsOf(answersSchema(schemaForAnswers(productSchema, complete)))) {
    if (schema.writeOnly !== true || settingAt(complete, path) !== undefined) continue;
    const kept = cleared.includes(path) ? undefined : await store.read(secretFile(path));
    const generate = schema['x-generate'];
    const value = kept !== undefined ? (JSON.parse(kept) as unknown) : generate && generateSecret(generate.length, generate.alphabet);
    if (value !== undefined) setAt(complete, path, value);
  }
  const violations = validateAnswers(complete, productSchema);
  return violations.length > 0 ? { violations } : { settings: applyDefaults(complete, productSchema) };
}

/** Origins of the saved settings; empty where none were saved. */
export async function loadOrigins(system: System): Promise<Origins> {
  const text = await readIfExists(system.path(UNIT_PATHS.origins));
  return text === undefined ? {} : (JSON.parse(text) as { origins: Origins }).origins;
}

/** Before the settings: of settings that a power cut kept from being saved, origins do no harm. */
export async function saveOrigins(system: System, origins: Origins): Promise<void> {
  const text = `${JSON.stringify({ schemaVersion: ANSWERS_VERSION, origins }, null, 2)}\n`;
  const file = system.path(UNIT_PATHS.origins);
  if ((await readIfExists(file)) === text) return;
  await makeFolder(system.path(UNIT_PATHS.state));
  await writeFileAtomic(file, text, { mode: 0o600 });
}

/** Saves settings: secrets first, so that a cut in between leaves the old settings with at most newer secrets. */
export async function saveSettings(system: System, settings: Settings, productSchema: object | undefined): Promise<void> {
  const open = structuredClone(settings) as Settings & Record<string, unknown>;
  const store = new SecretStore(system);
  for (const path of secretPaths(productSchema)) {
    const value = settingAt(open, path);
    if (value === undefined) {
      await store.remove(secretFile(path));
      continue;
    }
    const text = JSON.stringify(value);
    if ((await store.read(secretFile(path))) !== text) await store.write(secretFile(path), text);
    setAt(open, path, undefined);
  }
  const text = `${JSON.stringify({ ...open, schemaVersion: ANSWERS_VERSION }, null, 2)}\n`;
  const file = system.path(UNIT_PATHS.settings);
  if ((await readIfExists(file)) === text) return;
  await makeFolder(system.path(UNIT_PATHS.state));
  await writeFileAtomic(file, text, { mode: 0o600 });
}

/** The saved settings with their secrets, which the scrubber then knows. */
export async function loadSettings(system: System, productSchema: object | undefined): Promise<Settings | undefined> {
  const settings = await openSettings(system);
  if (settings === undefined) return undefined;
  const store = new SecretStore(system);
  for (const path of secretPaths(productSchema)) {
    const text = await store.read(secretFile(path));
    if (text === undefined) continue;
    const value = JSON.parse(text) as unknown;
    registerValue(system, value);
    setAt(settings as unknown as Record<string, unknown>, path, value);
  }
  return settings;
}

/** Makes the scrubber know the secrets among `settings`, before anything is logged. */
export function registerSecrets(system: System, settings: object, productSchema: object | undefined): void {
  for (const path of secretPaths(productSchema)) registerValue(system, settingAt(settings, path));
}

function registerValue(system: System, value: unknown): void {
  if (typeof value === 'string') system.scrubber.register(value);
  else if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) registerValue(system, member);
}
