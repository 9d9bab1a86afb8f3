/** Which image on this machine an artefact was baked of: the provenance beside it says so. */
import { basename, dirname, join } from 'node:path';
import Type, { type Static } from 'typebox';

import type { LoadedImage } from '../definition/definition.ts';
import { loadImage } from '../definition/load.ts';
import { artefactName, FORMATS } from '../formats/pack.ts';
import type { Context } from '../kit/context.ts';
import { UserError } from '../kit/errors.ts';
import { readIfExists } from '../kit/files.ts';
import { sha256File } from '../kit/hash.ts';
import { compileSchema } from '../kit/schema.ts';
import { sampleAnswers } from './target.ts';

/** What is asked of a provenance.json (builder/provenance), which a bake leaves beside what it packaged; earlier ones have no `files`. */
const Baked = Type.Object({
  image: Type.Object({ name: Type.String(), definition: Type.String() }),
  files: Type.Optional(Type.Array(Type.Object({ name: Type.String(), sha256: Type.String() }))),
});
const violationsOf = compileSchema(Baked);

export interface Origin {
  image: LoadedImage;
  /** The image's sample answers. */
  answers: string;
}

/** The one image that all files were baked of, as it is here; or why that is not known. `images`: folders by name. */
export async function findOrigin(
  files: readonly string[],
  images: ReadonlyMap<string, string>,
  ctx: Context,
): Promise<Origin | { unknown: string }> {
  let image: LoadedImage | undefined;
  for (const file of files) {
    const baked = await bakedOf(file);
    if (baked === undefined) return { unknown: `no provenance.json of a bake is beside ${file}` };
    const { name, definition } = baked.image;
    if (!(await isListed(file, baked))) return { unknown: `the provenance.json beside ${file} is of another bake` };
    if (image !== undefined && image.hash !== definition) return { unknown: 'the files are of several bakes' };
    image ??= await imageHere(images.get(name), ctx);
    if (image === undefined) return { unknown: `there is no valid definition of ${name} here` };
    if (image.hash !== definition) return { unknown: `the definition of ${name} that is here is not the one that ${file} was baked of` };
  }
  if (image === undefined) return { unknown: 'there is no file' };
  const answers = await sampleAnswers(image.folder);
  return answers === undefined ? { unknown: `${image.definition.name} has no sample answers` } : { image, answers };
}

/** Whether a file is what the provenance beside it tells of: one that an earlier bake left there is not. */
async function isListed(file: string, { files }: Static<typeof Baked>): Promise<boolean> {
  if (files === undefined) return true;
  const entry = files.find(({ name }) => name === basename(file));
  return entry !== undefined && entry.sha256 === (await sha256File(file));
}

async function bakedOf(file: string): Promise<Static<typeof Baked> | undefined> {
  const ending = FORMATS.map((format) => artefactName('', format)).find((known) => file.endsWith(known));
  if (ending === undefined) return undefined;
  const text = await readIfExists(join(dirname(file), `${basename(file, ending)}.provenance.json`));
  try {
    const data: unknown = JSON.parse(text ?? '');
    return violationsOf(data).length === 0 ? (data as Static<typeof Baked>) : undefined;
  } catch {
    return undefined;
  }
}

/** Nothing is told of a definition that is being changed: it is not what is looked at. */
async function imageHere(folder: string | undefined, ctx: Context): Promise<LoadedImage | undefined> {
  if (folder === undefined) return undefined;
  return await loadImage(folder, ctx).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
}
