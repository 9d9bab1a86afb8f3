/** An answers file on a disk or CD with a label of its own. */
import { join } from 'node:path';

import { ANSWERS_LABELS } from '../contract/unit.ts';
import { MAX_ANSWERS_BYTES, readBoundedFile } from './bounded-file.ts';
import { type Device, fileSystems, withMounted } from './devices.ts';
import { type Reading, readLayer, type Source, type SourceContext, unreadable } from './source.ts';

const LABELS: readonly string[] = ANSWERS_LABELS;
const FILES = ['answers.yaml', 'answers.json'];

export const answersDisk: Source = {
  name: 'answers-disk',

  async read(context) {
    const devices = (await fileSystems(context)).filter(({ label }) => label !== undefined && LABELS.includes(label));
    if (devices.length === 0) return undefined;
    const readings = [];
    for (const device of devices) readings.push(await readDevice(context, device));
    // The disk is its owner's, and may be a CD: what is on it stays.
    return {
      layers: readings.flatMap(({ layers }) => layers),
      problems: readings.flatMap(({ problems }) => problems),
      clear: () => Promise.resolve(),
    };
  },
};

async function readDevice(context: SourceContext, device: Device): Promise<Pick<Reading, 'layers' | 'problems'>> {
  const name = `${device.label ?? ''} (${device.path})`;
  try {
    return await withMounted(context, device, async (folder) => {
      for (const file of FILES) {
        const bytes = await readBoundedFile(join(folder, file), MAX_ANSWERS_BYTES);
        if (bytes !== undefined) return readLayer('answers-disk', bytes, `${name}/${file}`);
      }
      return { layers: [], problems: [{ message: `it holds no ${FILES.join(' and no ')}`, file: name }] };
    });
  } catch (error) {
    return { layers: [], problems: [unreadable(error, name)] };
  }
}
