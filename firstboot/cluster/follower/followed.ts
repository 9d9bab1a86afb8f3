/** How it went with the leader, for `unitctl cluster status` and the doctor. */
import { CLUSTER_PATHS, type Report } from '../../contract/cluster.ts';
import { readIfExists, writeFileAtomic } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';

export interface Followed {
  /** When the leader last answered, milliseconds since 1970. */
  contact?: number;
  /** Hash of files that were turned down: they are not tried again by themselves. */
  rejected?: string;
  report?: Report;
  /** The leader has not heard of it yet. */
  untold?: boolean;
}

export async function readFollowed(system: System): Promise<Followed> {
  return JSON.parse((await readIfExists(system.path(CLUSTER_PATHS.followed))) ?? '{}') as Followed;
}

export async function saveFollowed(system: System, followed: Followed): Promise<void> {
  await writeFileAtomic(system.path(CLUSTER_PATHS.followed), `${JSON.stringify(followed)}\n`, { mode: 0o600 });
}
