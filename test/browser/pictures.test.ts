/** The pictures of firstboot/web/README.md: a setup of sphere as its owner sees it. */
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Texts } from '../../firstboot/contract/texts.ts';
import { launchChromium, NO_CHROMIUM, PICTURES } from '../helpers/chromium.ts';
import { CHECKOUT } from '../helpers/cli-bundle.ts';
import { type Lab, openLab } from '../integration/firstboot/web/lab.ts';

const SPHERE = join(CHECKOUT, 'images', 'sphere');
const SHOWN = join(CHECKOUT, 'firstboot', 'web', 'pictures');
/** To renew them: UNITSMITH_WRITE_PICTURES=1 npx vitest run test/browser/pictures.test.ts */
const FOLDER = process.env['UNITSMITH_WRITE_PICTURES'] === undefined ? PICTURES : SHOWN;
const NAMES = ['claim', 'section', 'review', 'progress', 'result', 'phone'];
const LARGEST = 60_000;
const LARGEST_OF_ALL = 250_000;

const FINGERPRINT = '3F:A1:0C:77:5E:92:D4:18:6B:20:C9:F3:88:41:AE:5D:07:BC:64:E9:12:8F:D0:35:A7:5B:C2:9E:46:F1:83:6D';
const STEPS: readonly [string, Texts][] = [
  ['host-name', { en: 'Host name', ja: 'ホスト名', ru: 'Имя узла' }],
  ['time-zone', { en: 'Time zone', ja: 'タイムゾーン', ru: 'Часовой пояс' }],
  ['administrator', { en: 'Administrator', ja: '管理者', ru: 'Администратор' }],
  ['certificate', { en: 'Certificate', ja: '証明書', ru: 'Сертификат' }],
  ['database', { en: 'Database of Sphere', ja: 'Sphere のデータベース', ru: 'База данных Сферы' }],
  ['tables', { en: 'Tables and first data', ja: 'テーブルと初期データ', ru: 'Таблицы и начальные данные' }],
  ['services', { en: 'Start the services', ja: 'サービスを開始', ru: 'Запуск служб' }],
  ['smoke', { en: 'Try the product', ja: '動作を確認', ru: 'Проверка работы' }],
];

describe.skipIf(NO_CHROMIUM !== undefined)('in a browser', () => {
  let browser: Browser;
  let lab: Lab;
  beforeAll(async () => {
    browser = await launchChromium();
    lab = await openLab({
      productSchema: JSON.parse(readFileSync(join(SPHERE, 'settings.schema.json'), 'utf8')) as object,
      status: {
        title: { en: 'Sphere BPMS', ja: 'Sphere BPMS', ru: 'Сфера BPMS' },
        version: '0.1.0',
        fingerprint: FINGERPRINT,
        look: { logo: 'look/logo.svg', colours: { primary: '#1f5f8b', accent: '#f2a33a' } },
      },
      result: {
        urls: ['https://bpms.example.org/'],
        fingerprint: FINGERPRINT,
        authority: 'PEM',
        credentials: [
          { title: { en: 'Password of the superuser', ja: '管理者パスワード', ru: 'Пароль суперпользователя' }, value: 'mN4xVt8RqZ2w' },
        ],
      },
    });
    cpSync(join(SPHERE, 'look'), join(lab.folder, 'look'), { recursive: true });
  });
  afterAll(async () => {
    await browser?.close();
    await lab?.close();
  });

  async function shoot(page: Page, name: string, height: number): Promise<void> {
    mkdirSync(FOLDER, { recursive: true });
    const { width = 0 } = page.viewportSize() ?? {};
    await page.screenshot({
      path: join(FOLDER, `${name}.png`),
      clip: { x: 0, y: 0, width, height },
      fullPage: true,
      animations: 'disabled',
    });
  }

  it('are made of pages as they are', async () => {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 800, height: 640 } });
    context.setDefaultTimeout(120_000);
    const page = await context.newPage();
    const url = `https://127.0.0.1:${lab.https}`;
    await page.goto(`${url}/claim`);
    await shoot(page, 'claim', 470);
    await page.fill('#code', lab.helper.unit.code);
    await page.press('#code', 'Enter');
    await page.waitForURL('**/section/administrator');
    lab.helper.wizard = {
      administrator: { login: 'admin', password: 'correct horse 9 battery' },
      network: { hostName: 'bpms' },
      domain: { name: 'bpms.example.org' },
      time: { zone: 'Europe/Moscow' },
      mail: { mode: 'relay', host: 'smtp.example.org', senderAddress: 'bpms@example.org' },
      product: { superuserEmail: 'kate@example.org' },
    };
    await page.goto(`${url}/section/mail?lang=ja`);
    await shoot(page, 'section', 520);
    await page.goto(`${url}/review?lang=ru`);
    await shoot(page, 'review', 480);
    const phone = await browser.newContext({
      ignoreHTTPSErrors: true,
      viewport: { width: 360, height: 700 },
      isMobile: true,
      storageState: await context.storageState(),
    });
    const small = await phone.newPage();
    await small.goto(`${url}/section/administrator?lang=ru`);
    await shoot(small, 'phone', 560);
    await phone.close();
    await page.goto(`${url}/review?lang=en`);
    await page.click('text=Set up the unit now');
    await page.waitForURL(`https://127.0.0.1:${lab.later}/progress`);
    lab.helper.emit({ type: 'plan', steps: STEPS.map(([id, title]) => ({ id, title })) });
    for (const [index, [step, title]] of STEPS.slice(0, 6).entries()) {
      lab.helper.emit({ type: 'step-started', step, title, index: index + 1, count: STEPS.length });
      if (index < 5) lab.helper.emit({ type: 'step-finished', step, changed: index !== 1, seconds: [0.2, 0.1, 0.7, 1.4, 3.2][index] ?? 0 });
    }
    await page.waitForSelector('#step-5.running');
    await shoot(page, 'progress', 500);
    lab.helper.emit({ type: 'state', state: 'ready' });
    await page.waitForURL('**/result');
    await shoot(page, 'result', 580);
    await context.close();
  });
});

it('are small, and all there', () => {
  expect(readdirSync(SHOWN).sort()).toEqual(NAMES.map((name) => `${name}.png`).sort());
  const sizes = NAMES.map((name) => statSync(join(SHOWN, `${name}.png`)).size);
  expect(Math.max(...sizes)).toBeLessThan(LARGEST);
  expect(sizes.reduce((a, b) => a + b)).toBeLessThan(LARGEST_OF_ALL);
});
