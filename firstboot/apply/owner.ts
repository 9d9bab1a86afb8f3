/** Owner, group and mode as steps give them, as numbers. */
import type { System } from '../kit/system.ts';

export interface Ownership {
  uid: number;
  gid: number;
}

/** Numeric owner; root where nothing is given, and the owner's own group where only an owner is. */
export async function ownership(system: System, owner: string | undefined, group: string | undefined): Promise<Ownership> {
  const account = owner === undefined ? undefined : await system.account(owner);
  const gid = group === undefined ? undefined : await system.groupId(group);
  // Where a process that is not root works on a tree of its own, that user is the tree's root.
  const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  return { uid: account?.uid ?? self.uid, gid: gid ?? account?.gid ?? self.gid };
}

/** Permission bits of an octal mode such as `0640`. */
export function modeBits(mode: string): number {
  return Number.parseInt(mode, 8);
}

export function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
