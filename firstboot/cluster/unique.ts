/** Settings that no two units of one role may have alike, such as which of a platform's cores a unit is. */
import type { Unique } from '../contract/cluster.ts';
import { type Settings, settingAt } from '../settings/index.ts';

/** What a unit says of itself; undefined where there is nothing. @param paths dotted */
export function uniqueOf(paths: readonly string[], settings: Settings): Unique | undefined {
  const entries = paths.flatMap((path): [string, string][] => {
    const value = settingAt(settings, path);
    return value === undefined ? [] : [[path, String(value)]];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** The first setting that both have alike. */
export function alikeIn(one: Unique | undefined, other: Unique | undefined): string | undefined {
  return Object.keys(one ?? {}).find((path) => one?.[path] === other?.[path]);
}
