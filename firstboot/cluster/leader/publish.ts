/** What a leader lays out for the server: the files of each role that follows it. */
import { X509Certificate } from 'node:crypto';
import { chown } from 'node:fs/promises';
import { join } from 'node:path';

import type { ChangeContext } from '../../apply/change.ts';
import { generateSecret } from '../../apply/generate.ts';
import { SecretStore } from '../../apply/secret-store.ts';
import { makeSecrets, missingSecrets, renderTree } from '../../apply/variables/render.ts';
import { MissingFolder } from '../../apply/variables/source.ts';
import { Bundle, CLUSTER_PATHS, MAX_BUNDLE, SERVER_GROUP } from '../../contract/cluster.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import { makeFolder, readIfExists, writeFileAtomic } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';
import { validateBy } from '../../settings/index.ts';
import { sha256 } from '../hash.ts';

type Context = Pick<ChangeContext, 'system' | 'unit' | 'context' | 'secretSettings' | 'secrets'>;

/** Key for `POST /admin/notify`; no step's secret can have the name. */
const ADMIN_SECRET = 'cluster.admin';
const ADMIN_LENGTH = 40;

/** Roles whose files are others than those that are laid out. */
export async function staleRoles(context: Context): Promise<string[]> {
  const followers = context.unit.ownRole?.followers ?? {};
  if ((await missingSecrets(givenTexts(context), context)).length > 0) return Object.keys(followers);
  const texts = await bundleTexts(context);
  const laidOut = await Promise.all(Object.keys(texts).map((role) => readIfExists(context.system.path(publishedFile(role)))));
  return Object.entries(texts).flatMap(([role, text], index) => (laidOut[index] === text ? [] : [role]));
}

export async function publish(context: Context): Promise<void> {
  const { system } = context;
  await prepareFolders(system);
  await makeCertificate(system);
  await adminKey(system);
  await makeSecrets(givenTexts(context), context);
  for (const [role, text] of Object.entries(await bundleTexts(context))) await writeForServer(system, publishedFile(role), text);
}

function givenTexts({ unit }: Context): Record<string, string>[] {
  return Object.values(unit.ownRole?.followers ?? {})
    .flat()
    .map((step) => step.with.values);
}

async function bundleTexts(context: Context): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const [role, steps] of Object.entries(context.unit.ownRole?.followers ?? {})) {
    try {
      const trees: Bundle['trees'] = {};
      for (const step of steps) trees[step.with.to] = await renderTree(step, step.with.values, context);
      texts[role] = bundleText({ schemaVersion: 1, image: context.unit.name, role, trees });
    } catch (error) {
      // A vendor need not deliver files for each role that the image can have.
      if (!(error instanceof MissingFolder)) throw error;
    }
  }
  return texts;
}

/** @throws UnitError for what no follower would take */
export function bundleText(bundle: Bundle): string {
  const [violation] = validateBy(Bundle, bundle);
  const text = JSON.stringify(bundle);
  const isLarge = Buffer.byteLength(text) > MAX_BUNDLE;
  if (violation === undefined && !isLarge) return text;
  const why = isLarge ? `together they are larger than ${MAX_BUNDLE / 1024 / 1024} MiB` : violation?.message;
  throw new UnitError(`the files of the role ${bundle.role} cannot be given out: ${why}`, {
    exitCode: ExitCode.step,
    remedies: ["Look at the vendor's files for this role: large ones belong into the image, and names have no control characters or `..`."],
  });
}

export function publishedFile(role: string): string {
  return join(CLUSTER_PATHS.published, `${role}.json`);
}

/** Where everything that the server reads is. */
export async function prepareFolders(system: System): Promise<void> {
  for (const folder of [CLUSTER_PATHS.folder, CLUSTER_PATHS.published, CLUSTER_PATHS.invites, CLUSTER_PATHS.revoked]) {
    await makeFolder(system.path(folder), 0o750);
    await chown(system.path(folder), process.getuid?.() ?? 0, await serverGroup(system));
  }
}

/** A file that the server may read, and nobody else. */
export async function writeForServer(system: System, path: string, text: string): Promise<void> {
  await writeFileAtomic(system.path(path), text, { mode: 0o640, gid: await serverGroup(system) });
}

async function serverGroup(system: System): Promise<number> {
  return system.groupId(SERVER_GROUP).catch((error: unknown) => {
    if (error instanceof UnitError && process.getuid?.() !== 0) return process.getgid?.() ?? 0;
    throw error;
  });
}

/** The key's value, which is made with the first call. */
export async function adminKey(system: System): Promise<string> {
  return giveAdminKey(system, await new SecretStore(system).read(ADMIN_SECRET));
}

/** Another key: the one before opens nothing from now on. */
export async function newAdminKey(system: System): Promise<string> {
  return giveAdminKey(system, undefined);
}

async function giveAdminKey(system: System, kept: string | undefined): Promise<string> {
  const key = kept ?? generateSecret(ADMIN_LENGTH, 'alphanumeric');
  if (kept === undefined) await new SecretStore(system).write(ADMIN_SECRET, key);
  const hash = sha256(key);
  if ((await readIfExists(system.path(CLUSTER_PATHS.adminKey))) !== hash) await writeForServer(system, CLUSTER_PATHS.adminKey, hash);
  return key;
}

/** Of its own, because the domain may not resolve yet, and kept: followers know it by its fingerprint alone. */
async function makeCertificate(system: System): Promise<void> {
  const [key, certificate] = [system.path(CLUSTER_PATHS.key), system.path(CLUSTER_PATHS.certificate)];
  if ((await readIfExists(certificate)) !== undefined) return;
  await system.run('openssl', [
    ...['req', '-x509', '-batch', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-sha256'],
    ...['-days', '36500', '-subj', '/CN=unit-cluster', '-addext', 'basicConstraints=critical,CA:FALSE'],
    ...['-keyout', `${key}.new`, '-out', `${certificate}.new`],
  ]);
  // A power cut in between leaves no certificate, and another pair is made.
  await system.run('chmod', ['0600', `${key}.new`, `${certificate}.new`]);
  await system.run('mv', [`${key}.new`, key]);
  await system.run('mv', [`${certificate}.new`, certificate]);
  await system.run('sync', ['--file-system', certificate]);
}

/** SHA-256 of the server's certificate (DER), hexadecimal; undefined where this unit leads nobody yet. */
export async function leaderFingerprint(system: System): Promise<string | undefined> {
  const text = await readIfExists(system.path(CLUSTER_PATHS.certificate));
  return text === undefined ? undefined : new X509Certificate(text).fingerprint256.replaceAll(':', '').toLowerCase();
}
