import { lstat, readFile } from 'node:fs/promises';
import { join, normalize } from 'node:path';

import { UNIT_PATHS } from '../../contract/unit.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import { ignoreMissing, readIfExists, removeFile, writeFileAtomic } from '../../kit/files.ts';
import { type Change, type ChangeContext, DONE, due, type Parameters } from '../change.ts';
import { modeBits, octal, ownership } from '../owner.ts';
import { renderTemplate, templateReads } from '../template/render.ts';

type P = Parameters<'template'>;

/** A file rendered from the image's templates. It is replaced whole, and only where content, owner or mode differ. */
export const template: Change<P> = {
  words: ({ to }) => ({
    en: `The file ${to} is written.`,
    ja: `ファイル ${to} を書き込みます。`,
    ru: `Записывается файл ${to}.`,
  }),

  async check(parameters, context) {
    const wanted = await wantedFile(parameters, context);
    const path = context.system.path(parameters.to);
    const info = await lstat(path).catch(ignoreMissing);
    if (info === undefined) return due('it is not there');
    if (!info.isFile()) return due('it is no plain file');
    if (octal(info.mode) !== octal(wanted.mode)) return due(`its mode is ${octal(info.mode)}`);
    if (info.uid !== wanted.uid || info.gid !== wanted.gid) return due('its owner is another');
    return (await readIfExists(path)) === wanted.content ? DONE : due('its content is another');
  },

  async apply(parameters, context) {
    const { content, ...options } = await wantedFile(parameters, context);
    await writeFileAtomic(context.system.path(parameters.to), content, options);
  },

  async reset({ to }, { system }) {
    await removeFile(system.path(to));
  },
};

interface WantedFile {
  content: string;
  mode: number;
  uid: number;
  gid: number;
}

async function wantedFile(parameters: P, context: ChangeContext): Promise<WantedFile> {
  const text = await readTemplate(parameters.from, context);
  const secret = holdsSecret(text, context.secretSettings);
  const mode = modeBits(parameters.mode ?? (secret ? '0600' : '0644'));
  if (secret && (mode & 0o007) !== 0) {
    throw new UnitError(`${parameters.to} holds a secret, and mode ${octal(mode)} lets every user read it`, {
      exitCode: ExitCode.step,
      remedies: ['Leave `mode` out (0600), or use 0640 with the group that reads the file.'],
    });
  }
  const content = renderTemplate(text, parameters.format, context.context, `template ${parameters.from}`);
  return { content, mode, ...(await ownership(context.system, parameters.owner, parameters.group)) };
}

async function readTemplate(from: string, context: ChangeContext): Promise<string> {
  const inside = normalize(join('/', from));
  try {
    return await readFile(context.system.path(join(UNIT_PATHS.templates, inside)), 'utf8');
  } catch (error) {
    throw new UnitError(`the template ${from} cannot be read`, { exitCode: ExitCode.unit, cause: error });
  }
}

/** Whether a template reads a secret, or a setting that is one or may hold one. */
export function holdsSecret(text: string, secretSettings: readonly string[]): boolean {
  return templateReads(text).some((path) => {
    if (path.startsWith('secrets.')) return true;
    const setting = path.replace(/^settings\./, '');
    return setting !== path && secretSettings.some((secret) => secret === setting || secret.startsWith(`${setting}.`));
  });
}
