/** The cache of stage outputs: `<cache>/stages/<stage>/<id>/`, each with a record of what is in it. */
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';

import type { Cleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import { bytesOnDisk, readIfExists, writeFileAtomic } from '../kit/files.ts';
import { type Owner, ownerOf } from '../kit/owner.ts';
import { compileSchema } from '../kit/schema.ts';
import { FileRecord, findDamage, recordFolder } from './fingerprint.ts';

const RECORD = '.stage.json';
const PARTIAL = '.partial-';
/** Image of an output whose record is damaged. */
const UNKNOWN = '?';
const DAY = 24 * 3600 * 1000;

const StageRecord = Type.Object({
  stage: Type.String(),
  id: Type.String(),
  image: Type.String(),
  seconds: Type.Number(),
  /** Versions of outside programs when it was made; records of earlier versions have none. */
  tools: Type.Optional(Type.Record(Type.String(), Type.String())),
  files: Type.Array(FileRecord),
});
type StageRecord = Static<typeof StageRecord>;

/** Where an output is, and the versions of the outside programs when it was made. */
export interface Stored {
  folder: string;
  tools: Readonly<Record<string, string>>;
}

/** One stored output, as `unitsmith cache list` shows it. */
export interface CacheEntry {
  stage: string;
  id: string;
  image: string;
  folder: string;
  /** Bytes on disk (`bytesOnDisk`). */
  bytes: number;
  lastUsed: Date;
}

export class StageCache {
  readonly #ctx: Context;
  readonly #root: string;

  /** @param ctx its `cacheDir` holds the outputs */
  constructor(ctx: Context) {
    this.#ctx = ctx;
    this.#root = join(ctx.cacheDir, 'stages');
  }

  folderOf(stage: string, id: string): string {
    return join(this.#root, stage, id);
  }

  /** A stored output; `damaged` names the file where it is not what was stored. */
  async find(stage: string, id: string): Promise<Stored | { damaged: string } | undefined> {
    const folder = this.folderOf(stage, id);
    const text = await readIfExists(join(folder, RECORD));
    if (text === undefined) return (await stat(folder).catch(() => undefined)) === undefined ? undefined : { damaged: RECORD };
    const record = parseRecord(text);
    if (record === undefined) return { damaged: RECORD };
    const damaged = await findDamage(this.#ctx, folder, record.files);
    if (damaged !== undefined) return { damaged };
    const now = new Date();
    await utimes(join(folder, RECORD), now, now);
    return { folder, tools: record.tools ?? {} };
  }

  /** An empty folder that becomes an entry by `store`; `cleanup` removes it where that does not happen. */
  async begin(stage: string, cleanup: Cleanup, remove: (folder: string) => Promise<void>): Promise<string> {
    await mkdir(join(this.#root, stage), { recursive: true });
    const folder = await mkdtemp(join(this.#root, stage, PARTIAL));
    cleanup.add(`unfinished output of ${stage}`, () => remove(folder));
    return folder;
  }

  /** @param made what is recorded of it beside its files */
  async store(made: Omit<StageRecord, 'files'>, folder: string): Promise<string> {
    const { stage, id } = made;
    const record: StageRecord = { ...made, files: await recordFolder(this.#ctx, folder) };
    await writeFileAtomic(join(folder, RECORD), `${JSON.stringify(record)}\n`);
    const target = this.folderOf(stage, id);
    await rm(target, { recursive: true, force: true });
    await rename(folder, target);
    return target;
  }

  /** Removes what commands that were killed left behind. Only for the holder of the build lock. */
  async sweep(remove: (folder: string) => Promise<void>): Promise<void> {
    for (const stage of await names(this.#root)) {
      for (const name of await names(join(this.#root, stage))) {
        if (name.startsWith(PARTIAL)) await remove(join(this.#root, stage, name));
      }
    }
    for (const { path, owner, old } of await this.temporary()) {
      if (owner?.state === 'gone' || (owner?.state !== 'lives' && old)) await remove(path);
    }
  }

  /**
   * Temporary folders, which `try`, `verify` and `pack` use without the build lock: by their names with the owner, where that is
   * marked (kit/owner.ts). `old`: for a day nobody has made or removed anything there.
   */
  async temporary(): Promise<{ path: string; owner: Owner | undefined; old: boolean }[]> {
    const folder = join(this.#root, '..', 'tmp');
    const found: { path: string; owner: Owner | undefined; old: boolean }[] = [];
    for (const name of await names(folder)) {
      const path = join(folder, name);
      const info = await stat(path).catch(() => undefined);
      const mark = name.replace(/^[a-z-]+-(?=\d)/, '');
      if (info !== undefined) found.push({ path, owner: await ownerOf(mark, ''), old: Date.now() - info.mtimeMs > DAY });
    }
    return found;
  }

  /** How long this stage took for this image when it last ran; undefined where it never did. */
  async expectedSeconds(stage: string, image: string): Promise<number | undefined> {
    let newest: { time: number; seconds: number } | undefined;
    for (const id of await names(join(this.#root, stage))) {
      const path = join(this.#root, stage, id, RECORD);
      const record = parseRecord((await readIfExists(path)) ?? '');
      if (record === undefined || record.image !== image) continue;
      const time = (await stat(path)).mtimeMs;
      if (newest === undefined || time > newest.time) newest = { time, seconds: record.seconds };
    }
    return newest?.seconds;
  }

  /** Every stored output, least recently used first. */
  async list(): Promise<CacheEntry[]> {
    const entries: CacheEntry[] = [];
    for (const stage of await names(this.#root)) {
      for (const id of await names(join(this.#root, stage))) {
        const folder = this.folderOf(stage, id);
        const record = parseRecord((await readIfExists(join(folder, RECORD))) ?? '');
        if (id.startsWith('.')) continue;
        entries.push({
          stage,
          id,
          image: record?.image ?? UNKNOWN,
          folder,
          bytes: await bytesOnDisk(folder),
          lastUsed: (await stat(record === undefined ? folder : join(folder, RECORD))).mtime,
        });
      }
    }
    return entries.sort((a, b) => a.lastUsed.getTime() - b.lastUsed.getTime());
  }

  /** Compares every stored file, whole, with its record, whatever its times say; gives the damaged entries. */
  async verify(signal: AbortSignal): Promise<{ entry: CacheEntry; damaged: string }[]> {
    const found: { entry: CacheEntry; damaged: string }[] = [];
    for (const entry of await this.list()) {
      signal.throwIfAborted();
      const record = parseRecord((await readIfExists(join(entry.folder, RECORD))) ?? '');
      const damaged = record === undefined ? RECORD : await findDamage(this.#ctx, entry.folder, record.files, true);
      if (damaged !== undefined) found.push({ entry, damaged });
    }
    return found;
  }
}

const validateRecord = compileSchema(StageRecord);

function parseRecord(text: string): StageRecord | undefined {
  try {
    const data: unknown = JSON.parse(text);
    return validateRecord(data).length === 0 ? (data as StageRecord) : undefined;
  } catch {
    return undefined;
  }
}

async function names(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort();
}
