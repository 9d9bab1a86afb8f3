/** An answers file that cloud-init's write_files put onto the unit: NoCloud, ConfigDrive and metadata services all end there. */
import { UNIT_PATHS } from '../contract/unit.ts';
import { removeFile } from '../kit/files.ts';
import { MAX_ANSWERS_BYTES, readBoundedFile } from './bounded-file.ts';
import { clearUserData } from './guestinfo.ts';
import { type Reading, readLayer, type Source, unreadable } from './source.ts';

const FILE = UNIT_PATHS.cloudInitAnswers;

export const cloudInit: Source = {
  name: 'cloud-init',

  async read({ system }) {
    try {
      const bytes = await readBoundedFile(system.path(FILE), MAX_ANSWERS_BYTES);
      return bytes && { ...readLayer('cloud-init', bytes, FILE), clear };
    } catch (error) {
      return { layers: [], problems: [unreadable(error, FILE)], clear };
    }
  },
};

/**
 * Removing the file is enough: the same values stay on this disk, for root alone, and overwriting blocks promises nothing on a
 * journalled file system and a thin disk.
 */
const clear: Reading['clear'] = async (context) => {
  await removeFile(context.system.path(FILE));
  await clearUserData(context);
};
