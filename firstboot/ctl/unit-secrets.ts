/** Everything on a unit that must not leave it in a log or a bundle, made known to the scrubber. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { loadSettings, registerSecrets } from '../apply/settings-store.ts';
import { UNIT_PATHS, type Unit } from '../contract/unit.ts';
import { ignoreMissing, readIfExists } from '../kit/files.ts';
import type { System } from '../kit/system.ts';
import { readDraft } from '../sources/draft.ts';
import { readProductSchema } from './unit-files.ts';

/** What the unit itself makes and keeps: keys of its certificates, and of WireGuard, SSH and the like. */
const PLACES = [UNIT_PATHS.secrets, '/etc/unit/tls', '/etc/ssh'] as const;
const LARGEST = 256 * 1024;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----/g;

/**
 * Secrets of settings (saved and in the draft), of steps, private keys, password hashes, and what stands in files that
 * image.yaml calls secrets. Returns how many values there are.
 */
export async function registerEverySecret(system: System, unit: Unit): Promise<number> {
  const productSchema = await readProductSchema(system);
  await loadSettings(system, productSchema);
  for (const { answers } of await readDraft(system)) registerSecrets(system, answers, productSchema);
  const own = Object.values(unit.state).filter(({ kind }) => kind === 'secrets');
  const files = await Promise.all([...PLACES, ...own.map(({ path }) => path)].map((place) => filesBelow(system, place)));
  const values = await Promise.all([...new Set(files.flat())].map((path) => secretsIn(system, path)));
  const hashes = hashesOf((await readIfExists(system.path('/etc/shadow'))) ?? '');
  const all = new Set([...values.flat(), ...hashes]);
  for (const value of all) system.scrubber.register(value);
  return all.size;
}

async function secretsIn(system: System, path: string): Promise<string[]> {
  const text = await readFile(system.path(path), 'utf8').catch(ignoreMissing);
  if (text === undefined || text.length > LARGEST) return [];
  const keys = text.match(PRIVATE_KEY) ?? [];
  // Certificates and public keys are no secret; blanking them would take their fingerprints away.
  return keys.length > 0 || isPublic(path, text) ? [...keys] : valuesOf(text);
}

/** The file, or the plain files of the folder and one level below. */
async function filesBelow(system: System, place: string, depth = 1): Promise<string[]> {
  const entries = await readdir(system.path(place), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTDIR') return undefined;
    return ignoreMissing(error) ?? [];
  });
  if (entries === undefined) return [place];
  const found = entries.map((entry) => {
    if (entry.isFile()) return [join(place, entry.name)];
    return entry.isDirectory() && depth > 0 ? filesBelow(system, join(place, entry.name), depth - 1) : [];
  });
  return (await Promise.all(found)).flat();
}

function isPublic(path: string, text: string): boolean {
  return (
    path.startsWith('/etc/ssh/') ||
    path.endsWith('.pub') ||
    text.includes('-----BEGIN CERTIFICATE') ||
    text.includes('-----BEGIN PUBLIC KEY')
  );
}

/** The whole text, and the strings in it where it is JSON, as settings' secrets are kept. */
function valuesOf(text: string): string[] {
  const trimmed = text.trim();
  try {
    return [trimmed, ...stringsOf(JSON.parse(trimmed))];
  } catch {
    return [trimmed];
  }
}

function stringsOf(data: unknown): string[] {
  if (typeof data === 'string') return [data];
  return typeof data === 'object' && data !== null ? Object.values(data).flatMap(stringsOf) : [];
}

/** Hashes of shadow(5): offline, passwords can be guessed by them. */
function hashesOf(shadow: string): string[] {
  return shadow.split('\n').flatMap((line) => {
    const hash = line.split(':')[1] ?? '';
    return hash.startsWith('$') ? [hash] : [];
  });
}
