/** What the server knows: files that root laid out, and its own about followers. */
import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { CLUSTER_PATHS, Follower, Invite, type Joined, type JoinRequest, type Report } from '../../contract/cluster.ts';
import { ignoreMissing, makeFolder, readIfExists, writeFileAtomic } from '../../kit/files.ts';
import { validateBy } from '../../settings/index.ts';
import { isSecret, sha256 } from '../hash.ts';

export interface StorePaths {
  /** `CLUSTER_PATHS.folder`. */
  folder: string;
  /** `CLUSTER_PATHS.serverState`. */
  state: string;
}

export interface Known extends Follower {
  id: string;
}

export interface Files {
  text: string;
  hash: string;
}

/** Between two notes that a follower was there, milliseconds: disks wear out. */
const SEEN_EVERY = 30_000;

export class Store {
  readonly published: string;
  readonly #folder: string;
  readonly #state: string;

  constructor({ folder, state }: StorePaths) {
    this.#folder = folder;
    this.#state = state;
    this.published = join(folder, basename(CLUSTER_PATHS.published));
  }

  async open(): Promise<void> {
    for (const name of ['followers', 'used']) await makeFolder(join(this.#state, name), 0o700);
  }

  /** Undefined for a code that is unknown, over or used by somebody else. */
  async join(request: JoinRequest, now: number): Promise<Joined | undefined> {
    const invite = await read<Invite>(join(this.#folder, basename(CLUSTER_PATHS.invites), `${request.invite}.json`), Invite);
    if (invite === undefined || !isSecret(request.secret, invite.secret) || invite.expires < now) return undefined;
    const id = await this.#use(request);
    if (id === undefined) return undefined;
    const { role } = invite;
    const follower: Follower = { role, name: request.name, key: sha256(request.key), invite: request.invite, joined: now, seen: now };
    await this.#write(id, follower);
    return { id, role };
  }

  /** A code is used by whoever comes first, and by that one as often as it needs to hear the answer. */
  async #use({ invite, key }: JoinRequest): Promise<string | undefined> {
    const mark = join(this.#state, 'used', invite);
    const own = `${randomBytes(8).toString('hex')} ${sha256(key)}`;
    const first = await writeFile(mark, own, { flag: 'wx', mode: 0o600 }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return false;
        throw error;
      },
    );
    const [id, hash] = (first ? own : ((await readIfExists(mark)) ?? '')).split(' ');
    return hash === sha256(key) ? id : undefined;
  }

  /** The follower with this key; undefined for any other, and for one that is cut off. */
  async follower(id: string, key: string): Promise<Known | undefined> {
    if (!/^[0-9a-f]{16}$/.test(id)) return undefined;
    const follower = await read<Follower>(this.#file(id), Follower);
    if (follower === undefined || !isSecret(key, follower.key)) return undefined;
    const revoked = await readIfExists(join(this.#folder, basename(CLUSTER_PATHS.revoked), id));
    return revoked === undefined ? { ...follower, id } : undefined;
  }

  async seen({ id, ...follower }: Known, now: number): Promise<void> {
    if (now - follower.seen > SEEN_EVERY) await this.#write(id, { ...follower, seen: now });
  }

  async report({ id, ...follower }: Known, report: Report, now: number): Promise<void> {
    await this.#write(id, { ...follower, seen: now, report });
  }

  /** The files of a role; undefined where the leader has none yet. */
  async files(role: string): Promise<Files | undefined> {
    const text = await readIfExists(join(this.published, `${role}.json`));
    return text === undefined ? undefined : { text, hash: sha256(text) };
  }

  async isAdmin(key: string): Promise<boolean> {
    const hash = await readIfExists(join(this.#folder, basename(CLUSTER_PATHS.adminKey)));
    return hash !== undefined && isSecret(key, hash.trim());
  }

  async count(): Promise<number> {
    return ((await readdir(join(this.#state, 'followers')).catch(ignoreMissing)) ?? []).filter((name) => name.endsWith('.json')).length;
  }

  #file(id: string): string {
    return join(this.#state, 'followers', `${id}.json`);
  }

  async #write(id: string, follower: Follower): Promise<void> {
    await writeFileAtomic(this.#file(id), JSON.stringify(follower), { mode: 0o600 });
  }
}

async function read<T>(path: string, schema: object): Promise<T | undefined> {
  const text = await readIfExists(path);
  if (text === undefined) return undefined;
  const data = JSON.parse(text) as unknown;
  return validateBy(schema, data).length === 0 ? (data as T) : undefined;
}
