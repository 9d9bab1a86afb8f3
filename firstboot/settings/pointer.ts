/** JSON pointers (RFC 6901), and the dotted paths by which steps and templates name settings. */

export function segmentsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export function pointerOf(segments: readonly (string | number)[]): string {
  return segments.map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** What `segments` lead to, or undefined. Only own members count. */
export function valueAt(data: unknown, segments: readonly string[]): unknown {
  let value = data;
  for (const segment of segments) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<string, unknown>)[segment];
  }
  return value;
}

/** The setting at a dotted path such as `product.admin.email` or `domain.name`; undefined where it is not set. */
export function settingAt(settings: object, path: string): unknown {
  return valueAt(settings, path.split('.'));
}

/** Sets what a dotted path names, with the groups on the way; `undefined` removes it. */
export function setAt(data: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop() ?? path;
  let group = data;
  for (const name of names) {
    const next = Object.hasOwn(group, name) ? group[name] : undefined;
    if (typeof next === 'object' && next !== null) {
      group = next as Record<string, unknown>;
    } else {
      if (value === undefined || next !== undefined) return;
      const made: Record<string, unknown> = {};
      group[name] = made;
      group = made;
    }
  }
  if (value === undefined) delete group[last];
  else group[last] = value;
}
