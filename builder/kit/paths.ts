/** Where things are: the package's own files, and the user's cache and state folders. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Root of the installed package or checkout: the folder that holds `templates/` and `images/`. The same from the
 * bundle in dist/ and from the sources under vitest.
 */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!(existsSync(join(folder, 'package.json')) && existsSync(join(folder, 'templates')))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('the unitsmith package is not whole: no templates/ above its code');
    folder = parent;
  }
  return folder;
}

/** A file or folder under `templates/`. */
export function templatePath(...parts: string[]): string {
  return join(packageRoot(), 'templates', ...parts);
}

/** XDG cache folder of the builder (XDG Base Directory Specification). */
export function defaultCacheDir(env: Readonly<Record<string, string | undefined>>): string {
  return join(xdgFolder(env.XDG_CACHE_HOME) ?? join(env.HOME ?? homedir(), '.cache'), 'unitsmith');
}

/** XDG state folder of the builder: logs, and the times of earlier runs. */
export function defaultStateDir(env: Readonly<Record<string, string | undefined>>): string {
  return join(xdgFolder(env.XDG_STATE_HOME) ?? join(env.HOME ?? homedir(), '.local', 'state'), 'unitsmith');
}

/** The specification: unset and empty mean the default, and a path that is not absolute counts as invalid. */
function xdgFolder(value: string | undefined): string | undefined {
  return value !== undefined && isAbsolute(value) ? value : undefined;
}

/** Version of this builder, from its package.json. */
export function builderVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version;
}
