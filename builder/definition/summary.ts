import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { valueAt } from '../../firstboot/settings/pointer.ts';
import { parseYaml } from './document.ts';
import { DEFINITION_FILE, findImages, show } from './resolve.ts';

/** What a list of images shows. Version and title are absent where the definition does not give them as text. */
export interface ImageSummary {
  /** The name that commands take: that of the folder. */
  name: string;
  version?: string;
  /** In English. */
  title?: string;
  folder: string;
}

/** All images that can be called by name. Their definitions are not checked: a broken one is listed too. */
export async function summarise(cwd: string): Promise<ImageSummary[]> {
  const images = [...(await findImages(cwd))].sort(([a], [b]) => (a < b ? -1 : 1));
  return Promise.all(
    images.map(async ([name, folder]) => {
      const { document } = parseYaml(await readFile(join(folder, DEFINITION_FILE)), DEFINITION_FILE);
      const text = (...way: string[]): string | undefined => {
        const value = valueAt(document?.data, way);
        return typeof value === 'string' ? value : undefined;
      };
      const version = text('version');
      const title = text('title', 'en');
      return { name, folder: show(folder, cwd), ...(version === undefined ? {} : { version }), ...(title === undefined ? {} : { title }) };
    }),
  );
}
