/** The leader's files, as this follower keeps them: those in use and those before. They hold secrets, so they are root's alone. */
import { Bundle, CLUSTER_PATHS } from '../../contract/cluster.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import { readIfExists, removeFile, writeFileAtomic } from '../../kit/files.ts';
import { printable } from '../../kit/printable.ts';
import type { System } from '../../kit/system.ts';
import { validateBy } from '../../settings/index.ts';
import { sha256 } from '../hash.ts';

/** Those that the unit has or is about to have; undefined where it has none yet. */
export async function readBundle(system: System): Promise<Bundle | undefined> {
  const text = await readIfExists(system.path(CLUSTER_PATHS.bundle));
  return text === undefined ? undefined : (JSON.parse(text) as Bundle);
}

export async function bundleHash(system: System): Promise<string | undefined> {
  const text = await readIfExists(system.path(CLUSTER_PATHS.bundle));
  return text === undefined ? undefined : sha256(text);
}

/** @throws UnitError for what no leader of this image and role would send */
export function checkBundle(text: string, image: string, role: string): void {
  const data = parse(text);
  const [violation] = validateBy(Bundle, data);
  if (violation !== undefined) throw wrong(`the leader's files are damaged: ${violation.message}`);
  const bundle = data as Bundle;
  if (bundle.image !== image) throw wrong(`the leader is a unit of ${bundle.image}, this one is of ${image}`);
  if (bundle.role !== role) throw wrong(`the leader sent files of the role ${bundle.role}, this unit is ${role}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function wrong(message: string): UnitError {
  return new UnitError(printable(message).slice(0, 500), { exitCode: ExitCode.step });
}

/** The ones before stay until the new ones have proved good (`keepBundle`). */
export async function takeBundle(system: System, text: string): Promise<void> {
  const before = await readIfExists(system.path(CLUSTER_PATHS.bundle));
  if (before !== undefined) await writeFileAtomic(system.path(CLUSTER_PATHS.previous), before, { mode: 0o600 });
  await writeFileAtomic(system.path(CLUSTER_PATHS.bundle), text, { mode: 0o600 });
}

export async function keepBundle(system: System): Promise<void> {
  await removeFile(system.path(CLUSTER_PATHS.previous));
}

/** Whether new files are being tried, and there are others to go back to. */
export async function hasPrevious(system: System): Promise<boolean> {
  return (await readIfExists(system.path(CLUSTER_PATHS.previous))) !== undefined;
}

/** Puts those before in place of the new ones. */
export async function previousBundle(system: System): Promise<void> {
  const before = await readIfExists(system.path(CLUSTER_PATHS.previous));
  if (before === undefined) return;
  await writeFileAtomic(system.path(CLUSTER_PATHS.bundle), before, { mode: 0o600 });
  await removeFile(system.path(CLUSTER_PATHS.previous));
}
