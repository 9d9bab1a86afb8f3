import { constants, open } from 'node:fs/promises';

import { ExitCode, UnitError } from '../kit/errors.ts';

/** A logo and a licence fit; what is larger is not an answers file. */
export const MAX_ANSWERS_BYTES = 4 * 1024 * 1024;

/**
 * Reads a file that a stranger may have made: no link is followed, no pipe or device waited for.
 * @returns undefined where there is no such file
 * @throws UnitError where it is something else than a file, or larger than `limit` bytes
 */
export async function readBoundedFile(path: string, limit: number): Promise<Uint8Array | undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error.code === 'ELOOP' ? refusal('it is a symbolic link') : error;
    },
  );
  if (handle === undefined) return undefined;
  try {
    const info = await handle.stat();
    if (!info.isFile()) throw refusal('it is not a file');
    if (info.size > limit) throw refusal(`it is larger than ${limit} bytes`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function refusal(message: string): UnitError {
  return new UnitError(message, { exitCode: ExitCode.answers });
}
