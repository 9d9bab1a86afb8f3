/** `file`: a file or folder that comes with the image definition. */
import { join } from 'node:path';

import { insideImage } from '../inside.ts';
import { hashOf } from '../override.ts';
import { CONTENT, keep, onlyEntry, placeAt } from '../place.ts';
import type { Source } from '../source.ts';
import type { FileArtifact } from './schema.ts';

export const fileSource: Source<FileArtifact> = {
  kind: 'file',

  inputs: async (request) =>
    request.override === undefined ? [await hashOf(await insideImage(request.imageFolder, request.definition.path, request.name))] : [],

  async fetch(request, folder) {
    const from = request.override ?? (await insideImage(request.imageFolder, request.definition.path, request.name));
    return await keep(from, 'file', folder);
  },

  async place(request, folder, root, ctx) {
    return await placeAt(await onlyEntry(join(folder, CONTENT)), request.definition, root, ctx);
  },
};
