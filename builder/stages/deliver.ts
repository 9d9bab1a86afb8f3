/**
 * Puts artefacts and documents into the output folder, every file by rename. What is replaced or removed leaves SHA256SUMS
 * first and comes back last, so that the list fits what is there at any time.
 */
import { existsSync } from 'node:fs';
import { mkdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import type { WrittenFile } from '../formats/format.ts';
import { withOutputLock } from '../formats/output-lock.ts';
import type { OvaRequest } from '../formats/ova/archive.ts';
import { artefactName, copyWhole, FORMATS, leaveParts } from '../formats/pack.ts';
import { forgetSums, readSums, SUMS, writeSums } from '../formats/sums.ts';
import type { Context } from '../kit/context.ts';
import { writeFileAtomic } from '../kit/files.ts';
import { sha256 } from '../kit/hash.ts';
import { DOCUMENTS, type Documents } from './documents.ts';

export interface Delivery {
  out: string;
  baseName: string;
  /** Name in the output folder, and the file in the cache. */
  artefacts: readonly { name: string; file: WrittenFile }[];
  /** Those of an earlier bake that are not among them are removed: they tell of other artefacts. */
  documents: Documents;
  /** Leaves the parts of this OVA in a folder beside it. */
  parts: OvaRequest | undefined;
}

/** @returns what is in the folder now, SHA256SUMS last. @throws UserError(busy) where another build writes there for long */
export async function deliver(delivery: Delivery, ctx: Context): Promise<WrittenFile[]> {
  await mkdir(delivery.out, { recursive: true });
  return await withOutputLock(delivery.out, ctx, () => deliverAlone(delivery, ctx));
}

async function deliverAlone(delivery: Delivery, ctx: Context): Promise<WrittenFile[]> {
  const { out, baseName } = delivery;
  const sums = await readSums(out);
  const waiting: Delivery['artefacts'][number][] = [];
  for (const artefact of delivery.artefacts) {
    const { name, file } = artefact;
    if (sums.get(name) !== file.sha256 || !(await isAsDelivered(join(out, name), file))) waiting.push(artefact);
  }
  const documentNames = DOCUMENTS.map((ending) => `${baseName}.${ending}`);
  const parts = delivery.parts === undefined ? [] : partsIn(sums, baseName);
  const stale = staleIn(sums, delivery);
  await forgetSums(out, [...waiting.map(({ name }) => name), ...documentNames, ...parts, ...stale]);
  for (const name of stale) {
    if (existsSync(join(out, name))) ctx.events.warn(leftOver(join(out, name), baseName));
  }
  for (const name of documentNames) await rm(join(out, name), { force: true });

  for (const { name, file } of waiting) {
    ctx.signal.throwIfAborted();
    await copyWhole(file.path, join(out, name));
    const { atime, mtime } = await stat(file.path);
    await utimes(join(out, name), atime, mtime);
  }
  const files = delivery.artefacts.map(({ name, file }) => ({ ...file, path: join(out, name) }));
  for (const [ending, text] of Object.entries(delivery.documents)) {
    const path = join(out, `${baseName}.${ending}`);
    await writeFileAtomic(path, text);
    files.push({ path, bytes: Buffer.byteLength(text), sha256: sha256(text) });
  }
  if (delivery.parts !== undefined) files.push(...(await leaveParts(delivery.parts, join(out, `${baseName}-ova`))));
  return [...files, await writeSums(out, files)];
}

/** Names of what `leaveParts` left. */
function partsIn(sums: ReadonlyMap<string, string>, baseName: string): string[] {
  return [...sums.keys()].filter((name) => name.startsWith(`${baseName}-ova/`));
}

/** What is listed of an earlier bake of this image and is not made now: the documents tell nothing of it any more. */
function staleIn(sums: ReadonlyMap<string, string>, { baseName, artefacts, parts }: Delivery): string[] {
  const now = new Map(artefacts.map(({ name, file }) => [name, file.sha256]));
  const ova = artefactName(baseName, 'ova');
  const earlier = FORMATS.map((format) => artefactName(baseName, format)).filter((name) => sums.has(name) && !now.has(name));
  const sameOva = now.has(ova) && now.get(ova) === sums.get(ova);
  return parts === undefined && !sameOva ? [...earlier, ...partsIn(sums, baseName)] : earlier;
}

function leftOver(path: string, baseName: string): string {
  return `${path} is of an earlier bake, which ${baseName}.provenance.json no longer tells of: ${SUMS} does not list it any more; remove it, or bake it too`;
}

/** Whether nobody has written to a file since it was delivered, with the time of the cache's: to the millisecond, as utimes sets it. */
async function isAsDelivered(path: string, file: WrittenFile): Promise<boolean> {
  const info = await stat(path).catch(() => undefined);
  return info !== undefined && info.size === file.bytes && info.mtime.getTime() === (await stat(file.path)).mtime.getTime();
}
