/** `url`: a download held to the hash that the definition gives. */
import { link, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { withoutCredentials } from '../../kit/secrets.ts';
import { download } from '../download.ts';
import { CONTENT, keep, onlyEntry, placeAt } from '../place.ts';
import type { Source } from '../source.ts';
import type { UrlArtifact } from './schema.ts';

export const urlSource: Source<UrlArtifact> = {
  kind: 'url',

  inputs: async () => [],

  async fetch(request, folder, ctx) {
    if (request.override !== undefined) return await keep(request.override, 'url', folder);
    const { url, sha256 } = request.definition;
    const offline = request.guest.archive.offline ?? false;
    const stored = await download({ what: `artifact ${request.name}`, url, sha256, offline }, ctx);
    const name = nameOf(url);
    await mkdir(join(folder, CONTENT), { recursive: true });
    await link(stored, join(folder, CONTENT, name));
    return {
      locked: { kind: 'url', files: [{ name, sha256 }] },
      components: [{ type: 'file', name, sha256, url: withoutCredentials(url) }],
    };
  },

  async place(request, folder, root, ctx) {
    return await placeAt(await onlyEntry(join(folder, CONTENT)), request.definition, root, ctx);
  },
};

/** The file's name on the unit: the last part of the address, without query and log-in. */
export function nameOf(url: string): string {
  // Decoded first: `%2F` is a separator too, to whoever writes the file.
  const name = basename(decodeURIComponent(new URL(url).pathname));
  return name === '' || name === '..' ? 'download' : name;
}
