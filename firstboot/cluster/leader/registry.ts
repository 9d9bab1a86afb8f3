/** A leader's followers and invites, as root sees them. The server writes about followers: what it says is looked at, not believed. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { CLUSTER_PATHS, Follower, type Invite } from '../../contract/cluster.ts';
import { ignoreMissing, readIfExists, removeFile } from '../../kit/files.ts';
import { printable } from '../../kit/printable.ts';
import type { System } from '../../kit/system.ts';
import { validateBy } from '../../settings/index.ts';
import { sha256 } from '../hash.ts';
import { alikeIn } from '../unique.ts';
import { prepareFolders, publishedFile, writeForServer } from './publish.ts';

export interface KnownFollower extends Follower {
  id: string;
  revoked: boolean;
}

const LARGEST = 8192;

export interface NewInvite {
  invite: string;
  secret: string;
}

export function newInvite(): NewInvite {
  return { invite: randomBytes(8).toString('hex'), secret: randomBytes(32).toString('hex') };
}

/** From now on the invite lets in whoever comes first. Only its secret's hash is kept. Those that are over go. */
export async function keepInvite(
  system: System,
  { invite, secret }: NewInvite,
  { role, expires }: Pick<Invite, 'role' | 'expires'>,
): Promise<void> {
  await prepareFolders(system);
  for (const name of await readdir(system.path(CLUSTER_PATHS.invites))) {
    const text = await readIfExists(system.path(join(CLUSTER_PATHS.invites, name)));
    if (text !== undefined && (JSON.parse(text) as Invite).expires < Date.now())
      await removeFile(system.path(join(CLUSTER_PATHS.invites, name)));
  }
  system.scrubber.register(secret);
  const content: Invite = { role, secret: sha256(secret), expires };
  await writeForServer(system, join(CLUSTER_PATHS.invites, `${invite}.json`), JSON.stringify(content));
}

export async function followers(system: System): Promise<KnownFollower[]> {
  const folder = system.path(join(CLUSTER_PATHS.serverState, 'followers'));
  const names = ((await readdir(folder).catch(ignoreMissing)) ?? []).filter((name) => /^[0-9a-f]{16}\.json$/.test(name)).sort();
  const found = await Promise.all(
    names.map(async (name) => {
      const id = name.slice(0, 16);
      const follower = await readForeign(join(folder, name));
      return follower === undefined ? undefined : { ...follower, id, revoked: await isRevoked(system, id) };
    }),
  );
  return found.filter((follower) => follower !== undefined);
}

/** `behind`: it has not said yet that it has the newest files. */
export async function followerState(system: System, { revoked, report, role }: KnownFollower): Promise<string> {
  if (revoked) return 'revoked';
  if (report === undefined) return 'joined';
  const newest = await readIfExists(system.path(publishedFile(role)));
  return report.state === 'ready' && newest !== undefined && sha256(newest) !== report.hash ? 'behind' : report.state;
}

/** Units of one role that have a setting alike which none may have with another: each with the first other one, and that setting. */
export function alike(all: readonly KnownFollower[]): Map<string, { other: KnownFollower; path: string }> {
  const rest = all.filter(({ revoked }) => !revoked);
  const found = rest.flatMap((each) =>
    rest.flatMap((other): [string, { other: KnownFollower; path: string }][] => {
      const path = other.id === each.id || other.role !== each.role ? undefined : alikeIn(each.unique, other.unique);
      return path === undefined ? [] : [[each.id, { other, path }]];
    }),
  );
  return new Map(found.reverse());
}

export async function revoke(system: System, id: string): Promise<void> {
  await prepareFolders(system);
  await writeForServer(system, join(CLUSTER_PATHS.revoked, id), '');
}

async function isRevoked(system: System, id: string): Promise<boolean> {
  return (await readIfExists(system.path(join(CLUSTER_PATHS.revoked, id)))) !== undefined;
}

/** What a follower says of itself is shown in terminals. */
function withPlainTexts({ report, unique, ...follower }: Follower): Follower {
  const plain = Object.entries(unique ?? {}).map(([path, value]) => [path, printable(value)]);
  return {
    ...follower,
    name: printable(follower.name),
    ...(unique && { unique: Object.fromEntries(plain) }),
    ...(report && { report: { ...report, message: printable(report.message) } }),
  };
}

/** No link is followed, and nothing large is read. */
async function readForeign(path: string): Promise<Follower | undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const info = await handle.stat();
    if (!info.isFile() || info.size > LARGEST) return undefined;
    const data = JSON.parse(await handle.readFile('utf8')) as unknown;
    return validateBy(Follower, data).length === 0 ? withPlainTexts(data as Follower) : undefined;
  } catch {
    return undefined;
  } finally {
    await handle.close();
  }
}
