/** How it went with the leader, for `unitctl cluster status` and the doctor. Only `unitctl cluster follow` writes it. */
import { CLUSTER_PATHS, type Report } from '../../contract/cluster.ts';
import { readIfExists, removeFile, writeFileAtomic } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';

export interface Followed {
  /** When the leader last answered, milliseconds since 1970. */
  contact?: number;
  /** Hash of files that were turned down, and why: they are not tried again by themselves. */
  rejected?: string;
  why?: string;
  /** Why the unit does not come up with the files that it has: that is tried again. */
  broken?: string;
  /** When the last good run ended that this one knows of: after another one, an owner's, what was turned down is tried anew. */
  run?: string;
  /** The last call to all followers that was answered. */
  call?: string;
  report?: Report;
  /** The leader has not heard of it yet. */
  untold?: boolean;
}

export async function readFollowed(system: System): Promise<Followed> {
  return JSON.parse((await readIfExists(system.path(CLUSTER_PATHS.followed))) ?? '{}') as Followed;
}

/** What is undefined goes. */
export async function updateFollowed(system: System, change: { [K in keyof Followed]: Followed[K] | undefined }): Promise<void> {
  const followed = { ...(await readFollowed(system)), ...change };
  await writeFileAtomic(system.path(CLUSTER_PATHS.followed), `${JSON.stringify(followed)}\n`, { mode: 0o600 });
}

/** Nothing of it holds for another leader. */
export async function forgetFollowed(system: System): Promise<void> {
  await removeFile(system.path(CLUSTER_PATHS.followed));
}
