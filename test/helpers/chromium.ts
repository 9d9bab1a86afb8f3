/** Debian's Chromium, driven by playwright-core; and axe, which looks at pages as people with disabilities meet them. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

import { CHECKOUT } from './cli-bundle.ts';

const PROGRAM = '/usr/bin/chromium';
/** Why browser tests cannot run here; undefined where they can. */
export const NO_CHROMIUM = existsSync(PROGRAM) ? undefined : `${PROGRAM} is not installed (npm test installs it)`;

/** Screenshots are kept here after a run, outside git. */
export const PICTURES = join(CHECKOUT, '.test', 'screenshots');

/** Where a screenshot of this name goes. */
export function pictureFile(name: string): string {
  mkdirSync(PICTURES, { recursive: true });
  return join(PICTURES, `${name}.png`);
}

export async function launchChromium(more: readonly string[] = []): Promise<Browser> {
  // Its sandbox does not start for root; all pages are our own.
  return chromium.launch({ executablePath: PROGRAM, args: [...(process.geteuid?.() === 0 ? ['--no-sandbox'] : []), ...more] });
}

/** Keeps a picture of the whole page as `name`.png. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: pictureFile(name), fullPage: true });
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe has to say against a page (WCAG 2.2 A and AA, and best practices), with what it is about. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = (await page.evaluate(
    'axe.run(document).then(({ violations }) => violations.map(({ id, help, nodes }) => ({ id, help, at: nodes.map((node) => node.html.slice(0, 200)) })))',
  )) as { id: string; help: string; at: string[] }[];
  return found.map(({ id, help, at }) => `${id}: ${help}: ${at.join(' | ')}`);
}
