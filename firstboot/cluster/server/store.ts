/** What the server knows: files that root laid out, and its own about followers. */
import { randomBytes } from 'node:crypto';
import { link, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { CLUSTER_PATHS, Follower, Invite, type Joined, type JoinRequest, type Report, Use } from '../../contract/cluster.ts';
import { ignoreMissing, makeFolder, readIfExists, removeFile, syncFolder, writeFileAtomic } from '../../kit/files.ts';
import { validateBy } from '../../settings/index.ts';
import { isSecret, sha256 } from '../hash.ts';
import { alikeIn } from '../unique.ts';

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

/** Another unit of the role is what this one would be. */
export class Taken extends Error {}

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

  /**
   * A code is used by whoever comes first, and by that one as often as it needs to hear the answer, also when the code is over by then.
   * Undefined for a code that is unknown, over or used by somebody else.
   * @throws Taken for a good code of a unit that has what none may have alike with another; the code can be used again
   */
  async join(request: JoinRequest, now: number): Promise<Joined | undefined> {
    const use = (await this.#usedBy(request.invite)) ?? (await this.#use(request, now));
    if (use === undefined || !isSecret(request.key, use.key)) return undefined;
    const { id, role, key } = use;
    const { name, invite, unique } = request;
    if ((await readIfExists(this.#file(id))) === undefined) {
      await this.#write(id, { role, name, key, invite, joined: now, seen: now, ...(unique && { unique }) });
    }
    return { id, role };
  }

  async #usedBy(invite: string): Promise<Use | undefined> {
    return read<Use>(join(this.#state, 'used', invite), Use);
  }

  /** Who has used the code once this is done: this one, or somebody who was a little earlier. */
  async #use({ invite, secret, key, unique }: JoinRequest, now: number): Promise<Use | undefined> {
    const made = await read<Invite>(join(this.#folder, basename(CLUSTER_PATHS.invites), `${invite}.json`), Invite);
    if (made === undefined || !isSecret(secret, made.secret) || made.expires < now) return undefined;
    await this.#refuseAlike(made.role, unique);
    const use: Use = { id: randomBytes(8).toString('hex'), key: sha256(key), role: made.role };
    // A link appears whole, and only where there is nothing yet.
    const [mark, whole] = [join(this.#state, 'used', invite), join(this.#state, 'used', `${invite}.${use.id}`)];
    await writeFileAtomic(whole, JSON.stringify(use), { mode: 0o600 });
    try {
      await link(whole, mark);
      await syncFolder(join(this.#state, 'used'));
      return use;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      return await this.#usedBy(invite);
    } finally {
      await removeFile(whole);
    }
  }

  async #refuseAlike(role: string, unique: JoinRequest['unique']): Promise<void> {
    for (const other of await this.#followers()) {
      const path = other.role === role ? alikeIn(unique, other.unique) : undefined;
      if (path !== undefined) throw new Taken(`its ${path} is ${unique?.[path]}, and so is that of ${other.id} (${other.name})`);
    }
  }

  /** The follower with this key; undefined for any other, and for one that is cut off. */
  async follower(id: string, key: string): Promise<Known | undefined> {
    if (!/^[0-9a-f]{16}$/.test(id)) return undefined;
    const follower = await read<Follower>(this.#file(id), Follower);
    if (follower === undefined || !isSecret(key, follower.key)) return undefined;
    return (await this.#isRevoked(id)) ? undefined : { ...follower, id };
  }

  async #isRevoked(id: string): Promise<boolean> {
    return (await readIfExists(join(this.#folder, basename(CLUSTER_PATHS.revoked), id))) !== undefined;
  }

  async seen({ id, ...follower }: Known, now: number): Promise<void> {
    if (now - follower.seen > SEEN_EVERY) await this.#write(id, { ...follower, seen: now });
  }

  async report({ id, unique: _, ...follower }: Known, { unique, ...report }: Report, now: number): Promise<void> {
    await this.#write(id, { ...follower, seen: now, report, ...(unique && { unique }) });
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

  /** Calls all followers: also those who do not ask just now will hear of it. */
  async call(): Promise<void> {
    await writeFileAtomic(join(this.#state, 'call'), randomBytes(8).toString('hex'), { mode: 0o600 });
  }

  /** The last call: another word each time. */
  async lastCall(): Promise<string> {
    return (await readIfExists(join(this.#state, 'call'))) ?? 'none';
  }

  /** Followers that are not cut off. */
  async count(): Promise<number> {
    return (await this.#followers()).length;
  }

  async #followers(): Promise<Known[]> {
    const names = (await readdir(join(this.#state, 'followers')).catch(ignoreMissing)) ?? [];
    const ids = names.filter((name) => /^[0-9a-f]{16}\.json$/.test(name)).map((name) => name.slice(0, 16));
    const found = await Promise.all(
      ids.map(async (id) => {
        const follower = (await this.#isRevoked(id)) ? undefined : await read<Follower>(this.#file(id), Follower);
        return follower === undefined ? [] : [{ ...follower, id }];
      }),
    );
    return found.flat();
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
  try {
    const data = JSON.parse(text) as unknown;
    return validateBy(schema, data).length === 0 ? (data as T) : undefined;
  } catch {
    return undefined;
  }
}
