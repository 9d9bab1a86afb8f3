/**
 * The certificate in use. Each is a generation, a folder that never changes once /etc/unit/tls leads to it: certificate and
 * key are replaced together by one rename(2), after everything is on disk.
 */
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { readdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';

import { monotonicNow } from '../../apply/journal.ts';
import { UnitError } from '../../kit/errors.ts';
import { ignoreMissing, makeFolder, readIfExists, removeFile, syncFolder, writeFileAtomic } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';
import { belongs } from './inspect.ts';
import { CERTIFICATE_PATHS } from './paths.ts';
import { pemBlocks } from './pem.ts';
import type { Certificate } from './schema.ts';

/** How a generation was made: what decides whether it is still the wanted one. */
export interface Made {
  mode: NonNullable<Certificate['mode']>;
  /** Of an ACME one. */
  directory?: string;
  keyType?: string;
}

export interface Pair {
  fullchain: string;
  privkey: string;
  /** The unit's own authority, where it signed. */
  ca?: string;
  made: Made;
}

export interface InUse extends Pair {
  /** The unit's own. */
  leaf: X509Certificate;
}

/** Debian's package of this name makes it, for services that read keys and do not start as root. */
const GROUP = 'ssl-cert';
const FILES = { fullchain: 'fullchain.pem', privkey: 'privkey.pem', ca: 'ca.pem', made: 'made.json' } as const;

/** The certificate in use; undefined where there is none, or none whose key is its own. */
export async function readInUse(system: System): Promise<InUse | undefined> {
  const target = await readlink(system.path(CERTIFICATE_PATHS.inUse)).catch(noLink);
  if (target === undefined) return undefined;
  // The folder by its own name: all files are of one generation, whatever the link leads to meanwhile.
  const folder = system.path(join(CERTIFICATE_PATHS.generations, basename(target)));
  const read = async (name: keyof typeof FILES): Promise<string | undefined> => readIfExists(join(folder, FILES[name]));
  const [fullchain, privkey, ca, made] = await Promise.all([read('fullchain'), read('privkey'), read('ca'), read('made')]);
  if (fullchain === undefined || privkey === undefined || made === undefined) return undefined;
  try {
    const leaf = new X509Certificate(pemBlocks(fullchain)[0]?.text ?? '');
    if (!belongs(leaf, createPrivateKey(privkey))) return undefined;
    return { fullchain, privkey, ...(ca === undefined ? {} : { ca }), made: JSON.parse(made) as Made, leaf };
  } catch {
    return undefined;
  }
}

/** Puts a certificate into use. The caller holds the unit's lock, and has the services told (`reloadServices`) some time after. */
export async function install(system: System, pair: Pair): Promise<void> {
  const store = system.path(CERTIFICATE_PATHS.generations);
  const name = `${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}-${randomBytes(4).toString('hex')}`;
  const folder = join(store, name);
  await makeFolder(folder);
  const gid = await groupOfKeys(system);
  await writeFileAtomic(join(folder, FILES.fullchain), pair.fullchain);
  await writeFileAtomic(join(folder, FILES.privkey), pair.privkey, gid === undefined ? { mode: 0o600 } : { mode: 0o640, gid });
  if (pair.ca !== undefined) await writeFileAtomic(join(folder, FILES.ca), pair.ca);
  await writeFileAtomic(join(folder, FILES.made), `${JSON.stringify(pair.made)}\n`);
  const before = await readlink(system.path(CERTIFICATE_PATHS.inUse)).catch(noLink);
  // Before the link and after it, with the store's own entries on disk: whoever is cut off in between finds that services are still to be told.
  await markReloadDue(system);
  await swap(system, name);
  await markReloadDue(system);
  await dropOthers(store, [name, ...(before === undefined ? [] : [basename(before)])]);
}

async function swap(system: System, name: string): Promise<void> {
  const link = system.path(CERTIFICATE_PATHS.inUse);
  const partial = join(dirname(link), '.tls.partial');
  await makeFolder(dirname(link));
  await rm(partial, { force: true });
  // Relative, so that it holds in a mounted copy of the disk too.
  await symlink(relative(dirname(CERTIFICATE_PATHS.inUse), join(CERTIFICATE_PATHS.generations, name)), partial);
  await rename(partial, link);
  await syncFolder(dirname(link));
}

/** The one before stays until the next: a service may be reading it right now. What a run left that was killed goes. */
async function dropOthers(store: string, kept: readonly string[]): Promise<void> {
  const entries = await readdir(store, { withFileTypes: true });
  const old = entries.filter((entry) => (entry.isDirectory() && !kept.includes(entry.name)) || entry.name.endsWith('.partial'));
  for (const { name } of old) await rm(join(store, name), { recursive: true, force: true });
  if (old.length > 0) await syncFolder(store);
}

async function groupOfKeys(system: System): Promise<number | undefined> {
  return system.groupId(GROUP).catch((error: unknown) => {
    if (error instanceof UnitError) return undefined;
    throw error;
  });
}

/** When the certificate in use was put there. */
export interface Replaced {
  boot: string;
  /** CLOCK_MONOTONIC in microseconds. */
  clock: number;
}

async function markReloadDue(system: System): Promise<void> {
  const replaced: Replaced = { boot: await system.bootId(), clock: monotonicNow() };
  await writeFileAtomic(system.path(CERTIFICATE_PATHS.reloadDue), `${JSON.stringify(replaced)}\n`);
}

/** Undefined where services have been told. */
export async function readReloadDue(system: System): Promise<Replaced | undefined> {
  const text = await readIfExists(system.path(CERTIFICATE_PATHS.reloadDue));
  return text === undefined ? undefined : (JSON.parse(text) as Replaced);
}

export async function reloadDone(system: System): Promise<void> {
  await removeFile(system.path(CERTIFICATE_PATHS.reloadDue));
}

/** Why the authority gave none, the last time it was asked. */
export interface Failure {
  time: string;
  /** Code of `acme/problems.ts`. */
  code: string;
  detail: string;
  /** Boot and CLOCK_MONOTONIC in microseconds: whether it was in the present run. */
  boot: string;
  clock: number;
}

export async function readFailure(system: System): Promise<Failure | undefined> {
  const text = await readIfExists(system.path(CERTIFICATE_PATHS.failure));
  return text === undefined ? undefined : (JSON.parse(text) as Failure);
}

export async function writeFailure(system: System, failure: Failure | undefined): Promise<void> {
  const file = system.path(CERTIFICATE_PATHS.failure);
  if (failure === undefined) return removeFile(file);
  await writeFileAtomic(file, `${JSON.stringify(failure)}\n`, { mode: 0o600 });
}

/** The roots that programs of this unit trust; empty where it has none. */
export async function trustedRoots(system: System): Promise<X509Certificate[]> {
  const text = await readFile(system.path('/etc/ssl/certs/ca-certificates.crt'), 'utf8').catch(ignoreMissing);
  return pemBlocks(text ?? '').map((block) => new X509Certificate(block.text));
}

/** A folder in the place of the link is somebody's own: there is no certificate of ours (EINVAL). */
function noLink(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'EINVAL') return ignoreMissing(error);
}
