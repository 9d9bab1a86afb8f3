/** Puts artefacts and documents into the output folder: every file by rename, SHA256SUMS last. */
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { WrittenFile } from '../formats/format.ts';
import type { OvaRequest } from '../formats/ova/archive.ts';
import { copyWhole, leaveParts, writeSums } from '../formats/pack.ts';
import type { Context } from '../kit/context.ts';
import { readIfExists, writeFileAtomic } from '../kit/files.ts';
import { sha256 } from '../kit/hash.ts';

export interface Delivery {
  out: string;
  baseName: string;
  /** Name in the output folder, and the file in the cache. */
  artefacts: readonly { name: string; file: WrittenFile }[];
  /** Ending to text. */
  documents: Readonly<Record<string, string>>;
  /** Leaves the parts of this OVA in a folder beside it. */
  parts: OvaRequest | undefined;
}

/** @returns what is in the folder now, SHA256SUMS last. */
export async function deliver(delivery: Delivery, ctx: Context): Promise<WrittenFile[]> {
  const { out, baseName } = delivery;
  await mkdir(out, { recursive: true });
  const sums = (await readIfExists(join(out, 'SHA256SUMS'))) ?? '';
  const files: WrittenFile[] = [];
  for (const { name, file } of delivery.artefacts) {
    ctx.signal.throwIfAborted();
    const path = join(out, name);
    if (!(await isThere(path, file, sums.includes(`${file.sha256}  ${name}\n`)))) await copyWhole(file.path, path);
    files.push({ ...file, path });
  }
  for (const [ending, text] of Object.entries(delivery.documents)) {
    const path = join(out, `${baseName}.${ending}`);
    await writeFileAtomic(path, text);
    files.push({ path, bytes: Buffer.byteLength(text), sha256: sha256(text) });
  }
  if (delivery.parts !== undefined) files.push(...(await leaveParts(delivery.parts, join(out, `${baseName}-ova`))));
  return [...files, await writeSums(out, files)];
}

/** Whether an earlier bake delivered this very file, and nobody has written to it since the cache did. */
async function isThere(path: string, file: WrittenFile, listed: boolean): Promise<boolean> {
  const info = await stat(path).catch(() => undefined);
  return listed && info !== undefined && info.size === file.bytes && info.mtimeMs <= (await stat(join(path, '..', 'SHA256SUMS'))).mtimeMs;
}
