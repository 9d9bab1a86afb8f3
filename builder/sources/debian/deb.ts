/** .deb files that are not from the archive: their entry for a repository of our own. */
import { stat } from 'node:fs/promises';

import { run } from '../../kit/command.ts';
import type { Context } from '../../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../../kit/errors.ts';
import { sha256File } from '../../kit/hash.ts';
import { fieldsOf } from './stanza.ts';

export interface LocalDeb {
  path: string;
  name: string;
  version: string;
  sha256: string;
  /** Its control fields with Size and SHA256, as a Packages file has them. */
  stanza: string;
}

/** @throws UserError(source) where the file is no Debian package. */
export async function readDeb(path: string, ctx: Context): Promise<LocalDeb> {
  const control = await readControl(path, ctx);
  const fields = fieldsOf(control);
  const name = fields.get('Package');
  const version = fields.get('Version');
  if (name === undefined || version === undefined) throw notDebian(path, undefined);
  const sha256 = await sha256File(path);
  return { path, name, version, sha256, stanza: `${control.trimEnd()}\nSize: ${(await stat(path)).size}\nSHA256: ${sha256}` };
}

async function readControl(path: string, ctx: Context): Promise<string> {
  try {
    return (await run(ctx, 'dpkg-deb', ['--field', path], { quiet: true })).stdout;
  } catch (error) {
    throw error instanceof ToolError && !error.failure.missing ? notDebian(path, error) : error;
  }
}

function notDebian(path: string, cause: ToolError | undefined): UserError {
  return new UserError(`${path} is not a Debian package`, {
    exitCode: ExitCode.source,
    remedies: ['dpkg-deb --info FILE shows what it is'],
    ...(cause === undefined ? {} : { cause, excerpt: { title: 'dpkg-deb', lines: cause.failure.tail } }),
  });
}
