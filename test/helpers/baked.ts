/** Images, each baked once for all tests with virtual machines: by the packed and installed package, run by an ordinary user. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { defaultCacheDir, packageRoot } from '../../builder/kit/paths.ts';
import { onceARun } from './once.ts';
import { errorOf, type Installed, installedFor, installPackage, type Outcome, ordinaryUser, theUser, unitsmith } from './ordinary-user.ts';

export interface Baked {
  installed: Installed;
  out: string;
  outcome: Outcome;
}

interface Kept {
  name: string;
  home: string;
  outcome: Outcome;
}

/** Seconds for one bake where everything is emulated and nothing is in the cache. */
const BAKE = 3600;
/** Below the user's home. */
const OUT = 'out';
const FILE = 'baked.json';

/** An image, proved as it is baked. */
export async function baked(image: string): Promise<Baked> {
  const folder = await onceARun(`baked-${image}`, (made) => bake(image, made), BAKE);
  const { name, home, outcome } = readKept(folder);
  return { installed: installedFor(theUser(name, home)), out: join(home, OUT), outcome };
}

/** A disk of it to boot: the one that UNITSMITH_TEST_DISK names, if it is of this image, else that of the one bake. */
export async function diskOf(image: string): Promise<string> {
  const given = process.env.UNITSMITH_TEST_DISK;
  if (given !== undefined && basename(given).startsWith(`${image}-`)) return given;
  return artefactIn((await baked(image)).out, '.qcow2');
}

/** The file of a folder of artefacts that ends so. */
export function artefactIn(out: string, ending: string): string {
  const name = readdirSync(out).find((entry) => entry.endsWith(ending));
  if (name === undefined) throw new Error(`no ${ending} in ${out}`);
  return join(out, name);
}

/** At the end of a run: the users of the bakes go, with all that belongs to them. */
export function removeBaked(): void {
  // A run removes its folder twice: when it is torn down, and at its very end.
  if (!existsSync(tmpdir())) return;
  for (const entry of readdirSync(tmpdir())) {
    const folder = join(tmpdir(), entry);
    if (!existsSync(join(folder, FILE))) continue;
    const { name, home } = readKept(folder);
    installedFor(theUser(name, home)).user.remove();
  }
}

async function bake(image: string, folder: string): Promise<void> {
  const installed = installPackage(ordinaryUser(), packageRoot());
  const { name, home } = installed.user;
  const outcome = await unitsmith(installed, ['bake', image, '--out', join(home, OUT), '--verify', 'none']);
  const kept: Kept = { name, home, outcome };
  writeFileSync(join(folder, FILE), JSON.stringify(kept));
  if (outcome.exitCode !== 0) throw new Error(`the bake failed: ${errorOf(outcome)}${outcome.stderr}`);
  const cache = defaultCacheDir({ HOME: process.geteuid?.() === 0 ? home : homedir() });
  const row = [join(packageRoot(), 'test', 'bench', 'images-table.mjs'), join(home, OUT), cache];
  process.stdout.write(`for images/README.md: ${execFileSync(process.execPath, row, { encoding: 'utf8' })}`);
}

function readKept(folder: string): Kept {
  return JSON.parse(readFileSync(join(folder, FILE), 'utf8')) as Kept;
}
