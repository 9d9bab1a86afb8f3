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
