import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { axeFindings, launchChromium, NO_CHROMIUM, picture } from '../helpers/chromium.ts';
import { every } from '../integration/firstboot/every-language.ts';
import { EVERY_CONTROL } from '../integration/firstboot/web/every-control.ts';
import { type Lab, type LabOptions, openLab } from '../integration/firstboot/web/lab.ts';

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

if (NO_CHROMIUM !== undefined) process.stdout.write(`skipped: the setup page in a browser: ${NO_CHROMIUM}\n`);

describe.skipIf(NO_CHROMIUM !== undefined)('in a browser', () => {
  let browser: Browser;
  const opened: { lab: Lab; context: BrowserContext }[] = [];
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterEach(async () => {
    for (const { lab, context } of opened.splice(0)) {
      await context.close();
      await lab.close();
    }
  });
  afterAll(() => browser?.close());

  async function visit(options: LabOptions = {}, context: BrowserContextOptions = {}): Promise<{ lab: Lab; page: Page; url: string }> {
    const lab = await openLab({ productSchema: EVERY_CONTROL, ...options });
    const own = await browser.newContext({ ignoreHTTPSErrors: true, ...context });
    // As long as a machine may take that does other things too.
    own.setDefaultTimeout(120_000);
    opened.push({ lab, context: own });
    return { lab, page: await own.newPage(), url: `https://127.0.0.1:${lab.https}` };
  }

  /** By the code; the wizard's first section is open then. */
  async function claim(page: Page, url: string, lab: Lab): Promise<void> {
    await page.goto(`${url}/`);
    await page.fill('#code', lab.helper.unit.code);
    await page.press('#code', 'Enter');
    await page.waitForURL('**/section/administrator');
  }

  it('is set up by the keyboard alone, and moves to the other port', async () => {
    const { lab, page, url } = await visit();
    const findings: string[] = [];
    const look = async (name: string): Promise<void> => {
      findings.push(...(await axeFindings(page)).map((finding) => `${name}: ${finding}`));
      await picture(page, `en-${name}`);
    };
    /** Tab until something with this id or text has the focus. */
    const tabTo = async (what: string): Promise<void> => {
      for (let count = 0; count < 80; count += 1) {
        await page.keyboard.press('Tab');
        const focused = await page.evaluate('[document.activeElement.id, document.activeElement.textContent.trim()]');
        if ((focused as string[]).includes(what)) return;
      }
      throw new Error(`"${what}" is not reached by Tab`);
    };
    const next = async (path: string): Promise<void> => {
      await page.keyboard.press('Enter');
      await page.waitForURL(`**${path}`);
    };

    await page.goto(`${url}/`);
    await look('claim');
    await page.keyboard.type('wrong');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.summary');
    await tabTo('code');
    await page.keyboard.type(lab.helper.unit.code);
    await next('/section/administrator');
    await look('administrator');
    await tabTo('f_2f_login');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('kate');
    await tabTo('f_2f_password');
    await page.keyboard.type('correct horse 9 battery');
    await expect.poll(() => page.textContent('.strength'), { timeout: 10_000 }).toBe('This password is strong, by our estimate.');
    await next('/section/network');
    for (const [here, there] of [
      ['network', 'time'],
      ['time', 'domain'],
      ['domain', 'certificate'],
      ['certificate', 'mail'],
      ['mail', 'updates'],
      ['updates', 'product'],
    ]) {
      await look(here as string);
      await tabTo('Save and go on');
      await next(`/section/${there}`);
    }
    await look('product');
    await tabTo('f_2f_workers');
    await page.keyboard.type('many');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.summary');
    // The list of what is wrong has the focus, and its first link leads to the first wrong setting.
    await look('product-wrong');
    await expect.poll(() => page.evaluate('document.activeElement.className'), { timeout: 30_000 }).toBe('summary');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(/#f_2f_/);
    expect(await page.inputValue('#f_2f_workers')).toBe('many');
    await tabTo('f_2f_workers');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('4');
    await page.fill('#f_2f_name', 'Shop');
    await page.fill('#f_2f_email', 'kate@example.org');
    await page.press('#f_2f_email', 'Enter');
    await page.waitForURL('**/review');
    await look('review');
    await tabTo('Set up the unit now');
    await page.keyboard.press('Enter');
    await page.waitForURL(`https://127.0.0.1:${lab.later}/progress`);
    lab.helper.emit({ type: 'step-started', step: 'administrator', title: { en: 'Administrator' }, index: 1, count: 2 });
    await page.waitForSelector('#step-0.running');
    lab.helper.emit({ type: 'output', step: 'administrator', line: '<script>alert(1)</script>' });
    await page.waitForSelector('#step-0 pre:has-text("alert")', { state: 'attached' });
    await look('progress');
    lab.helper.finish();
    await page.waitForURL('**/result');
    await look('result');
    await tabTo('I have saved this: finish');
    await page.keyboard.press('Enter');
    await page.waitForSelector('text=Setup is finished');
    await look('closed');
    expect(lab.helper.wizard).toMatchObject({
      administrator: { login: 'kate', password: 'correct horse 9 battery' },
      product: { name: 'Shop', workers: 4 },
    });
    expect(findings).toEqual([]);
  });

  it.each(['ja', 'ru'])('fits a phone, in %s', async (language) => {
    const checks = {
      'domain.records': () => ({
        findings: [{ severity: 'warning' as const, message: { en: 'A record is missing', ja: 'レコードがありません', ru: 'Нет записи' } }],
        table: {
          columns: ['Name', 'Type', 'Wanted', 'Found', 'Server'].map(every),
          rows: [['a-rather-long-name.example.org', 'AAAA', '2001:db8:0:0:1234:5678:9abc:def0', 'nothing', '192.0.2.53']],
        },
        log: ['asked 192.0.2.53'],
      }),
    };
    const { lab, page, url } = await visit({ checks }, { ...PHONE, locale: language });
    const findings: string[] = [];
    const look = async (name: string): Promise<void> => {
      findings.push(...(await axeFindings(page)).map((finding) => `${name}: ${finding}`));
      const [wide, screen] = (await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')) as [number, number];
      if (wide > screen) findings.push(`${name}: ${wide} pixels wide`);
      await picture(page, `${language}-phone-${name}`);
    };
    await page.goto(`${url}/`);
    expect(await page.getAttribute('html', 'lang')).toBe(language);
    await look('claim');
    await claim(page, url, lab);
    for (const section of ['administrator', 'network', 'time', 'domain', 'mail', 'product']) {
      await page.goto(`${url}/section/${section}`);
      await look(section);
    }
    await page.goto(`${url}/section/domain`);
    await page.click('button[value="check:records"]');
    await page.waitForSelector('#report');
    await look('report');
    await page.goto(`${url}/review`);
    await look('review');
    await page.click('.languages a[lang="en"]');
    expect(await page.textContent('h1')).toBe('Review');
    expect(findings).toEqual([]);
  });

  it('needs no script', async () => {
    const { lab, page, url } = await visit({}, { javaScriptEnabled: false });
    await claim(page, url, lab);
    await page.goto(`${url}/section/product`);
    // Branches that scripts would hide are all there, the buttons of the script are not.
    await page.fill('[name="/people/0/login"]', 'ann');
    await page.click('button[value="add:/people"]');
    await page.fill('[name="/people/1/login"]', 'bob');
    await page.fill('[name="/name"]', 'Shop');
    await page.fill('[name="/email"]', 'kate@example.org');
    await page.check('[name="/storage/kind"][value="remote"]');
    await page.fill('[name="/storage|1/host"]', 'files.example.org');
    await page.setInputFiles('[name="/logo"]', { name: 'logo.png', mimeType: 'image/png', buffer: Buffer.from('picture') });
    await page.click('button.main');
    await page.waitForURL('**/review');
    expect(lab.helper.wizard['product']).toMatchObject({
      people: [{ login: 'ann' }, { login: 'bob' }],
      storage: { kind: 'remote', host: 'files.example.org' },
      logo: Buffer.from('picture').toString('base64'),
    });
    await page.goto(`${url}/section/product`);
    await page.click('button[value="remove:/people/0"]');
    await page.waitForSelector('[name="/people/0/login"][value="bob"]');
    await page.goto(`${url}/review`);
    await page.click('text=Set up the unit now');
    // By the page's own refresh, first to the other port and then to what comes.
    await page.waitForURL(`https://127.0.0.1:${lab.later}/progress`);
    lab.helper.finish();
    await page.waitForURL('**/result');
    await page.click('button.main');
    await page.waitForSelector('text=Setup is finished');
  });

  it('shows a failed step with its log, and lets the owner correct and go on', async () => {
    const { lab, page, url } = await visit({ productSchema: undefined });
    await claim(page, url, lab);
    await page.goto(`${url}/review`);
    await page.click('text=Set up the unit now');
    await page.waitForURL(`https://127.0.0.1:${lab.later}/progress`);
    lab.helper.emit({ type: 'step-started', step: 'database', title: { en: 'Database' }, index: 2, count: 2 });
    lab.helper.emit({ type: 'step-failed', step: 'database', reason: 'no space left', log: ['initdb: error'], seconds: 2 });
    lab.helper.emit({ type: 'state', state: 'failed' });
    await page.waitForSelector('#failed-heading');
    expect(await page.textContent('#step-1')).toContain('no space left');
    expect(await page.isVisible('text=initdb: error')).toBe(true);
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'en-failed');
    await page.click('a.main');
    await page.waitForURL('**/review');
    await page.click('text=Set up the unit now');
    await page.waitForSelector('#step-1.waiting');
    lab.helper.finish();
    await page.waitForURL('**/result');
  });

  it('shows settings only where they matter, and keeps what is wrong in sight', async () => {
    const { lab, page, url } = await visit();
    await claim(page, url, lab);
    await page.goto(`${url}/section/product`);
    const address = page.locator('[name="/notifyAddress"]');
    expect(await address.isVisible()).toBe(false);
    await page.check('[name="/notify"][value="mail"]');
    expect(await address.isVisible()).toBe(true);
    expect(await page.locator('[name="/storage|1/host"]').isVisible()).toBe(false);
    await page.check('[name="/storage/kind"][value="remote"]');
    expect(await page.locator('[name="/storage|1/host"]').isVisible()).toBe(true);
    expect(await page.locator('[name="/storage|0/path"]').isVisible()).toBe(false);
  });

  it('keeps what is typed and not saved over a reload, but no secret', async () => {
    const { lab, page, url } = await visit();
    await claim(page, url, lab);
    await page.goto(`${url}/section/product`);
    await page.check('[name="/notify"][value="mail"]');
    await page.fill('[name="/notifyAddress"]', 'ops@example.org');
    await page.reload();
    expect(await page.locator('[name="/notifyAddress"]').isVisible()).toBe(true);
    expect(await page.inputValue('[name="/notifyAddress"]')).toBe('ops@example.org');
    await page.goto(`${url}/section/administrator`);
    await page.fill('[name="/password"]', 'not to be kept');
    await page.reload();
    expect(await page.inputValue('[name="/password"]')).toBe('');
    expect(await page.evaluate('JSON.stringify(sessionStorage)')).not.toContain('not to be kept');
  });

  it('forgets what was typed when it is saved', async () => {
    const { lab, page, url } = await visit();
    await claim(page, url, lab);
    await page.goto(`${url}/section/product`);
    await page.fill('[name="/name"]', 'Shop');
    expect(await page.evaluate('sessionStorage.length')).toBe(1);
    await page.click('button.main');
    await page.waitForLoadState();
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
  });

  it('brings nothing but the page, its colours, its stylesheet and its script', async () => {
    const { lab, page, url } = await visit();
    await claim(page, url, lab);
    const brought: string[] = [];
    page.on('request', (request) => brought.push(request.url()));
    await page.goto(`${url}/section/product`, { waitUntil: 'networkidle' });
    expect(brought.sort()).toEqual(['/look/colours.css', '/section/product', '/setup.css', '/setup.js'].map((path) => url + path));
  });
});
