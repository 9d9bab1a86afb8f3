/** The vendor's look: colours as CSS that stays readable whatever was chosen (WCAG 2.2, 1.4.3), and the logo. */
import { open } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import type { Look } from '../contract/unit.ts';
import { ignoreMissing } from '../kit/files.ts';

const HEX = /^#[0-9a-f]{6}$/i;
const DEFAULT_PRIMARY = '#1f4e79';
const READABLE = 4.5;
const LOGO_TYPES: Readonly<Record<string, string>> = { '.svg': 'image/svg+xml', '.png': 'image/png' };
const LARGEST_LOGO = 256 * 1024;

/** Custom properties for setup.css. What is no `#rrggbb` is not used. */
export function coloursCss(look: Look | undefined): string {
  const given = look?.colours?.primary ?? '';
  const primary = HEX.test(given) ? given : DEFAULT_PRIMARY;
  const accent = look?.colours?.accent ?? '';
  const stripe = HEX.test(accent) ? accent : primary;
  const onPrimary = contrast(primary, '#ffffff') >= READABLE ? '#ffffff' : '#000000';
  const link = contrast(primary, '#ffffff') >= READABLE ? primary : DEFAULT_PRIMARY;
  return `:root{--primary:${primary};--on-primary:${onPrimary};--link:${link};--accent:${stripe}}\n`;
}

/** Contrast ratio of two `#rrggbb` colours, 1 to 21 (WCAG 2.2, relative luminance). */
export function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The logo's bytes; undefined where there is none, or what is named is no SVG or PNG below `look/` of `folder`. */
export async function readLogo(look: Look | undefined, folder: string): Promise<{ type: string; data: Buffer } | undefined> {
  const path = normalize(look?.logo ?? '');
  const type = LOGO_TYPES[extname(path).toLowerCase()];
  if (type === undefined || !path.startsWith('look/')) return undefined;
  const handle = await open(join(folder, path)).catch(ignoreMissing);
  if (handle === undefined) return undefined;
  try {
    const info = await handle.stat();
    return info.isFile() && info.size <= LARGEST_LOGO ? { type, data: await handle.readFile() } : undefined;
  } finally {
    await handle.close();
  }
}
