/**
 * The one-time code that makes somebody the owner: 60 random bits in Crockford's base32, shown on the console and nowhere
 * else. It is made where it is first asked for, and gone once it was entered.
 */
import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { link, rm, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { SETUP_PATHS } from '../contract/setup.ts';
import { ignoreMissing, makeFolder, readIfExists, removeFile, syncFolder, writeFileAtomic } from '../kit/files.ts';
import type { System } from '../kit/system.ts';
import { readBoundedFile } from '../sources/bounded-file.ts';
import { clearUserData } from '../sources/guestinfo.ts';
import { setupIsOpen, takesCodes } from './state.ts';

/** Crockford's base32: no I, L, O (they read as digits) and no U. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 12;
/** Characters of a code that user-data chooses: 50 bits at least, if it is random. */
const PRESET = { shortest: 10, longest: 64 };
const GROUP = 4;

/** What people may type: in any case, with spaces and hyphens anywhere, O for 0, I or L for 1. Undefined for what is no code. */
export function normaliseCode(text: string): string | undefined {
  const code = text.replace(/[\s-]/g, '').toUpperCase().replaceAll('O', '0').replace(/[IL]/g, '1');
  return code !== '' && [...code].every((character) => ALPHABET.includes(character)) ? code : undefined;
}

/** In groups of four, as it is shown. */
export function formatCode(code: string): string {
  return code.match(new RegExp(`.{1,${GROUP}}`, 'g'))?.join('-') ?? code;
}

/** Takes the same time whatever differs: digests are compared, which are of one length. */
export function codesMatch(given: string, code: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(normaliseCode(given) ?? ''), digest(code));
}

function generateCode(): string {
  return Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/**
 * The code that opens the page now, made or taken over from user-data where there is none yet. Undefined where no code does:
 * it was used, its owner is shown the result, or setup is closed.
 * @param note gets a line about a preset code that cannot be used
 */
export async function currentCode(system: System, note: (line: string) => void = () => undefined): Promise<string | undefined> {
  if (!(await setupIsOpen(system))) return undefined;
  const claimed = (await readIfExists(system.path(SETUP_PATHS.claimed))) !== undefined;
  await takePreset(system, claimed, note);
  if (!(await takesCodes(system))) return undefined;
  const kept = await readCode(system);
  if (kept !== undefined || claimed) return kept;
  await addCode(system, generateCode());
  return readCode(system);
}

/** A new code in the place of the one before, used or not. Failed entries are forgotten: it is another thing to guess. */
export async function newCode(system: System): Promise<string> {
  const code = generateCode();
  await writeCode(system, code);
  await rm(system.path(SETUP_PATHS.throttle), { force: true });
  return code;
}

/** Uses the code up. True for one caller alone: whoever removes it is the owner. */
export async function consumeCode(system: System): Promise<boolean> {
  const path = system.path(SETUP_PATHS.code);
  const mine = await unlink(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => ignoreMissing(error) ?? false,
  );
  if (!mine) return false;
  await syncFolder(dirname(path));
  await writeFileAtomic(system.path(SETUP_PATHS.claimed), `${new Date().toISOString()}\n`, { mode: 0o600 });
  return true;
}

async function readCode(system: System): Promise<string | undefined> {
  return (await readIfExists(system.path(SETUP_PATHS.code)))?.trim();
}

async function writeCode(system: System, code: string): Promise<void> {
  await writeFileAtomic(system.path(SETUP_PATHS.code), `${code}\n`, { mode: 0o600 });
}

/** link(2) does not replace: of two processes that make a code at once, one's is the code. */
async function addCode(system: System, code: string): Promise<void> {
  const path = system.path(SETUP_PATHS.code);
  await makeFolder(dirname(path));
  const partial = join(dirname(path), `.claim-code.${randomBytes(6).toString('hex')}.partial`);
  await writeFile(partial, `${code}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    await link(partial, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(partial, { force: true });
  }
  await syncFolder(dirname(path));
}

/** What user-data has written becomes the code, where nobody is the owner yet, and is removed whatever it is. */
async function takePreset(system: System, claimed: boolean, note: (line: string) => void): Promise<void> {
  const path = system.path(SETUP_PATHS.presetCode);
  const text = await readBoundedFile(path, 1024).then(
    (bytes) => bytes && new TextDecoder().decode(bytes),
    () => '',
  );
  if (text === undefined) return;
  const code = normaliseCode(text);
  const good = code !== undefined && code.length >= PRESET.shortest && code.length <= PRESET.longest;
  if (!good) note(`${SETUP_PATHS.presetCode} holds no code of ${PRESET.shortest} to ${PRESET.longest} letters and digits (no U): ignored`);
  // Kept first: a power cut in between must not lose what user-data says once only.
  if (good && !claimed) await writeCode(system, code);
  await removeFile(path);
  await clearUserData({ system, note });
}
